// One suite for both kinds of UDP sockets, in batches and through node:dgram: where replies leave from, floods, late answers,
// what else is on the host. What every front door must do is in listener.test.ts, where both kinds are doors of their own.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Answer } from '../../src/dns/answer.ts';
import type { Query } from '../../src/dns/query.ts';
import { type InterfaceAddress, interfaceAddresses } from '../../src/listener/interfaces.ts';
import { UdpListener } from '../../src/listener/udp.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { LateAnswer } from '../../src/resolver/late-answer.ts';
import type { Resolver } from '../../src/resolver/resolver.ts';
import { answerWith, makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { ADDRESS, DEFAULT_LIMITS, mostInOneTurn, TinyResolver, UDP_SOCKETS } from './front-doors.ts';

const LOOK_EVERY_MS = 10_000;
const GRACE_MS = 4500;
/** Queries answered in one turn of the loop at most: the budget of the batches, which is above what libuv takes at once. */
const MOST_IN_ONE_TURN = 4 * 64;

const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
let clock = new SimulatedClock();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  clock = new SimulatedClock();
});

const turn = () => new Promise(setImmediate);
const v4 = (address: string, port = 0) => ({ address, port, family: 4 }) as const;
const v6 = (address: string, port = 0) => ({ address, port, family: 6 }) as const;

function local(address: string): InterfaceAddress {
  return { interface: 'lo', address, family: 4, cidr: `${address}/8`, isLinkLocal: false };
}

describe.each(UDP_SOCKETS)('$name', ({ sockets, isThreaded = false }) => {
  async function open(
    addresses: ConstructorParameters<typeof UdpListener>[0]['addresses'],
    resolver: Resolver = new TinyResolver(),
    interfaces: () => readonly InterfaceAddress[] = interfaceAddresses,
  ) {
    const limitLog = new LimitLog(log, clock);
    const parts = { addresses, resolver, clock, log, limits: DEFAULT_LIMITS, limitLog, interfaces };
    const listener = new UdpListener({ ...parts, sockets: sockets(clock) });
    closers.push(async () => {
      const stopped = listener.stop(GRACE_MS);
      await turn();
      clock.advance(GRACE_MS);
      await stopped;
    });
    await listener.start();
    return listener;
  }

  /** A client that hears nobody but whom it asks. */
  async function clientOf(address: string, port: number): Promise<Client> {
    const client = new Client(address.includes(':') ? 'udp6' : 'udp4');
    closers.push(() => client.socket.close());
    client.socket.connect(port, address);
    await once(client.socket, 'connect');
    return client;
  }

  /** Another program, as systemd-resolved would. */
  async function holdStub(port: number): Promise<void> {
    const stub = createSocket('udp4').bind(port, '127.0.0.53');
    closers.push(() => stub.close());
    await once(stub, 'listening');
  }

  it('replies from the address that was asked, on every address of this host', async () => {
    const port = await freePort();
    const resolver = new TinyResolver();
    await open([v4('0.0.0.0', port), v6('::', port)], resolver);
    const addresses = interfaceAddresses().map(({ address }) => address);
    expect(addresses).toContain('127.0.0.1');
    for (const address of addresses) {
      const client = await clientOf(address, port);
      expect(await client.ask(makeQuery('www.example'))).toBe('www.example');
      const late = client.ask(makeQuery('late.example'));
      await eventually(() => resolver.waiting === 1);
      resolver.release();
      expect(await late).toBe('late.example');
      const { localAddress, client: who } = resolver.contexts.at(-1)!;
      expect({ localAddress, who }).toEqual({ localAddress: address, who: address });
    }
  });

  it('is there on an address that comes later', async () => {
    const port = await freePort();
    let host = [local('127.0.0.1')];
    await open([v4('0.0.0.0', port)], new TinyResolver(), () => host);
    expect(await (await clientOf('127.0.0.1', port)).ask(makeQuery('www.example'))).toBe('www.example');
    host = [local('127.0.0.1'), local('127.0.0.7')];
    clock.advance(LOOK_EVERY_MS);
    await turn();
    expect(await (await clientOf('127.0.0.7', port)).ask(makeQuery('www.example'))).toBe('www.example');
  });

  it('has all addresses of a wildcard but the one that another program holds', async () => {
    const port = await freePort();
    await holdStub(port);
    const host = ['127.0.0.1', '127.0.0.53', '127.0.0.2'].map(local);
    const listener = await open([v4('0.0.0.0', port)], new TinyResolver(), () => host);
    expect(listener.addresses).toEqual([v4('127.0.0.1', port), v4('127.0.0.2', port)]);
    expect(listener.waiting).toMatchObject([{ address: v4('127.0.0.53', port), isHopeless: false }]);
    expect(await (await clientOf('127.0.0.2', port)).ask(makeQuery('www.example'))).toBe('www.example');
  });

  it('leaves an address when it is told to, wildcard or not', async () => {
    const port = await freePort();
    const listener = await open([v4('0.0.0.0', port)]);
    await listener.listenOn([v4('127.0.0.1', port)]);
    expect(listener.addresses).toEqual([v4('127.0.0.1', port)]);
    await listener.listenOn([v4('0.0.0.0', port)]);
    expect(await (await clientOf('127.0.0.1', port)).ask(makeQuery('www.example'))).toBe('www.example');
    expect(listener.waiting).toEqual([]);
    await listener.listenOn([v4('127.0.0.1', port)]);
    await holdStub(port);
    await listener.listenOn([v4('0.0.0.0', port)]);
    expect(listener.addresses).toContainEqual(v4('127.0.0.1', port));
  });

  it('says nothing to who asks a broadcast address', async () => {
    const port = await freePort();
    const resolver = new TinyResolver();
    await open([v4('0.0.0.0', port)], resolver);
    const client = await clientOf('127.0.0.1', port);
    const shouting = createSocket('udp4').bind(0, '127.0.0.1');
    closers.push(() => shouting.close());
    await once(shouting, 'listening');
    shouting.setBroadcast(true);
    shouting.send(makeQuery('www.example'), port, '127.255.255.255');
    expect(await client.ask(makeQuery('www.example'))).toBe('www.example');
    expect(resolver.contexts).toHaveLength(1);
  });

  it('answers each of many clients, and each in the order of its questions', async () => {
    const { port } = (await open([v4('127.0.0.1')])).addresses[0]!;
    const clients = await Promise.all(Array.from({ length: 100 }, () => clientOf('127.0.0.1', port)));
    const names = ['a.example', 'b.example', 'c.example'];
    for (const name of names) for (const client of clients) client.socket.send(makeQuery(name));
    await eventually(() => clients.every(({ heard }) => heard.length === names.length));
    expect(clients.map(({ heard }) => heard)).toEqual(clients.map(() => names));
  });

  it('answers what stands between malformed datagrams', async () => {
    const { port } = (await open([v4('127.0.0.1')])).addresses[0]!;
    const client = await clientOf('127.0.0.1', port);
    const rubbish = [Buffer.alloc(0), Buffer.of(7), Buffer.alloc(12), Buffer.alloc(500, 0xff)];
    for (let round = 0; round < 20; round += 1) {
      for (const bad of rubbish) client.socket.send(bad);
      client.socket.send(makeQuery(`n${round}.example`));
    }
    await eventually(() => client.heard.length === 20);
  });

  it('takes the largest datagram whole, and one of no octets', async () => {
    const octets: number[] = [];
    const resolve = (query: Query) => {
      octets.push(query.bytes.length);
      return Answer.ofRcode(0);
    };
    const { port } = (await open([v4('127.0.0.1')], { resolve })).addresses[0]!;
    const client = await clientOf('127.0.0.1', port);
    for (const length of [65_507, 0, 12]) client.socket.send(Buffer.alloc(length));
    const expected = isThreaded ? [65_507, 12] : [65_507, 0, 12];
    await eventually(() => octets.length === expected.length);
    expect(octets).toEqual(expected);
  });

  it('takes no more in one turn than its budget, however much there is', async () => {
    const resolver = new TinyResolver();
    const { port } = (await open([v4('127.0.0.1')], resolver)).addresses[0]!;
    const client = await clientOf('127.0.0.1', port);
    const query = makeQuery('www.example');
    const most = await mostInOneTurn(resolver, async () => {
      for (let sent = 0; sent < 1000; sent += 1) client.socket.send(query);
      await eventually(() => resolver.contexts.length > MOST_IN_ONE_TURN);
    });
    expect(most).toBeLessThanOrEqual(MOST_IN_ONE_TURN);
    await eventually(() => client.heard.length === resolver.contexts.length);
  });

  it('shares its budget among its sockets: a flood on one does not starve the other', async () => {
    const resolver = new TinyResolver();
    const listener = await open([v4('127.0.0.1'), v4('127.0.0.2')], resolver);
    const [flooded, other] = listener.addresses;
    const flood = await clientOf('127.0.0.1', flooded!.port);
    const honest = await clientOf('127.0.0.2', other!.port);
    const most = await mostInOneTurn(resolver, async () => {
      for (let sent = 0; sent < 500; sent += 1) flood.socket.send(makeQuery('www.example'));
      const reply = honest.ask(makeQuery('honest.example'));
      for (let sent = 0; sent < 500; sent += 1) flood.socket.send(makeQuery('www.example'));
      expect(await reply).toBe('honest.example');
    });
    expect(most).toBeLessThanOrEqual(MOST_IN_ONE_TURN);
    const asked = resolver.contexts.findIndex(({ localAddress }) => localAddress === '127.0.0.2');
    expect(asked).toBeLessThan(2 * 64);
  });

  it('gives a late answer to its own question, whatever has come meanwhile', async () => {
    const resolver = new TinyResolver();
    const { port } = (await open([v4('127.0.0.1')], resolver)).addresses[0]!;
    const [slow, quick] = [await clientOf('127.0.0.1', port), await clientOf('127.0.0.1', port)];
    const names = Array.from({ length: 150 }, (_, at) => `late${at}.late.example`);
    for (const name of names) slow.socket.send(makeQuery(`late.${name}`));
    await eventually(() => resolver.waiting === names.length);
    for (let at = 0; at < 100; at += 1) quick.socket.send(makeQuery(`n${at}.example`));
    await eventually(() => quick.heard.length === 100);
    resolver.release();
    await eventually(() => slow.heard.length === names.length);
    expect(new Set(slow.heard)).toEqual(new Set(names.map((name) => `late.${name}`)));
    expect(slow.replies.every(({ answers }) => answers.join() === `A ${ADDRESS}`)).toBe(true);
  });

  it('sends the answers that are late at its end before it closes', async () => {
    const resolver = new TinyResolver();
    const listener = await open([v4('127.0.0.1')], resolver);
    const client = await clientOf('127.0.0.1', listener.addresses[0]!.port);
    for (let at = 0; at < 100; at += 1) client.socket.send(makeQuery('late.example'));
    await eventually(() => resolver.waiting === 100);
    const stopped = listener.stop(GRACE_MS);
    resolver.release();
    await stopped;
    await eventually(() => client.heard.length === 100);
    expect(clock.pendingTimers).toBe(0);
  });

  it('drops an answer that comes when it has closed', async () => {
    const late = new LateAnswer();
    const resolve = vi.fn(() => late);
    const listener = await open([v4('127.0.0.1')], { resolve });
    const client = await clientOf('127.0.0.1', listener.addresses[0]!.port);
    client.socket.send(makeQuery('www.example'));
    await eventually(() => resolve.mock.calls.length === 1);
    const stopped = listener.stop(GRACE_MS);
    clock.advance(GRACE_MS);
    await stopped;
    late.settle(Answer.fromMessage(answerWith(makeQuery('www.example'), ADDRESS))!);
    await turn();
    await turn();
    expect(client.heard).toEqual([]);
  });

  it('leaves no descriptor open', async () => {
    const descriptors = () => readdirSync('/proc/self/fd').length;
    const cycle = async () => {
      const listener = await open([v4('0.0.0.0'), v6('::'), v4('203.0.113.9', 5300)]);
      await listener.stop(0);
      await turn();
      await turn();
    };
    await cycle();
    const before = descriptors();
    for (let at = 0; at < 20; at += 1) await cycle();
    await eventually(() => descriptors() <= before);
  }, 30_000);
});

class Client {
  readonly socket: Socket;
  readonly replies: ReturnType<typeof readReply>[] = [];

  constructor(type: 'udp4' | 'udp6') {
    this.socket = createSocket({ type, recvBufferSize: 1 << 20 });
    this.socket.on('message', (reply) => {
      if (reply.length > 12) this.replies.push(readReply(reply));
    });
    this.socket.on('error', () => {});
  }

  /** The names in the replies so far. */
  get heard(): (string | undefined)[] {
    return this.replies.map(({ questionName }) => questionName);
  }

  async ask(query: Buffer): Promise<string | undefined> {
    const before = this.replies.length;
    this.socket.send(query);
    await eventually(() => this.replies.length > before);
    return this.heard.at(-1);
  }
}
