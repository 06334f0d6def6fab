// One suite for every front door: UDP, TCP, DoT, DoH over HTTP/2 and over HTTP/1.1, on IPv4 and on IPv6.
// What only some of them have (connections, encryption) follows below, again for each that has it.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { thisMachine } from '../../src/clock/machine.ts';
import type { SocketAddress } from '../../src/config/config.ts';
import { Answer } from '../../src/dns/answer.ts';
import { OPTION, TYPE } from '../../src/dns/codes.ts';
import type { Listener, ListenerParts } from '../../src/listener/listener.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { createPki } from '../support/pki.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import {
  ADDRESS,
  BIG_OCTETS,
  DEFAULT_LIMITS,
  DOORS,
  type Door,
  framed,
  mostInOneTurn,
  openDot,
  openTcp,
  SERVER_NAME,
  type StreamVisitor,
  served,
  storeOf,
  TinyResolver,
  type Visitor,
} from './front-doors.ts';

const RETRY_MS = 1000;
const GRACE_MS = 4500;
const PADDING_OCTETS = 468;
const CUT_WITHIN_MS = 35_000;

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
const directory = mkdtempSync(join(tmpdir(), 'noonmark-listener-'));
const pki = createPki(directory);
const certificate = pki.issue({ names: [SERVER_NAME] });
const ca = readFileSync(pki.rootFile, 'utf8');
afterAll(() => rmSync(directory, { recursive: true }));

let clock = new SimulatedClock();
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  clock = new SimulatedClock();
});

interface House {
  readonly listener: Listener;
  readonly resolver: TinyResolver;
  readonly certificates: ReturnType<typeof storeOf>;
  /** Where it is bound; the first of several. */
  readonly address: SocketAddress;
  visit(): Promise<Visitor>;
}

interface HouseOptions {
  readonly family?: 4 | 6;
  readonly addresses?: readonly SocketAddress[];
  readonly limits?: Partial<ListenerParts['limits']>;
}

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };

async function open(door: Door, { family = 4, addresses, limits = {} }: HouseOptions = {}): Promise<House> {
  const resolver = new TinyResolver();
  const certificates = storeOf(certificate);
  const parts = {
    addresses: addresses ?? [{ address: LOOPBACK[family], port: 0, family }],
    resolver,
    clock,
    log,
    limits: { ...DEFAULT_LIMITS, ...limits },
    limitLog: new LimitLog(log, clock),
  };
  const listener = door.listener(parts, certificates);
  closers.push(async () => {
    const stopped = listener.stop(GRACE_MS);
    await turn();
    clock.advance(GRACE_MS);
    await stopped;
  });
  await listener.start();
  const house = {
    listener,
    resolver,
    certificates,
    get address() {
      return listener.addresses[0]!;
    },
    async visit() {
      const visitor = await door.visit(house.address, ca);
      closers.push(() => visitor.close());
      return visitor;
    },
  };
  return house;
}

const turn = () => new Promise(setImmediate);
const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

async function nameOf(reply: Promise<Uint8Array | null>): Promise<string | undefined> {
  const wire = await reply;
  return wire === null ? 'nothing' : readReply(wire).questionName;
}

/** A query with EDNS options without content, such as padding and keepalive. */
function queryWith(name: string, ...options: readonly number[]): Buffer {
  const plain = makeQuery(name, 'A', { edns: false });
  plain.writeUInt16BE(1, 10);
  const header = Buffer.of(0, 0, TYPE.OPT, 4, 208, 0, 0, 0, 0, 0, 4 * options.length);
  return Buffer.concat([plain, header, ...options.map((code) => Buffer.of(0, code, 0, 0))]);
}

/** Codes of the EDNS options in a reply; the OPT record comes last, behind everything that was asked of the tests. */
function optionsOf(reply: Uint8Array): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  const bytes = Buffer.from(reply);
  const opt = bytes.lastIndexOf(Buffer.of(0, 0, TYPE.OPT, 4, 208));
  for (let at = opt + 11; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    found.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

const everywhere = DOORS.flatMap((door) =>
  ([4, 6] as const).map((family) => ({ door, family, name: door.name })),
);

describe.each(everywhere)('$name on IPv$family', ({ door, family }) => {
  it('answers a query', async () => {
    const { visit } = await open(door, { family });
    const query = makeQuery('www.example');
    const reply = readReply((await (await visit()).ask(query))!);
    expect(reply).toMatchObject({
      id: query.readUInt16BE(0),
      rcode: 'NOERROR',
      isReply: true,
      questionName: 'www.example',
      answers: [`A ${ADDRESS}`],
    });
  });

  it('tells the resolver who asked, where, and until when', async () => {
    const { resolver, visit, address } = await open(door, { family, limits: { queryDeadlineMs: 1234 } });
    clock.advance(5000);
    const visitor = await visit();
    const earliestMs = thisMachine.monotonic();
    await visitor.ask(makeQuery('www.example'));
    const { receivedAtMs } = resolver.contexts[0]!;
    expect(receivedAtMs).toBeGreaterThanOrEqual(door.hasMachineTime ? earliestMs : 5000);
    expect(receivedAtMs).toBeLessThanOrEqual(door.hasMachineTime ? thisMachine.monotonic() : 5000);
    expect(resolver.contexts).toEqual([
      {
        client: LOOPBACK[family],
        clientPort: visitor.localPort,
        localAddress: address.address,
        transport: door.transport,
        receivedAtMs,
        deadlineMs: receivedAtMs + 1234,
      },
    ]);
  });

  it('answers late when the answer is late', async () => {
    const { resolver, visit } = await open(door, { family });
    const visitor = await visit();
    const reply = visitor.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    resolver.release();
    expect(await nameOf(reply)).toBe('late.example');
  });

  it('frees its port when it stops, and leaves no timer', async () => {
    const { listener, address, visit } = await open(door, { family });
    const visitor = await visit();
    await visitor.ask(makeQuery('www.example'));
    await listener.stop(GRACE_MS);
    expect(listener.addresses).toEqual([]);
    visitor.close();
    await eventually(() => clock.pendingTimers === 0);
    await open(door, { family, addresses: [address] }).then(async (again) => {
      expect(await nameOf((await again.visit()).ask(makeQuery('www.example')))).toBe('www.example');
    });
  });
});

describe.each(DOORS)('$name', (door) => {
  it('says nothing to what the resolver drops, and answers the next', async () => {
    const { visit } = await open(door);
    const visitor = await visit();
    const dropped = visitor.ask(makeQuery('drop.example'));
    if (door.transport === 'doh') expect(await dropped).toBeNull();
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
  });

  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['one octet', Buffer.of(7)],
    ['a header without a question', Buffer.from([0, 7, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
    ['500 octets of nonsense', Buffer.alloc(500, 0xa5)],
  ])('survives %s and answers the next query', async (_what, wire) => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    if (wire.length < 2)
      void Promise.resolve(visitor.ask(Buffer.concat([wire, Buffer.alloc(2 - wire.length)])));
    else void visitor.ask(wire);
    if (door.name === 'DoH over HTTP/1.1') await eventually(() => resolver.contexts.length === 1);
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
  });

  it(`${door.isStream ? 'gives a big answer whole' : 'cuts a big answer to 1232 octets and says so'}`, async () => {
    const { visit } = await open(door);
    const reply = readReply((await (await visit()).ask(makeQuery('big.example', 'TXT')))!);
    expect(reply.truncated).toBe(!door.isStream);
    if (door.isStream) expect(reply.octets).toBeGreaterThan(BIG_OCTETS);
    else expect(reply.octets).toBeLessThanOrEqual(1232);
  });

  it(`${door.isEncrypted ? 'pads to blocks of 468 octets for who pads' : 'does not pad, not even for who pads'}`, async () => {
    const { visit } = await open(door);
    const visitor = await visit();
    const asked = (await visitor.ask(queryWith('www.example', OPTION.PADDING)))!;
    expect(optionsOf(asked).has(OPTION.PADDING)).toBe(door.isEncrypted);
    expect(asked.length % PADDING_OCTETS === 0).toBe(door.isEncrypted);
    const unasked = (await visitor.ask(makeQuery('www.example')))!;
    expect(optionsOf(unasked).has(OPTION.PADDING)).toBe(false);
  });

  const tellsKeepalive = door.transport === 'tcp' || door.transport === 'dot';
  it(`${tellsKeepalive ? 'tells its idle time-out to who asks' : 'has no idle time-out to tell'}`, async () => {
    const { visit } = await open(door, { limits: { connectionIdleMs: 12_300 } });
    const visitor = await visit();
    const asked = (await visitor.ask(queryWith('www.example', OPTION.TCP_KEEPALIVE)))!;
    expect(optionsOf(asked).get(OPTION.TCP_KEEPALIVE)?.readUInt16BE()).toBe(tellsKeepalive ? 123 : undefined);
    const unasked = (await visitor.ask(makeQuery('www.example')))!;
    expect(optionsOf(unasked).has(OPTION.TCP_KEEPALIVE)).toBe(false);
  });

  it('waits for a busy address, says so once, and takes it when it is free', async () => {
    const port = await freePort();
    const wanted = { address: LOOPBACK[4], port, family: 4 } as const;
    const leave = await occupy(door.transport, wanted);
    log.warn.mockClear();
    const { listener, visit } = await open(door, { addresses: [wanted] });
    clock.advance(3 * RETRY_MS);
    await settle();
    expect(listener.addresses).toEqual([]);
    expect(listener.waiting).toEqual([
      {
        address: wanted,
        reason: expect.stringContaining('another program'),
        isHopeless: false,
        waitingForMs: expect.any(Number),
      },
    ]);
    expect(log.warn).toHaveBeenCalledTimes(1);
    await leave();
    clock.advance(RETRY_MS);
    await eventually(() => listener.addresses.length === 1);
    expect(listener.waiting).toEqual([]);
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
  });

  it('waits for an address that this host does not have, while the others work', async () => {
    const missing = { address: '203.0.113.9', port: await freePort(), family: 4 } as const;
    const there = { address: LOOPBACK[4], port: 0, family: 4 } as const;
    const { listener, visit } = await open(door, { addresses: [there, missing] });
    expect(listener.waiting).toMatchObject([{ address: missing, isHopeless: false }]);
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
  });

  it('calls an address hopeless that no waiting will bring', async () => {
    const noScope = { address: 'fe80::1', port: await freePort(), family: 6 } as const;
    const { listener } = await open(door, { addresses: [noScope] });
    expect(listener.waiting).toMatchObject([{ isHopeless: true }]);
  });

  it('stops waiting when it stops', async () => {
    const missing = { address: '203.0.113.9', port: await freePort(), family: 4 } as const;
    const { listener } = await open(door, { addresses: [missing] });
    await listener.stop(GRACE_MS);
    expect(clock.pendingTimers).toBe(0);
  });

  it('answers what is in flight before it stops', async () => {
    const { listener, resolver, visit } = await open(door);
    const visitor = await visit();
    const reply = visitor.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    let hasStopped = false;
    const stopped = listener.stop(GRACE_MS).then(() => (hasStopped = true));
    await settle();
    expect(hasStopped).toBe(false);
    resolver.release();
    expect(await nameOf(reply)).toBe('late.example');
    await stopped;
  });

  it('stops after its grace, though something is still in flight', async () => {
    const { listener, resolver, visit } = await open(door);
    void (await visit()).ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    const stopped = listener.stop(GRACE_MS);
    await settle();
    clock.advance(GRACE_MS);
    await stopped;
  });

  it('takes no new query while it stops', async () => {
    const { listener, resolver, visit } = await open(door);
    const visitor = await visit();
    void visitor.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    const stopped = listener.stop(GRACE_MS);
    await settle();
    void visitor.ask(makeQuery('www.example'));
    await settle();
    expect(resolver.contexts).toHaveLength(1);
    resolver.release();
    await stopped;
  });

  it('moves to other addresses when it is told to', async () => {
    const { listener, address } = await open(door);
    const moved = { address: LOOPBACK[6], port: 0, family: 6 } as const;
    await listener.listenOn([moved]);
    expect(listener.addresses).toMatchObject([{ address: LOOPBACK[6], family: 6 }]);
    const visitor = await door.visit(listener.addresses[0]!, ca);
    closers.push(() => visitor.close());
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
    await (await occupy(door.transport, address))(); // free again
  });

  it('keeps an address that stays, and its port', async () => {
    const { listener, address, visit } = await open(door);
    const more = { address: LOOPBACK[6], port: 0, family: 6 } as const;
    await listener.listenOn([{ ...address, port: 0 }, more]);
    expect(listener.addresses).toHaveLength(2);
    expect(listener.addresses[0]).toEqual(address);
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
  });
});

async function occupy(transport: Listener['transport'], { address, port, family }: SocketAddress) {
  if (transport === 'udp') {
    const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
    socket.bind(port, address);
    await once(socket, 'listening');
    return () => new Promise<void>((resolve) => socket.close(() => resolve()));
  }
  const server = net.createServer().listen(port, address);
  await once(server, 'listening');
  return () => new Promise<void>((resolve) => server.close(() => resolve()));
}

const CONNECTED = DOORS.filter(({ isStream }) => isStream);

describe.each(CONNECTED)('a connection over $name', (door) => {
  it('carries many queries, one after another', async () => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    for (let index = 0; index < 20; index += 1)
      expect(await nameOf(visitor.ask(makeQuery(`n${index}.example`)))).toBe(`n${index}.example`);
    expect(new Set(resolver.contexts.map(({ clientPort }) => clientPort)).size).toBe(1);
  });

  it('is closed when it has been idle for long, and not before', async () => {
    const { visit } = await open(door, { limits: { connectionIdleMs: 10_000 } });
    const visitor = await visit();
    clock.advance(9000);
    await visitor.ask(makeQuery('www.example'));
    clock.advance(9000);
    await settle();
    expect(visitor.isClosed).toBe(false);
    clock.advance(2000);
    await eventually(() => visitor.isClosed);
  });

  it('is not idle while a query is in flight', async () => {
    const { visit, resolver } = await open(door, { limits: { connectionIdleMs: 1000 } });
    const visitor = await visit();
    const reply = visitor.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    clock.advance(4000);
    await settle();
    resolver.release();
    expect(await nameOf(reply)).toBe('late.example');
  });

  it('stands although the listener moves to other addresses', async () => {
    const { visit, listener } = await open(door);
    const visitor = await visit();
    await visitor.ask(makeQuery('www.example'));
    await listener.listenOn([{ address: LOOPBACK[6], port: 0, family: 6 }]);
    await settle();
    expect(await nameOf(visitor.ask(makeQuery('more.example')))).toBe('more.example');
  });

  it('beyond the limit in all makes the idlest one leave', async () => {
    const { visit } = await open(door, { limits: { connections: 3 } });
    const visitors: Visitor[] = [];
    for (let index = 0; index < 3; index += 1) {
      const visitor = await visit();
      await visitor.ask(makeQuery('www.example'));
      visitors.push(visitor);
      clock.advance(100);
    }
    await visitors[0]!.ask(makeQuery('www.example'));
    const newcomer = await visit();
    expect(await nameOf(newcomer.ask(makeQuery('www.example')))).toBe('www.example');
    await eventually(() => visitors[1]!.isClosed);
    expect([visitors[0]!.isClosed, visitors[2]!.isClosed]).toEqual([false, false]);
  });

  it('beyond the limit of its client makes the idlest one of that client leave', async () => {
    const { visit } = await open(door, { limits: { connectionsPerClient: 2 } });
    const first = await visit();
    await first.ask(makeQuery('www.example'));
    clock.advance(100);
    const second = await visit();
    await second.ask(makeQuery('www.example'));
    const third = await visit();
    expect(await nameOf(third.ask(makeQuery('www.example')))).toBe('www.example');
    await eventually(() => first.isClosed);
    expect(second.isClosed).toBe(false);
  });

  it('is turned away when all others are busy', async () => {
    const { visit, resolver } = await open(door, { limits: { connections: 2 } });
    const replies = [await visit(), await visit()].map((visitor) => visitor.ask(makeQuery('late.example')));
    await eventually(() => resolver.waiting === 2);
    const turnedAway = await visit().then(
      (visitor) => nameOf(visitor.ask(makeQuery('www.example'))),
      () => 'nothing',
    );
    expect(turnedAway).toBe('nothing');
    resolver.release();
    expect(await Promise.all(replies.map(nameOf))).toEqual(['late.example', 'late.example']);
  });

  it('that its client drops in the midst of a query harms nobody', async () => {
    const { visit, resolver, listener } = await open(door);
    const rude = await visit();
    void rude.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    rude.close();
    await settle();
    resolver.release();
    await settle();
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
    await listener.stop(GRACE_MS);
  });

  it('that is idle does not hold up a stop', async () => {
    const { visit, listener } = await open(door);
    const visitor = await visit();
    await visitor.ask(makeQuery('www.example'));
    await listener.stop(GRACE_MS);
    await eventually(() => visitor.isClosed);
  });
});

const OUT_OF_ORDER = CONNECTED.filter(({ name }) => name !== 'DoH over HTTP/1.1');

describe.each(OUT_OF_ORDER)('a pipeline over $name', (door) => {
  it('is answered as answers come, not in the order of the queries', async () => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    const late = visitor.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
    resolver.release();
    expect(await nameOf(late)).toBe('late.example');
  });

  it('of fifty late queries gets each its own answer', async () => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    const names = Array.from({ length: 50 }, (_, index) => `late.n${index}.example`);
    const answers = Promise.all(
      names.map((name, index) => nameOf(visitor.ask(makeQuery(name, 'A', { id: index + 1 })))),
    );
    await eventually(() => resolver.waiting === 50);
    resolver.release();
    expect(await answers).toEqual(names);
  });
});

const RAW = DOORS.filter(({ transport }) => transport === 'tcp' || transport === 'dot');

describe.each(RAW)('a raw stream over $name', (door) => {
  const visitRaw = async (house: House) => (await house.visit()) as StreamVisitor;

  it('gets all answers of a turn in one write', async () => {
    const visitor = await visitRaw(await open(door));
    await visitor.ask(makeQuery('first.example'));
    visitor.chunks.length = 0;
    const queries = Array.from({ length: 10 }, (_, index) =>
      makeQuery('www.example', 'A', { id: index + 1 }),
    );
    visitor.socket.write(framed(...queries));
    await eventually(() => visitor.answered.length === 11);
    expect(visitor.chunks).toHaveLength(1);
  });

  it('of a thousand queries at once takes up 32 in a turn, so that others have theirs between', async () => {
    const house = await open(door);
    const visitor = await visitRaw(house);
    const queries = Array.from({ length: 1000 }, (_, at) => makeQuery('a.example', 'A', { id: at }));
    const most = await mostInOneTurn(house.resolver, () => {
      visitor.socket.write(framed(...queries));
      return eventually(() => visitor.answered.length === queries.length);
    });
    expect(most).toBe(32);
  });

  it('may come octet by octet', async () => {
    const visitor = await visitRaw(await open(door));
    const query = makeQuery('www.example', 'A', { id: 9 });
    for (const octet of framed(query, query)) {
      visitor.socket.write(Uint8Array.of(octet));
      await turn();
    }
    await eventually(() => visitor.answered.length === 2);
  });

  it('that its client has half closed still gets its answers, and the end after them', async () => {
    const house = await open(door);
    const visitor = await visitRaw(house);
    const now = visitor.ask(makeQuery('www.example', 'A', { id: 1 }));
    const late = visitor.ask(makeQuery('late.example', 'A', { id: 2 }));
    visitor.socket.end();
    expect(await nameOf(now)).toBe('www.example');
    await eventually(() => house.resolver.waiting === 1);
    await settle();
    house.resolver.release();
    expect(await nameOf(late)).toBe('late.example');
    await eventually(() => visitor.isClosed);
  });

  it('has no more queries in flight than the limit; the rest waits and is answered too', async () => {
    const house = await open(door, { limits: { queriesPerConnection: 4 } });
    const visitor = await visitRaw(house);
    const queries = Array.from({ length: 20 }, (_, index) =>
      makeQuery('late.example', 'A', { id: index + 1 }),
    );
    visitor.socket.write(framed(...queries));
    await eventually(() => house.resolver.waiting === 4);
    await settle();
    expect(house.resolver.waiting).toBe(4);
    for (let round = 1; round <= 5; round += 1) {
      house.resolver.release();
      await eventually(() => visitor.answered.length === 4 * round);
    }
    expect(house.resolver.contexts).toHaveLength(20);
  });

  it('gives each query its time from its arrival on, and not from when there is room for it', async () => {
    const house = await open(door, { limits: { queriesPerConnection: 4, queryDeadlineMs: 1000 } });
    const visitor = await visitRaw(house);
    visitor.socket.write(framed(...Array<Uint8Array>(8).fill(makeQuery('late.example'))));
    await eventually(() => house.resolver.waiting === 4);
    clock.advance(900);
    house.resolver.release();
    await eventually(() => house.resolver.contexts.length === 8);
    expect(house.resolver.contexts.map(({ deadlineMs }) => deadlineMs)).toEqual(Array(8).fill(1000));
    house.resolver.release();
  });

  it('that is half closed while queries wait unread gets all its answers', async () => {
    const house = await open(door, { limits: { queriesPerConnection: 4 } });
    const visitor = await visitRaw(house);
    const queries = Array.from({ length: 20 }, (_, index) =>
      makeQuery('late.example', 'A', { id: index + 1 }),
    );
    visitor.socket.end(framed(...queries));
    for (let round = 1; round <= 5; round += 1) {
      await eventually(() => house.resolver.waiting === 4);
      house.resolver.release();
    }
    await eventually(() => visitor.isClosed);
    expect(visitor.answered).toHaveLength(20);
  });

  it('that is half closed by a client who does not read yet keeps all its answers for it', async () => {
    const house = await open(door);
    const visitor = await visitRaw(house);
    visitor.socket.pause();
    const query = makeQuery('big.example', 'TXT', { id: 1 });
    visitor.socket.end(framed(...Array<Uint8Array>(200).fill(query)));
    await eventually(() => house.resolver.contexts.length > 0);
    await settle();
    await settle();
    visitor.socket.resume();
    await eventually(() => visitor.isClosed);
    expect(visitor.answered).toHaveLength(200);
  });

  it('whose client does not read is not read from either, and is cut', async () => {
    const house = await open(door);
    const visitor = await visitRaw(house);
    visitor.socket.pause();
    const query = makeQuery('big.example', 'TXT', { id: 1 });
    visitor.socket.write(framed(...Array<Uint8Array>(2000).fill(query)));
    await eventually(() => house.resolver.contexts.length > 0);
    await settle();
    await settle();
    expect(house.resolver.contexts.length * BIG_OCTETS).toBeLessThan(20_000_000);
    clock.advance(CUT_WITHIN_MS);
    await settle();
    visitor.socket.resume();
    await eventually(() => visitor.isClosed);
    expect(visitor.answered.length).toBeLessThan(2000);
  });

  it('that has been cut costs nothing for the queries that still waited', async () => {
    const house = await open(door, { limits: { queriesPerConnection: 4 } });
    const visitor = await visitRaw(house);
    visitor.socket.write(framed(...Array<Uint8Array>(20).fill(makeQuery('late.example'))));
    await eventually(() => house.resolver.waiting === 4);
    clock.advance(CUT_WITHIN_MS + 10_000);
    await eventually(() => visitor.isClosed);
    house.resolver.release();
    await settle();
    expect(house.resolver.contexts).toHaveLength(4);
  });

  it('can be had on both wildcards at once, on one port', async () => {
    const port = await freePort();
    const addresses = [
      { address: '0.0.0.0', port, family: 4 },
      { address: '::', port, family: 6 },
    ] as const;
    const { listener } = await open(door, { addresses });
    expect(listener.waiting).toEqual([]);
    for (const family of [4, 6] as const) {
      const visitor = await door.visit({ address: LOOPBACK[family], port, family }, ca);
      closers.push(() => visitor.close());
      expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
    }
  });

  it('that sends one octet now and then is idle all the same', async () => {
    const visitor = await visitRaw(await open(door, { limits: { connectionIdleMs: 10_000 } }));
    const wire = framed(makeQuery('www.example'));
    for (let at = 0; at < 11 && !visitor.isClosed; at += 1) {
      visitor.socket.write(wire.subarray(at, at + 1));
      await settle();
      clock.advance(1000);
    }
    await eventually(() => visitor.isClosed);
  });

  it('is let go at once when it is evicted: a flood cannot pile up connections', async () => {
    const house = await open(door, { limits: { connections: 5, connectionsPerClient: 5 } });
    const visitors: StreamVisitor[] = [];
    const openRaw = door.transport === 'tcp' ? openTcp : openDot;
    for (let index = 0; index < 15; index += 1) {
      const visitor = await openRaw(house.address, ca, { allowHalfOpen: true });
      closers.push(() => visitor.close());
      await visitor.ask(makeQuery('www.example'));
      visitors.push(visitor);
      clock.advance(10);
    }
    await eventually(
      () => visitors.filter(({ socket }) => socket.readableEnded || socket.destroyed).length === 10,
    );
    // A client that ignores the end of our side finds the other side gone too: what it writes is refused.
    const [evicted] = visitors as [StreamVisitor];
    evicted.socket.write(framed(makeQuery('www.example')));
    await settle();
    evicted.socket.write(framed(makeQuery('www.example')));
    await eventually(() => evicted.socket.destroyed, { withinMs: 2000 });
  });
});

const ENCRYPTED = DOORS.filter(({ isEncrypted }) => isEncrypted);

describe.each(ENCRYPTED)('TLS of $name', (door) => {
  it('cuts a client that begins a handshake and does not go on', async () => {
    const { address } = await open(door, { limits: { connectionIdleMs: 10_000 } });
    const socket = net.connect(address.port, address.address);
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(Buffer.of(0x16, 3, 1, 2, 0, 1, 0)); // a record that promises 512 octets
    const closed = once(socket, 'close');
    socket.resume();
    await settle();
    expect(socket.destroyed).toBe(false);
    clock.advance(11_000);
    await closed;
  });

  it('counts half a handshake as a connection', async () => {
    const { address, visit } = await open(door, { limits: { connections: 2 } });
    const halves: net.Socket[] = [];
    for (let index = 0; index < 2; index += 1) {
      const socket = net.connect(address.port, address.address);
      closers.push(() => void socket.destroy());
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'connect');
      await settle();
      clock.advance(10);
      halves.push(socket);
    }
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
    await eventually(() => halves[0]!.destroyed || halves[0]!.readableEnded);
    expect(halves[1]!.destroyed).toBe(false);
  });

  it('cuts who begins too many of them in a second, and nobody else (reliability row 10)', async () => {
    const { address, visit } = await open(door, { limits: { handshakesPerClient: 3 } });
    const begin = async () => {
      const socket = net.connect({ host: address.address, port: address.port, localAddress: '127.0.0.2' });
      closers.push(() => void socket.destroy());
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'connect');
      return socket;
    };
    const sockets = [await begin(), await begin(), await begin(), await begin()];
    const isCut = (socket: net.Socket) => socket.destroyed || socket.readableEnded;
    await eventually(() => isCut(sockets[3]!));
    expect(sockets.map(isCut)).toEqual([false, false, false, true]);
    expect(log.warn).toHaveBeenCalledWith(
      'a limit is reached',
      expect.objectContaining({ limit: 'limits.handshakes_per_client', client: '127.0.0.2' }),
    );
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
    clock.advance(1000);
    const later = await begin();
    await settle();
    expect(isCut(later)).toBe(false);
  });

  it('is not held up in stopping by half a handshake', async () => {
    const { address, listener } = await open(door);
    const socket = net.connect(address.port, address.address);
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(Buffer.of(0x16, 3, 1, 2, 0, 1, 0));
    await settle();
    await listener.stop(GRACE_MS);
  });

  it('is not harmed by what is no TLS at all', async () => {
    const { address, visit } = await open(door);
    const socket = net.connect(address.port, address.address);
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    await eventually(() => socket.destroyed || socket.readableEnded);
    expect(await nameOf((await visit()).ask(makeQuery('www.example')))).toBe('www.example');
  });

  it('serves a new certificate to new connections and leaves standing ones alone', async () => {
    const { visit, address, certificates } = await open(door);
    const before = await visit();
    await before.ask(makeQuery('www.example'));
    const other = createPki(mkdtempSync(join(directory, 'other-')));
    certificates.replace(served(other.issue({ names: [SERVER_NAME] })));
    await expect(visit()).rejects.toThrow('unable to get local issuer certificate');
    const after = await door.visit(address, readFileSync(other.rootFile, 'utf8'));
    closers.push(() => after.close());
    expect(await nameOf(after.ask(makeQuery('www.example')))).toBe('www.example');
    expect(await nameOf(before.ask(makeQuery('www.example')))).toBe('www.example');
  });
});

describe.each(DOORS.filter(({ transport }) => transport === 'udp'))('$name in particular', (door) => {
  it.each([
    { offers: null, holds: 512 },
    { offers: 100, holds: 512 },
    { offers: 700, holds: 700 },
    { offers: 1232, holds: 1232 },
    { offers: 65_535, holds: 1232 },
  ])('gives $holds octets at most to a client that offers $offers', async ({ offers, holds }) => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    const query = makeQuery('a.name.that.is.long.enough.example', 'TXT', { id: 7, edns: offers !== null });
    if (offers !== null) query.writeUInt16BE(offers, query.length - 8);
    const bodyOctets = holds - query.length; // which the reply repeats, with an OPT record as long
    const answers = async (octets: number) => {
      resolver.resolve = () => answerOfOctets(octets);
      return readReply((await visitor.ask(query))!);
    };
    expect(await answers(bodyOctets)).toMatchObject({ truncated: false, octets: holds });
    expect(await answers(bodyOctets + 1)).toMatchObject({ truncated: true, answers: [] });
  });

  it('gives 25 times the octets of the query at most', async () => {
    const { visit, resolver } = await open(door);
    const visitor = await visit();
    const query = makeQuery('x', 'TXT', { id: 7 });
    const holds = 25 * query.length;
    expect(holds).toBeLessThan(1232);
    const answers = async (octets: number) => {
      resolver.resolve = () => answerOfOctets(octets);
      return readReply((await visitor.ask(query))!);
    };
    expect(await answers(holds - query.length)).toMatchObject({ truncated: false, octets: holds });
    expect(await answers(holds - query.length + 1)).toMatchObject({ truncated: true, answers: [] });
  });

  /** One TXT record of that many octets, its owner the root; the text is never read. */
  function answerOfOctets(octets: number): Answer {
    const question = Buffer.from([0, 0, 16, 0, 1]);
    const header = Buffer.from([0, 0, 0x80, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    const record = Buffer.alloc(octets);
    record.writeUInt16BE(TYPE.TXT, 1);
    record.writeUInt16BE(1, 3);
    record.writeUInt16BE(octets - 11, 9);
    for (let at = 11; at < octets; at += 1 + record[at]!) record[at] = Math.min(255, octets - at - 1);
    return Answer.fromMessage(Buffer.concat([header, question, record]))!;
  }
});

describe('DoT in particular', () => {
  const door = DOORS.find(({ transport }) => transport === 'dot')!;

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const { address } = await open(door);
    const visitor = await openDot(address, ca, { minVersion: version, maxVersion: version });
    closers.push(() => visitor.close());
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
  });

  it('does not demand ALPN', async () => {
    const { address } = await open(door);
    const visitor = await openDot(address, ca, { ALPNProtocols: undefined });
    closers.push(() => visitor.close());
    expect(await nameOf(visitor.ask(makeQuery('www.example')))).toBe('www.example');
  });
});

describe.each(ENCRYPTED)('two connections over $name from one client port', (door) => {
  it('to two addresses are told apart', async () => {
    const addresses = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, port: 0, family: 4 }) as const);
    const { listener, resolver } = await open(door, { addresses, limits: { connectionIdleMs: 1000 } });
    const [one, other] = listener.addresses as [SocketAddress, SocketAddress];
    const first = await door.visit(one, ca, { localAddress: '127.0.0.1', localPort: await freePort() });
    const second = await door.visit(other, ca, { localAddress: '127.0.0.1', localPort: first.localPort });
    closers.push(
      () => first.close(),
      () => second.close(),
    );
    expect(second.localPort).toBe(first.localPort);
    first.close();
    await settle();
    const reply = second.ask(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 1);
    clock.advance(3000);
    await settle();
    resolver.release();
    expect(await nameOf(reply)).toBe('late.example');
  });
});
