// What the DoH listener takes of HTTP/2, held to the octet: header lists, SETTINGS, and frames that ask nothing
// (http2/limits.ts, listener/http2-connection.ts). That no attack gets through is for test/attacks.

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DohListener } from '../../src/listener/doh.ts';
import { MOST_CREDIT_OCTETS } from '../../src/listener/http2-connection.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import {
  data,
  ERROR,
  type Field,
  FLAG,
  FrameReader,
  headerBlock,
  headers,
  MAX_WINDOW_OCTETS,
  PREFACE,
  ping,
  SETTING,
  SETTINGS_ACK,
  settings,
  TYPE,
  windowUpdate,
} from '../support/peers/http2-frames.ts';
import { openRawHttp2, type RawHttp2, requestFields } from '../support/peers/raw-http2.ts';
import { createPki } from '../support/pki.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { ADDRESS, clientTls, DEFAULT_LIMITS, SERVER_NAME, storeOf, TinyResolver } from './front-doors.ts';

const SWEEP_MS = 1000;
const CLOSES_MS = 5_000;
const FRAME_OVERHEAD = 32; // of each field in a header list (RFC 9113 section 6.5.2)
const MOST_FIELDS = 64;
const MOST_LIST_OCTETS = 16_384;
const MOST_SETTINGS = 16;
const QUERY = makeQuery('www.example', 'A', { id: 0 });

const directory = mkdtempSync(join(tmpdir(), 'noonmark-http2-'));
const pki = createPki(directory);
const certificates = storeOf(pki.issue({ names: [SERVER_NAME] }));
const ca = readFileSync(pki.rootFile, 'utf8');
afterAll(() => rmSync(directory, { recursive: true }));

const warn = vi.fn();
let clock: SimulatedClock;
let resolver: TinyResolver;
let listener: DohListener;
const peers: RawHttp2[] = [];

beforeEach(async () => {
  warn.mockClear();
  clock = new SimulatedClock();
  resolver = new TinyResolver();
  const log = { debug() {}, info() {}, warn, error() {} };
  listener = new DohListener({
    addresses: [{ address: '127.0.0.1', port: 0, family: 4 }],
    resolver,
    clock,
    log,
    limits: DEFAULT_LIMITS,
    limitLog: new LimitLog(log, clock),
    certificates,
  });
  await listener.start();
});

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  const stopped = listener.stop(0);
  clock.advance(1);
  await stopped;
});

async function open(entries: readonly (readonly [number, number])[] = []): Promise<RawHttp2> {
  const peer = await openRawHttp2(listener.addresses[0]!, { ca, name: SERVER_NAME }, entries);
  peers.push(peer);
  return peer;
}

async function isServed(peer: RawHttp2, stream: number): Promise<boolean> {
  const reply = await peer.ask(stream, QUERY);
  return reply !== null && readReply(reply).answers.join() === `A ${ADDRESS}`;
}

describe('a header list', () => {
  const asking = (more: readonly Field[]) =>
    Buffer.concat([
      headers(1, headerBlock(requestFields(SERVER_NAME, more))),
      data(1, QUERY, { endStream: true }),
    ]);
  const ownFields = requestFields(SERVER_NAME);
  const ownOctets = ownFields.reduce(
    (sum, [name, value]) => sum + name.length + value.length + FRAME_OVERHEAD,
    0,
  );
  const long = (octets: number): Field[] => [['x', 'v'.repeat(octets - ownOctets - FRAME_OVERHEAD - 1)]];
  const many = (fields: number) =>
    Array.from({ length: fields - ownFields.length }, () => ['a', 'b'] as const);

  it.each([
    [`of ${MOST_FIELDS} fields`, many(MOST_FIELDS)],
    [`of ${MOST_LIST_OCTETS} octets`, long(MOST_LIST_OCTETS)],
  ])('%s is taken', async (_what, more) => {
    const peer = await open();
    await peer.write(asking(more));
    expect(readReply((await peer.response(1))!).answers).toEqual([`A ${ADDRESS}`]);
  });

  it.each([
    [`of ${MOST_FIELDS + 1} fields`, many(MOST_FIELDS + 1)],
    [`of ${MOST_LIST_OCTETS + 1} octets`, long(MOST_LIST_OCTETS + 1)],
  ])('%s ends its stream, and the connection goes on', async (_what, more) => {
    const peer = await open();
    await peer.write(asking(more));
    expect(await peer.response(1)).toBeNull();
    const reset = peer.frames.find(({ type, stream }) => type === TYPE.rstStream && stream === 1);
    expect(reset?.payload.readUInt32BE()).toBe(ERROR.calm);
    expect(await isServed(peer, 3)).toBe(true);
  });
});

describe('SETTINGS', () => {
  const UNKNOWN_SETTING = 0x99;
  const entries = (count: number) => Array.from({ length: count }, () => [UNKNOWN_SETTING, 1] as const);

  it(`of ${MOST_SETTINGS} entries are taken`, async () => {
    expect(await isServed(await open(entries(MOST_SETTINGS)), 1)).toBe(true);
  });

  it('with one more end the connection', async () => {
    const peer = await open();
    await peer.write(settings(entries(MOST_SETTINGS + 1)));
    expect(await peer.closes(CLOSES_MS)).toBe(true);
    expect(peer.goawayCode).toBe(ERROR.calm);
  });
});

describe('frames that ask nothing', () => {
  /** Little enough at a time to be acknowledged at once. */
  async function pings(peer: RawHttp2, octets: number): Promise<void> {
    const one = ping();
    for (let left = octets; left > 0; left -= 500 * one.length) {
      await peer.write(Buffer.concat(Array.from({ length: 500 }, () => one)));
      if (!(await peer.inStep())) return;
    }
  }

  it('are cut at the next look when they are too many, and the log says so once', async () => {
    for (const peer of [await open(), await open()]) {
      await pings(peer, MOST_CREDIT_OCTETS);
      expect(peer.isClosed).toBe(false);
      clock.advance(SWEEP_MS);
      expect(await peer.closes(CLOSES_MS)).toBe(true);
      expect(peer.goawayCode).toBe(ERROR.calm);
    }
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![1]).toMatchObject({ limit: 'http2_octets' });
  });

  it('may be as many as a quiet client ever sends', async () => {
    const peer = await open();
    await pings(peer, MOST_CREDIT_OCTETS / 2);
    clock.advance(SWEEP_MS);
    expect(await isServed(peer, 1)).toBe(true);
  });

  it('are nothing beside requests', async () => {
    const peer = await open();
    for (let round = 0; round < 4; round += 1) {
      for (let nth = 0; nth < 50; nth += 1)
        expect(await isServed(peer, 2 * (50 * round + nth) + 1)).toBe(true);
      await pings(peer, MOST_CREDIT_OCTETS / 2);
      clock.advance(SWEEP_MS);
    }
    expect(await isServed(peer, 999)).toBe(true);
    expect(warn).not.toHaveBeenCalled();
  });

  it('are no bodies of requests, however long', async () => {
    const peer = await open();
    const body = Buffer.alloc(60_000);
    for (let stream = 1; stream < 20; stream += 2) {
      const pieces = [0, 15_000, 30_000, 45_000].map((at) =>
        data(stream, body.subarray(at, at + 15_000), { endStream: at === 45_000 }),
      );
      await peer.write(Buffer.concat([headers(stream, headerBlock(requestFields(SERVER_NAME))), ...pieces]));
      expect(String(await peer.response(stream))).toContain('no DNS query');
    }
    clock.advance(SWEEP_MS);
    expect(await isServed(peer, 101)).toBe(true);
  });
});

/** Requests on the first `count` streams of a client, each for some 30 KB. */
function forBigAnswers(count: number, block: Buffer): Buffer[] {
  const query = makeQuery('big.example', 'TXT', { id: 0 });
  return Array.from({ length: count }, (_, nth) => [
    headers(2 * nth + 1, block),
    data(2 * nth + 1, query, { endStream: true }),
  ]).flat();
}

it('a client that reads nothing is not read from, though its windows are wide open', async () => {
  const asked = 2_000; // 60 MB of answers
  const peer = await open([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS]]);
  peer.stopReading();
  const block = headerBlock(requestFields(SERVER_NAME));
  const requests = forBigAnswers(asked, block);
  void peer.write(Buffer.concat([windowUpdate(0, MAX_WINDOW_OCTETS - 65_535), ...requests]));
  let before = -1;
  await eventually(() => {
    const isStill = resolver.contexts.length > 0 && resolver.contexts.length === before;
    before = resolver.contexts.length;
    return isStill;
  });
  expect(resolver.contexts.length).toBeLessThan(asked);
  expect(warn).not.toHaveBeenCalled();
});

it('a client that half-closes after its last request gets every answer, however slowly it reads', async () => {
  const asked = 60; // 1.8 MB of answers, and one that is late
  const { address, port } = listener.addresses[0]!;
  const socket = connect({ ...clientTls(address, ca, ['h2']), port });
  socket.allowHalfOpen = true;
  await once(socket, 'secureConnect');
  const wide = [settings([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS]]), SETTINGS_ACK];
  const block = headerBlock(requestFields(SERVER_NAME));
  const requests = forBigAnswers(asked, block);
  const late = [
    headers(999, block),
    data(999, makeQuery('late.example', 'A', { id: 0 }), { endStream: true }),
  ];
  const window = windowUpdate(0, MAX_WINDOW_OCTETS - 65_535);
  socket.end(Buffer.concat([PREFACE, ...wide, window, ...requests, ...late]));
  const reader = new FrameReader();
  let ended = 0;
  for await (const chunk of socket) {
    for (const { type, flags } of reader.push(chunk as Buffer))
      if (type === TYPE.data && (flags & FLAG.endStream) !== 0) ended += 1;
    await new Promise(setImmediate);
    if (ended === asked) resolver.release();
  }
  expect(ended).toBe(asked + 1);
});

it('a connection that is closed says goodbye, and nothing against its client', async () => {
  const peer = await open();
  expect(await isServed(peer, 1)).toBe(true);
  await listener.stop(0);
  expect(await peer.closes(CLOSES_MS)).toBe(true);
  expect(peer.goawayCode).toBe(ERROR.none);
});
