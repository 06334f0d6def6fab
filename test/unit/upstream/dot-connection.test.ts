// One DoT connection over a pair of streams in memory: which octets leave, which replies are taken for which query,
// and what becomes of queries when the other side is silent, strange or gone. TLS itself is in dot.test.ts.

import { duplexPair } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { RCODE } from '../../../src/dns/codes.ts';
import { FrameReader } from '../../../src/dns/framing.ts';
import { Query } from '../../../src/dns/query.ts';
import { FLAG, layoutOf, readUint16, writeUint16 } from '../../../src/dns/wire.ts';
import { DotConnection } from '../../../src/upstream/dot-connection.ts';
import type { ConnectionParts, Exchange } from '../../../src/upstream/upstream-connection.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { makeQuery } from '../../support/dns-message.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const DEADLINE_MS = 4500;
const SILENCE_MS = 800;
const SWEEP_MS = 200;
const MAX_STRAYS = 1000;

const turn = () => new Promise(setImmediate);

/** Both ends: ours, and the upstream's with what it has been asked so far. */
function connect(roomOctets = 65_536) {
  const clock = new SimulatedClock();
  const [ours, theirs] = duplexPair({ highWaterMark: roomOctets });
  const onAnswer = vi.fn();
  const onSilence = vi.fn<ConnectionParts['onSilence']>(() => false);
  const onClose = vi.fn<ConnectionParts['onClose']>();
  const socket = ours as unknown as ConnectionParts['socket'];
  const connection = new DotConnection({
    socket,
    clock,
    name: 'tls://dns.example',
    onAnswer,
    onRefusal: vi.fn(),
    onSilence,
    onClose,
  });
  const asked: Uint8Array[] = [];
  const chunks: Uint8Array[] = [];
  const reader = new FrameReader();
  theirs.on('data', (chunk: Uint8Array) => {
    chunks.push(chunk);
    reader.push(chunk, (query) => asked.push(Uint8Array.from(query)));
  });
  theirs.on('error', () => {});
  const say = async (...messages: readonly Uint8Array[]) => {
    theirs.write(Buffer.concat(messages.map(framed)));
    await turn();
  };
  return { clock, connection, theirs, asked, chunks, say, onAnswer, onSilence, onClose };
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

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(2 + message.length);
  writeUint16(frame, 0, message.length);
  frame.set(message, 2);
  return frame;
}

/** A reply without records; `flags` come on top of QR. */
function replyTo(query: Uint8Array, flags = 0): Uint8Array {
  const reply = Uint8Array.from(query);
  writeUint16(reply, 2, FLAG.QR | flags);
  return reply;
}

function withId(message: Uint8Array, id: number): Uint8Array {
  const copy = Uint8Array.from(message);
  writeUint16(copy, 0, id);
  return copy;
}

describe('queries', () => {
  it('of one loop turn leave in one write, each with an ID of its own', async () => {
    const { connection, asked, chunks } = connect();
    for (let index = 0; index < 10; index += 1) connection.send(exchangeFor(`n${index}.example`));
    await turn();
    expect(chunks).toHaveLength(1);
    expect(asked).toHaveLength(10);
    expect(new Set(asked.map((query) => readUint16(query, 0))).size).toBe(10);
  });

  it('wait while the upstream takes nothing, and leave in one write when it does', async () => {
    const { connection, theirs, asked, chunks } = connect(1);
    theirs.pause();
    for (let index = 0; index < 3; index += 1) {
      connection.send(exchangeFor(`n${index}.example`));
      await turn();
    }
    theirs.resume();
    await turn();
    await turn();
    expect(asked).toHaveLength(3);
    expect(chunks).toHaveLength(2);
  });

  it('are answered in any order', async () => {
    const { connection, asked, say, onAnswer } = connect();
    const exchanges = ['a.example', 'b.example', 'c.example'].map((name) => exchangeFor(name));
    for (const exchange of exchanges) connection.send(exchange);
    await turn();
    await say(...asked.toReversed().map((query) => replyTo(query)));
    for (const [index, exchange] of exchanges.entries())
      expect(Buffer.from(exchange.resolve.mock.calls[0]![0])).toEqual(Buffer.from(replyTo(asked[index]!)));
    expect(connection.inFlight).toBe(0);
    expect(connection.answered).toBe(3);
    expect(onAnswer).toHaveBeenCalledTimes(3);
  });

  it('are lent their answers where these were received, with their layout', async () => {
    const { connection, theirs, asked } = connect();
    const exchange = exchangeFor('a.example');
    const lent: unknown[] = [];
    exchange.resolve.mockImplementation((reply, layout) => lent.push(Buffer.from(reply), layout));
    connection.send(exchange);
    await turn();
    const octets = framed(replyTo(asked[0]!));
    theirs.write(octets);
    await turn();
    octets.fill(0);
    expect(lent).toEqual([Buffer.from(replyTo(asked[0]!)), layoutOf(replyTo(asked[0]!))]);
  });

  it('are not changed by being sent: their ID belongs to the connection', () => {
    const { connection } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchangeFor('first.example'));
    connection.send(exchange);
    expect(readUint16(exchange.query, 0)).toBe(0);
    expect(exchange.budget.sendsLeft).toBe(2);
  });

  it('never share an ID with one that is still owed, even after 65,536 others', async () => {
    const { connection, asked, say } = connect();
    const slow = exchangeFor('slow.example');
    connection.send(slow);
    await turn();
    const quick = { ...exchangeFor('quick.example'), resolve: () => {} };
    for (let index = 0; index < 66; index += 1) {
      const from = asked.length;
      for (let one = 0; one < 1000; one += 1) connection.send(quick);
      await turn();
      await say(...asked.slice(from).map((query) => replyTo(query)));
    }
    expect(connection.answered).toBe(66_000);
    expect(slow.resolve).not.toHaveBeenCalled();
    await say(replyTo(asked[0]!));
    expect(slow.resolve).toHaveBeenCalledTimes(1);
  });
});

describe('a reply that does not fit', () => {
  it.each<[string, (query: Uint8Array) => Uint8Array]>([
    ['has another ID', (query) => withId(replyTo(query), readUint16(query, 0) + 1)],
    [
      'answers another question',
      (query) => replyTo(withId(exchangeFor('b.example').query, readUint16(query, 0))),
    ],
    ['is a query itself', (query) => query],
    ['has another opcode', (query) => replyTo(query, 0x2000)],
    ['is too short for a header', (query) => query.subarray(0, 5)],
    ['is one octet', () => Uint8Array.of(0)],
    ['is empty', () => new Uint8Array(0)],
  ])('is skipped when it %s, and the right one is still taken', async (_what, strange) => {
    const { connection, asked, say } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    await say(strange(asked[0]!));
    expect(exchange.resolve).not.toHaveBeenCalled();
    await say(replyTo(asked[0]!));
    expect(exchange.resolve).toHaveBeenCalledTimes(1);
    expect(connection.isOpen).toBe(true);
  });

  it.each<[string, (query: Uint8Array) => Uint8Array, RegExp]>([
    ['is truncated, which no stream has to be', (query) => replyTo(query, FLAG.TC), /truncated/],
    ['is cut off', (query) => replyTo(query).subarray(0, -1), /malformed/],
    ['has octets behind it', (query) => Buffer.concat([replyTo(query), Buffer.of(0)]), /malformed/],
  ])('but has our question and %s is the end of the wait', async (_what, broken, words) => {
    const { connection, asked, say, onAnswer } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    await say(broken(asked[0]!));
    expect(exchange.reject.mock.calls[0]![0]).toMatchObject({
      code: 'upstream-garbled',
      message: expect.stringMatching(words),
    });
    expect(connection).toMatchObject({ inFlight: 0, isOpen: true });
    expect(onAnswer).toHaveBeenCalledTimes(1);
  });

  it('is taken once only when it is repeated', async () => {
    const { connection, asked, say } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    await say(replyTo(asked[0]!), replyTo(asked[0]!));
    expect(exchange.resolve).toHaveBeenCalledTimes(1);
    expect(connection.answered).toBe(1);
  });

  it('ends the connection when a thousand others came before it', async () => {
    const { connection, say, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    const stray = replyTo(withId(exchangeFor('b.example').query, 7));
    await say(...Array<Uint8Array>(MAX_STRAYS).fill(stray));
    expect(connection.isOpen).toBe(true);
    await say(stray);
    expect(connection.isOpen).toBe(false);
    expect(onClose).toHaveBeenCalledExactlyOnceWith(
      [exchange],
      expect.stringContaining('too many replies'),
      false,
    );
  });
});

describe('silence', () => {
  it('while something is owed makes the connection suspect, and hands on what it owes, once', () => {
    const { clock, connection, onSilence, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    clock.advance(SILENCE_MS - 1);
    expect(connection.isSuspect).toBe(false);
    clock.advance(1);
    expect(connection.isSuspect).toBe(true);
    clock.advance(2 * SILENCE_MS);
    expect(onSilence).toHaveBeenCalledExactlyOnceWith(exchange);
    expect(onClose).not.toHaveBeenCalled();
  });

  it('ends the connection once nothing is owed any more, and gives back nothing that was handed on', () => {
    const { clock, connection, onSilence, onClose } = connect();
    onSilence.mockReturnValue(true);
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    clock.advance(SILENCE_MS);
    exchange.isSettled = true; // answered by another connection
    clock.advance(SWEEP_MS);
    expect(connection.isOpen).toBe(false);
    expect(onClose).toHaveBeenCalledExactlyOnceWith([], expect.stringContaining('silent'), false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that ends while more is owed gives back what nobody else has taken', () => {
    const { clock, connection, onSilence, onClose } = connect();
    const [taken, left] = [exchangeFor('taken.example'), exchangeFor('left.example')];
    onSilence.mockImplementation((exchange) => exchange === taken);
    connection.send(taken);
    connection.send(left);
    clock.advance(SILENCE_MS);
    connection.close('for a test');
    expect(onClose).toHaveBeenCalledExactlyOnceWith([left], 'for a test', false);
  });

  it('is forgiven when an answer comes after all', async () => {
    const { clock, connection, asked, say } = connect();
    const exchange = exchangeFor('slow.example');
    connection.send(exchange);
    await turn();
    clock.advance(SILENCE_MS);
    await say(replyTo(asked[0]!));
    expect(exchange.resolve).toHaveBeenCalledTimes(1);
    expect(connection.isSuspect).toBe(false);
    clock.advance(10 * SILENCE_MS);
    expect(connection.isOpen).toBe(true);
  });

  it('counts from the last answer, not from the query', async () => {
    const { clock, connection, asked, say } = connect();
    connection.send(exchangeFor('slow.example'));
    connection.send(exchangeFor('quick.example'));
    await turn();
    clock.advance(SILENCE_MS - SWEEP_MS);
    await say(replyTo(asked[1]!));
    clock.advance(SILENCE_MS - SWEEP_MS);
    expect(connection.isSuspect).toBe(false);
    clock.advance(SWEEP_MS);
    expect(connection.isSuspect).toBe(true);
  });

  it('while nothing is owed means nothing, and costs no timer', async () => {
    const { clock, connection, asked, say } = connect();
    clock.advance(10 * SILENCE_MS);
    connection.send(exchangeFor('a.example'));
    await turn();
    clock.advance(SILENCE_MS - SWEEP_MS);
    await say(replyTo(asked[0]!));
    clock.advance(10 * SILENCE_MS);
    expect(connection.isOpen).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a failure without the question', () => {
  it('ends its exchange at once, for somebody else to be asked', async () => {
    const { connection, asked, say } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    const bare = Buffer.alloc(12);
    writeUint16(bare, 0, readUint16(asked[0]!, 0));
    writeUint16(bare, 2, FLAG.QR | RCODE.FORMERR);
    await say(bare);
    expect(exchange.reject.mock.calls[0]![0].message).toContain('FORMERR');
    expect(connection.inFlight).toBe(0);
  });

  it('with another ID is a stray', async () => {
    const { connection, asked, say } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    const bare = Buffer.alloc(12);
    writeUint16(bare, 0, readUint16(asked[0]!, 0) ^ 1);
    writeUint16(bare, 2, FLAG.QR | RCODE.FORMERR);
    await say(bare);
    expect(exchange.reject).not.toHaveBeenCalled();
    expect(connection.inFlight).toBe(1);
  });
});

describe('an exchange past its deadline', () => {
  it('is told so, so that nobody waits for it for ever', async () => {
    const { clock, connection } = connect();
    const exchange = exchangeFor('a.example', 400);
    connection.send(exchange);
    clock.advance(400);
    expect(exchange.reject).toHaveBeenCalledTimes(1);
    expect(exchange.reject.mock.calls[0]![0]).toMatchObject({ code: 'upstream-silent' });
    expect(connection.inFlight).toBe(0);
    expect(connection.isOpen).toBe(true);
  });

  it('does not hand its reply to the next one, which may have its ID', async () => {
    const { clock, connection, asked, say } = connect();
    connection.send(exchangeFor('a.example', 400));
    await turn();
    clock.advance(400);
    const next = exchangeFor('b.example', 5000);
    connection.send(next);
    await turn();
    await say(replyTo(asked[0]!));
    expect(next.resolve).not.toHaveBeenCalled();
    await say(replyTo(asked[1]!));
    expect(next.resolve).toHaveBeenCalledTimes(1);
  });
});

describe('the end', () => {
  it('by the upstream gives back what was owed, once', async () => {
    const { connection, theirs, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    theirs.end();
    await turn();
    theirs.destroy();
    await turn();
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], expect.any(String), true);
    expect(connection.isOpen).toBe(false);
  });

  it('takes answers along that came with it', async () => {
    const { connection, theirs, asked, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    theirs.end(framed(replyTo(asked[0]!)));
    await turn();
    await turn();
    expect(exchange.resolve).toHaveBeenCalledTimes(1);
    expect(onClose).toHaveBeenCalledExactlyOnceWith([], expect.any(String), true);
  });

  it('leaves half a message behind and gives its query back', async () => {
    const { connection, theirs, asked, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    await turn();
    theirs.end(framed(replyTo(asked[0]!)).subarray(0, 20));
    await turn();
    await turn();
    expect(exchange.resolve).not.toHaveBeenCalled();
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], expect.any(String), true);
  });

  it('by ourselves within the turn of a query sends nothing and gives it back', async () => {
    const { connection, chunks, onClose } = connect();
    const exchange = exchangeFor('a.example');
    connection.send(exchange);
    connection.close('a test says so');
    await turn();
    expect(chunks).toHaveLength(0);
    expect(onClose).toHaveBeenCalledExactlyOnceWith([exchange], 'a test says so', false);
  });
});
