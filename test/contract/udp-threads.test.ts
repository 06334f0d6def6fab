// UDP threads beside the main one, with a cache that they read: what they answer themselves, what they hand over and to whom,
// what becomes of both when facts change, when a thread is gone, and at the end. What holds for every kind of UDP socket
// is in udp-sockets.test.ts, on threads too; what the real server does with them in e2e/udp-threads.test.ts.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { TrueClock } from '../../src/clock/true-clock.ts';
import { Answer } from '../../src/dns/answer.ts';
import { nameKey } from '../../src/dns/names.ts';
import { packAnswer } from '../../src/dns/packed-answer.ts';
import { Query } from '../../src/dns/query.ts';
import { type FactsNow, UdpThreads } from '../../src/listener/threads/udp-threads.ts';
import { loadSystemCalls } from '../../src/listener/udp/system-calls.ts';
import { UdpListener } from '../../src/listener/udp.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { PackedAnswerStore } from '../../src/resolver/cache/answer-store.ts';
import { ClientRate } from '../../src/resolver/client-rate.ts';
import { HouseNames } from '../../src/resolver/local/house-names.ts';
import { NameIndex } from '../../src/resolver/local/name-index.ts';
import type { Resolver } from '../../src/resolver/resolver.ts';
import { RecordedLog } from '../support/answer-path.ts';
import { answerWith, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { aRecord, ask, OPTION, queryBytes, replyTo } from '../support/messages.ts';
import { DEFAULT_LIMITS } from './front-doors.ts';

const { calls } = loadSystemCalls();
/** From the cache, from the main thread for what was counted, and from it for what was not. */
const [KEPT, MAIN, OWN] = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];
const GRACE_MS = 1000;
const COUNT = 2;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Answers everything with one address, and remembers what. */
function answering(address: string): Resolver & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    resolve(query: Query) {
      asked.push(query.questionEnd === 0 ? '' : query.nameKey);
      const isPlain = query.questionEnd > 0 && !query.isMalformed;
      return isPlain ? Answer.fromMessage(answerWith(query.bytes, address))! : Answer.ofRcode(1);
    },
  };
}

/** When nothing has been taken for so long, all has been. */
const STILL_MS = 3000;

class Client {
  readonly socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 });
  readonly replies: Buffer[] = [];

  constructor() {
    this.socket.on('message', (reply) => this.replies.push(reply));
    closers.push(() => this.socket.close());
  }

  async connect(port: number, from = '127.0.0.1'): Promise<this> {
    this.socket.bind(0, from);
    await once(this.socket, 'listening');
    this.socket.connect(port, '127.0.0.1');
    await once(this.socket, 'connect');
    return this;
  }

  async ask(query: Uint8Array): Promise<string> {
    const before = this.replies.length;
    this.socket.send(query);
    await eventually(() => this.replies.length > before);
    return readReply(this.replies.at(-1)!).answers.join().split(' ')[1] ?? '';
  }
}

async function scene(changes: Partial<FactsNow> = {}) {
  const clock = new TrueClock();
  const log = new RecordedLog();
  const limitLog = new LimitLog(log, clock);
  const store = new PackedAnswerStore(2 ** 20);
  const [main, own] = [answering(MAIN), answering(OWN)];
  const facts = {
    ...{ mayAnswer: true, access: { ranges: ['loopback'], onLink: [] }, limits: DEFAULT_LIMITS },
    house: { own: houseOf('home.example').shared, files: new NameIndex().sharedHashes },
    ...changes,
  };
  const limits = { udpQueriesPerClient: 10_000 };
  const rate = new ClientRate();
  const threads = new UdpThreads({
    ...{ count: COUNT, calls: calls!, clock, log, limitLog, rate },
    facts: () => ({ ...facts, table: store.shared }) as FactsNow,
    udpQueriesPerClient: () => limits.udpQueriesPerClient,
  });
  store.onRenewed(() => threads.changed());
  const port = await freePort();
  const listener = new UdpListener({
    ...{ addresses: [{ address: '127.0.0.1', port, family: 4 }], resolver: own, counted: main },
    ...{ clock, log, limits: DEFAULT_LIMITS, limitLog, sockets: threads },
  });
  closers.push(() => listener.stop(GRACE_MS));
  await listener.start();
  await threads.areUp;
  const keep = (name: string) => {
    const query = ask(name);
    const answer = Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(name, KEPT)] }))!;
    store.set(query.key, answer, clock.monotonic());
  };
  /** Clients on ports of their own, of whom every thread gets some: 2^-31 that one gets none. */
  const clients = await Promise.all(Array.from({ length: 32 }, () => new Client().connect(port)));
  const askAll = (query: Uint8Array) => Promise.all(clients.map((client) => client.ask(query)));
  return {
    clock,
    log,
    limitLog,
    store,
    main,
    own,
    facts,
    limits,
    rate,
    threads,
    port,
    listener,
    keep,
    clients,
    askAll,
  };
}

function houseOf(zone: string): HouseNames {
  return HouseNames.of({
    ...{ zones: { apexes: [nameKey(zone)] }, ownNames: { names: [] }, designated: { names: [] } },
    files: { mayHold: () => false },
  });
}

/** With an EDNS option of so many octets. */
function withOption(code: number, octets: number): Buffer {
  const bare = queryBytes('www.example', 'A', { edns: {} });
  const option = Buffer.alloc(4 + octets, 1);
  option.writeUInt16BE(code, 0);
  option.writeUInt16BE(octets, 2);
  const query = Buffer.concat([bare, option]);
  query.writeUInt16BE(option.length, bare.length - 2);
  return query;
}

const all = (address: string) => Array(32).fill(address);

describe.skipIf(calls === null)('UDP threads', () => {
  it('answer what is kept by themselves, each its clients, and count it', async () => {
    const { keep, askAll, threads, main, own } = await scene();
    keep('www.example');
    expect(await askAll(queryBytes('www.example'))).toEqual(all(KEPT));
    expect([main.asked, own.asked]).toEqual([[], []]);
    const counted = threads.books.map(({ queries, hits }) => [queries, hits]);
    expect(counted.reduce((sum, [queries]) => sum + queries!, 0)).toBe(32);
    for (const [queries, hits] of counted) {
      expect(queries).toBeGreaterThan(0);
      expect(hits).toBe(queries);
    }
  });

  it('hand over what is not, and count nothing of that', async () => {
    const { askAll, threads, main, own } = await scene();
    expect(await askAll(queryBytes('www.example'))).toEqual(all(MAIN));
    expect(main.asked).toHaveLength(32);
    expect(own.asked).toEqual([]);
    expect(threads.books.map(({ queries }) => queries)).toEqual([0, 0]);
  });

  const NAME = 'www.example';
  it.each([
    ['without RD', queryBytes(NAME, 'A', { flags: 0 })],
    ['with a cookie', withOption(OPTION.COOKIE, 8)],
    ['that asks for NSID', withOption(OPTION.NSID, 0)],
    ['of a later EDNS version', queryBytes(NAME, 'A', { edns: { version: 1 } })],
    ['of a name of the house', queryBytes('nas.home.example')],
    ['of a name without a dot', queryBytes('nas')],
    ['of a name that never leaves', queryBytes('x.onion')],
    ['for ANY', queryBytes(NAME, 'ANY')],
    ['for a zone transfer', queryBytes(NAME, 'AXFR')],
  ])('hand over a query %s although it is kept', async (_, bytes) => {
    const { store, clients, main, clock } = await scene();
    const query = new Query(bytes);
    const answer = Answer.fromMessage(replyTo(queryBytes(NAME), { answers: [aRecord(NAME, KEPT)] }))!;
    store.set(query.key, answer, clock.monotonic());
    expect(await clients[0]!.ask(bytes)).not.toBe(KEPT);
    expect(main.asked).toHaveLength(1);
  });

  it('hand over what an earlier life has kept, whose age the date tells', async () => {
    const { store, clients, main } = await scene();
    const query = ask(NAME);
    const answer = Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(NAME, KEPT)] }))!;
    store.tellAgesBy(() => 0);
    store.restore({ key: query.cacheKey, packed: packAnswer(answer, 1.7e12), isPopular: false });
    expect(await clients[0]!.ask(queryBytes(NAME))).toBe(MAIN);
    expect(main.asked).toHaveLength(1);
  });

  it.each<[string, Partial<FactsNow>]>([
    ['they may answer nothing', { mayAnswer: false }],
    ['the client may not ask', { access: { ranges: [{ cidr: '192.0.2.0/24' }], onLink: [] } }],
  ])('hand everything over while %s', async (_, changes) => {
    const { keep, clients, main } = await scene(changes);
    keep(NAME);
    expect(await clients[0]!.ask(queryBytes(NAME))).toBe(MAIN);
    expect(main.asked).toHaveLength(1);
  });

  it('go by no fact that has changed, from the moment on at which that is said', async () => {
    const { keep, askAll, facts, threads } = await scene();
    keep('www.new.example');
    const query = queryBytes('www.new.example');
    for (let round = 0; round < 10; round += 1) {
      facts.house = { ...facts.house, own: houseOf('new.example').shared };
      threads.changed();
      expect(await askAll(query)).toEqual(all(MAIN));
      facts.house = { ...facts.house, own: houseOf('home.example').shared };
      threads.changed();
      await eventually(async () => (await askAll(query)).every((address) => address === KEPT));
    }
  });

  it('have nothing any more of what was forgotten, and what was kept since', async () => {
    const { keep, askAll, store } = await scene();
    keep(NAME);
    expect(await askAll(queryBytes(NAME))).toEqual(all(KEPT));
    store.clear();
    expect(await askAll(queryBytes(NAME))).toEqual(all(MAIN));
    keep(NAME);
    await eventually(async () => (await askAll(queryBytes(NAME))).every((address) => address === KEPT));
  });

  it('hold each client to one rate, however many of them it meets, and the log hears of it', async () => {
    const { keep, askAll, limits, threads, port, limitLog, main, rate, clock } = await scene();
    keep(NAME);
    limits.udpQueriesPerClient = 20;
    threads.changed();
    await eventually(async () => (await askAll(queryBytes(NAME))).every((address) => address === KEPT));
    main.asked.length = 0;
    const neighbour = '127.0.0.2';
    const many = await Promise.all(Array.from({ length: 32 }, () => new Client().connect(port, neighbour)));
    rate.count(neighbour, clock.monotonic()); // by the main thread, over another socket for instance
    for (let round = 0; round < 10; round += 1)
      for (const client of many) client.socket.send(queryBytes(NAME));
    await eventually(() => (limitLog.times.get('limits.udp_queries_per_client') ?? 0) > 200);
    const replies = many.flatMap((client) => client.replies.map((reply) => readReply(reply).answers.length));
    const answered = replies.filter((answers) => answers > 0).length;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(100); // 20, or twice that over the border of a second, and what two counted at once
    expect(main.asked).toEqual([]);
  });

  it('leave their clients to the main thread when they are gone, with what they had counted', async () => {
    const { keep, askAll, facts, threads, log, own } = await scene();
    keep(NAME);
    expect(await askAll(queryBytes(NAME))).toEqual(all(KEPT));
    facts.access = null as never; // a bug: what nobody can learn from
    threads.changed();
    const ends = () => log.lines.filter(({ line }) => line.startsWith('error a UDP thread has ended'));
    await eventually(() => ends().length === COUNT);
    expect(log.lines.some(({ line }) => line.startsWith('error a bug in Noonmark'))).toBe(true);
    expect(await askAll(queryBytes(NAME))).toEqual(all(OWN));
    expect(own.asked).toHaveLength(32);
    expect(threads.books.reduce((sum, { hits }) => sum + hits, 0)).toBe(32);
  });

  it('lose nothing at the end that they had taken, though the main thread was busy', async () => {
    const { rate, port, listener } = await scene();
    const from = '127.0.0.2'; // who is counted: that is how many have been taken
    const many = await Promise.all(Array.from({ length: 40 }, () => new Client().connect(port, from)));
    for (let round = 0; round < 15; round += 1)
      for (const client of many) client.socket.send(queryBytes(NAME));
    const counts = new Uint32Array(rate.memory, 128);
    let [taken, before, grewAtMs] = [0, 0, performance.now()];
    while (taken < 600 && performance.now() < grewAtMs + STILL_MS) {
      const now = counts.reduce((sum, count) => sum + count);
      if (now !== before) grewAtMs = performance.now();
      taken += now < before ? now : now - before; // they begin anew every second, and some of before may not have been seen
      before = now;
    }
    await listener.stop(GRACE_MS);
    await eventually(() => many.every(({ replies }) => replies.length === 15));
  });

  it('are refused an address that another program has, and have it when that is gone', async () => {
    const { listener } = await scene();
    const port = await freePort();
    const other = createSocket({ type: 'udp4', reusePort: true }).bind(port, '127.0.0.1');
    await once(other, 'listening');
    await listener.listenOn([{ address: '127.0.0.1', port, family: 4 }]);
    expect(listener.waiting).toMatchObject([
      { reason: expect.stringContaining('another program has this port') },
    ]);
    other.close();
    await eventually(() => listener.addresses.length === 1);
  });

  it('move to another address and back without a moment in which it seems to be taken', async () => {
    const { listener, port, log } = await scene();
    for (let round = 0; round < 5; round += 1) {
      await listener.listenOn([]);
      await listener.listenOn([{ address: '127.0.0.1', port, family: 4 }]);
      expect(listener.waiting).toEqual([]);
    }
    expect(log.lines.filter(({ line }) => line.startsWith('warn'))).toEqual([]);
  });
});
