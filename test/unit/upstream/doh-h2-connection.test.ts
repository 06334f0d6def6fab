// One DoH connection over HTTP/2 and a pair of streams in memory: which frames leave and when, whose budget gets its send back,
// and what becomes of queries when the upstream refuses, breaks off, or breaks rules. Real servers are in doh.test.ts.

import { duplexPair } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { ERROR } from '../../../src/http2/codes.ts';
import { HpackDecoder } from '../../../src/http2/hpack-decoder.ts';
import { DOH_MAX_IN_FLIGHT, DohH2Connection } from '../../../src/upstream/doh-h2-connection.ts';
import type { ConnectionParts, Exchange } from '../../../src/upstream/upstream-connection.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { answerWith, makeQuery } from '../../support/dns-message.ts';
import {
  data,
  type Field,
  type Frame,
  FrameReader,
  goaway,
  headerBlock,
  headers,
  PREFACE,
  ping,
  rstStream,
  SETTING,
  settings,
  TYPE,
} from '../../support/peers/http2-frames.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const DEADLINE_MS = 4500;
const SWEEP_MS = 200;
const OK: readonly Field[] = [
  [':status', '200'],
  ['content-type', 'application/dns-message'],
];

const turn = () => new Promise(setImmediate);

/** Both ends: ours, and the upstream's with the frames that have come. */
function connect(target: Partial<{ serverName: string; port: number; path: string }> = {}) {
  const clock = new SimulatedClock();
  const [ours, theirs] = duplexPair();
  const handlers = {
    onAnswer: vi.fn(),
    onRefusal: vi.fn(),
    onSilence: vi.fn<ConnectionParts['onSilence']>(() => false),
    onClose: vi.fn<ConnectionParts['onClose']>(),
  };
  const socket = ours as unknown as ConnectionParts['socket'];
  const manners = { isOneATurn: false };
  const connection = new DohH2Connection(
    { socket, clock, name: 'https://dns.example', ...handlers },
    { serverName: 'dns.example', port: 443, path: '/dns-query', ...target },
    manners,
  );
  const frames: Frame[] = [];
  const writes = { count: 0 };
  const reader = new FrameReader();
  let prefaceLeft = PREFACE.length;
  theirs.on('data', (chunk: Buffer) => {
    writes.count += 1;
    const skipped = Math.min(prefaceLeft, chunk.length);
    prefaceLeft -= skipped;
    frames.push(...reader.push(chunk.subarray(skipped)));
  });
  theirs.on('error', () => {});
  const say = async (...octets: readonly Uint8Array[]) => {
    theirs.write(Buffer.concat(octets));
    for (let turns = 0; turns < 3; turns += 1) await turn();
  };
  const ofType = (type: number) => frames.filter((frame) => frame.type === type);
  return { clock, connection, theirs, frames, ofType, writes, say, manners, ...handlers };
}

async function connected(maxStreams = 1000) {
  const all = connect();
  await all.say(settings([[SETTING.maxConcurrentStreams, maxStreams]]));
  all.frames.length = 0;
  all.writes.count = 0;
  return all;
}

function exchangeFor(name: string, deadlineMs = DEADLINE_MS) {
  const exchange = {
    query: buildUpstreamQuery(new Query(makeQuery(name))),
    deadlineMs,
    budget: { sendsLeft: 3, reserved: 0 },
    isSettled: false,
    resolve: vi.fn<Exchange['resolve']>(),
    reject: vi.fn<Exchange['reject']>(),
  };
  return exchange satisfies Exchange;
}

const exchanges = (count: number) => Array.from({ length: count }, (_, at) => exchangeFor(`n${at}.example`));
const replyOn = (stream: number, { query }: Exchange) =>
  Buffer.concat([
    headers(stream, headerBlock(OK)),
    data(stream, answerWith(Buffer.from(query), '192.0.2.7'), { endStream: true }),
  ]);

describe('queries', () => {
  it('of one loop turn leave in one write, body behind fields, and are answered in any order', async () => {
    const { connection, frames, writes, say, onAnswer } = await connected();
    const asked = exchanges(10);
    for (const exchange of asked) connection.send(exchange);
    await turn();
    await turn();
    expect(writes.count).toBe(1);
    expect(frames.map(({ type, stream }) => [type, stream])).toEqual(
      asked.flatMap((_, at) => [
        [TYPE.headers, 2 * at + 1],
        [TYPE.data, 2 * at + 1],
      ]),
    );
    expect(frames[3]!.payload).toEqual(Buffer.from(asked[1]!.query));
    await say(...asked.map((exchange, at) => replyOn(2 * at + 1, exchange)).toReversed());
    for (const { resolve } of asked) expect(resolve).toHaveBeenCalledTimes(1);
    expect(onAnswer).toHaveBeenCalledTimes(10);
    expect(connection).toMatchObject({ inFlight: 0, answered: 10, isSuspect: false });
  });

  it.each([
    [{}, 'dns.example', '/dns-query'],
    [{ serverName: '2001:db8::1', port: 8443 }, '[2001:db8::1]:8443', '/dns-query'],
    [{ path: '/other?x' }, 'dns.example', '/other?x'],
  ])(
    'to %j name the host, with its port where that is not 443, and nothing more than they must',
    async (...test) => {
      const [target, authority, path] = test;
      const { connection, say, ofType } = connect(target);
      await say(settings());
      const exchange = exchangeFor('a.example');
      connection.send(exchange);
      await turn();
      await turn();
      const fields: string[] = [];
      const { payload } = ofType(TYPE.headers)[0]!;
      new HpackDecoder().decode(payload, 0, payload.length, {
        take: (name, value) => void fields.push(`${name}: ${value}`),
      });
      expect(fields).toEqual([
        ...[':method: POST', ':scheme: https', `:authority: ${authority}`, `:path: ${path}`],
        ...['accept: application/dns-message', 'content-type: application/dns-message'],
        `content-length: ${exchange.query.length}`,
      ]);
    },
  );

  it("that are given up before they have room take nobody's turn", async () => {
    const { clock, connection, ofType, say, manners } = await connected(0);
    manners.isOneATurn = true;
    for (let nth = 0; nth < 8; nth += 1) connection.send(exchangeFor('a.example', 400));
    connection.send(exchangeFor('b.example'));
    await turn();
    clock.advance(400 + SWEEP_MS);
    await say(settings([[SETTING.maxConcurrentStreams, 100]]));
    expect(ofType(TYPE.headers)).toHaveLength(1);
  });

  it('are lent their answers where these were received, with their layout', async () => {
    const { connection, theirs, say } = await connected();
    const exchange = exchangeFor('a.example');
    const lent: unknown[] = [];
    exchange.resolve.mockImplementation((reply, layout) => lent.push(Buffer.from(reply), layout));
    connection.send(exchange);
    await turn();
    const octets = replyOn(1, exchange);
    theirs.write(octets);
    await say(ping());
    octets.fill(0);
    const reply = answerWith(Buffer.from(exchange.query), '192.0.2.7');
    expect(lent).toEqual([reply, layoutOf(reply)]);
  });

  it('beyond what the upstream takes wait for their turn, at no cost to others', async () => {
    const { connection, ofType, say } = await connected(2);
    const asked = exchanges(5);
    for (const exchange of asked) connection.send(exchange);
    await turn();
    await turn();
    expect(ofType(TYPE.headers)).toHaveLength(2);
    await say(replyOn(1, asked[0]!));
    expect(ofType(TYPE.headers)).toHaveLength(3);
    await say(settings([[SETTING.maxConcurrentStreams, 100]]));
    expect(ofType(TYPE.headers)).toHaveLength(5);
    expect(connection.maxInFlight).toBe(DOH_MAX_IN_FLIGHT);
  });

  it('that nobody waits for any more are reset, or never sent', async () => {
    const { clock, connection, ofType, say } = await connected(1);
    const [begun, unsent, late] = [
      exchangeFor('a.example', 400),
      exchangeFor('b.example', 400),
      exchangeFor('c.example'),
    ];
    for (const exchange of [begun, unsent, late]) connection.send(exchange);
    await turn();
    clock.advance(400 + SWEEP_MS);
    await say(ping());
    expect(ofType(TYPE.rstStream).map(({ stream }) => stream)).toEqual([1]);
    expect(ofType(TYPE.headers).map(({ stream }) => stream)).toEqual([1, 3]);
    await say(replyOn(3, late));
    expect(late.resolve).toHaveBeenCalledTimes(1);
    for (const { reject } of [begun, unsent]) expect(reject).toHaveBeenCalledTimes(1);
  });

  it('go one a turn, and none behind a body that waits, once a stream was refused', async () => {
    const { connection, frames, writes, say, manners } = await connected();
    const [first, ...others] = exchanges(4);
    connection.send(first!);
    await turn();
    await say(rstStream(1, ERROR.REFUSED_STREAM));
    expect(manners.isOneATurn).toBe(true);
    writes.count = 0;
    for (const exchange of others) connection.send(exchange);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(writes.count).toBe(3);
    frames.length = 0;
    await say(settings([[SETTING.initialWindowSize, 10]]));
    for (const exchange of exchanges(2)) connection.send(exchange);
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(frames.filter(({ type }) => type === TYPE.headers)).toHaveLength(1);
    await say(settings([[SETTING.initialWindowSize, 65_535]]));
    expect(frames.filter(({ type }) => type === TYPE.headers)).toHaveLength(2);
  });
});

describe('GOAWAY', () => {
  it('gives back the send of what was not looked at, and of what was not sent', async () => {
    const { connection, say, onSilence, onClose } = await connected(2);
    onSilence.mockImplementation(() => {
      expect(connection.isSuspect).toBe(true); // and so not the one to ask
      return true;
    });
    const [kept, dropped, waiting] = exchanges(3);
    for (const exchange of [kept!, dropped!, waiting!]) connection.send(exchange);
    await turn();
    await say(goaway(1));
    expect(onSilence.mock.calls.map(([exchange]) => exchange).sort()).toEqual([dropped, waiting].sort());
    expect([kept, dropped, waiting].map((exchange) => exchange!.budget.sendsLeft)).toEqual([2, 3, 3]);
    expect(connection).toMatchObject({ isSuspect: true, isOpen: true, inFlight: 1 });
    await say(replyOn(1, kept!));
    expect(kept!.resolve).toHaveBeenCalledTimes(1);
    expect(onClose).not.toHaveBeenCalled();
  });

  it('with an error ends the connection, which gives back what it owes', async () => {
    const { connection, say, onClose } = await connected();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    await say(goaway(1, ERROR.ENHANCE_YOUR_CALM));
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], expect.stringContaining('done with'), true);
    expect(exchange.budget.sendsLeft).toBe(2);
  });

  it('where nothing is owed ends the connection too, for nothing more would', async () => {
    const { clock, say, onClose } = await connected();
    await say(goaway(0));
    expect(onClose).toHaveBeenCalledExactlyOnceWith([], expect.stringContaining('done with'), true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('an upstream', () => {
  it('that breaks a rule of HTTP/2 is told so, and loses the connection with all that it owes', async () => {
    const { connection, say, onClose, writes } = await connected();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    writes.count = 0;
    await say(data(5, Buffer.of(1)));
    const words = expect.stringContaining('breaks the rules of HTTP/2: DATA on an idle stream');
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], words, true);
    expect(connection.isOpen).toBe(false);
    connection.send(exchangeFor('b.example')); // between two turns, nobody may have been told
    await turn();
    expect(writes.count).toBeLessThanOrEqual(1);
  });

  it('that resets a stream has it asked elsewhere, at the cost of a send', async () => {
    const { connection, say, onSilence, manners } = await connected();
    const [one, other] = exchanges(2);
    connection.send(one!);
    connection.send(other!);
    await turn();
    await say(rstStream(1, ERROR.CANCEL), replyOn(3, other!));
    expect(onSilence).toHaveBeenCalledExactlyOnceWith(one);
    expect(one!.budget.sendsLeft).toBe(2);
    expect(one!.reject.mock.calls[0]![0].message).toMatch(/reset the stream \(HTTP\/2 error 8\)/);
    expect(other!.resolve).toHaveBeenCalledTimes(1);
    expect(manners.isOneATurn).toBe(false);
  });

  it('that answers with a status of trouble is refused, and its stream reset before a body comes', async () => {
    const { connection, say, onRefusal, ofType } = await connected();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    await say(headers(1, headerBlock([[':status', '404']])));
    expect(onRefusal).toHaveBeenCalledTimes(1);
    expect(exchange.reject.mock.calls[0]![0].message).toMatch(/status 404; check its path/);
    expect(ofType(TYPE.rstStream).map(({ payload }) => payload.readUInt32BE())).toEqual([ERROR.CANCEL]);
  });

  it('that ends the connection gives back what was owed', async () => {
    const { connection, theirs, onClose } = await connected();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    theirs.end();
    await turn();
    await turn();
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], expect.any(String), true);
  });

  it('asks for nothing and is answered nothing once we have closed', async () => {
    const { connection, say, writes, onClose } = await connected();
    connection.send(exchangeFor('a.example'));
    connection.close('a test says so');
    await say(ping(), ping());
    expect(writes.count).toBe(0);
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
