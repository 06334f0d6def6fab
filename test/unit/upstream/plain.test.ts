// A resolver on the own network, asked over real sockets on loopback: what is sent, what is taken for an answer, and what
// happens when nothing comes. The clock stands still, so that a wait ends when the story says so.

import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { PlainUpstream } from '../../../src/upstream/plain.ts';
import { judge, plainQuery } from '../../../src/upstream/plain-query.ts';
import { exchangeWith, type SendBudget } from '../../../src/upstream/upstream.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { anyOctets, SEED } from '../../support/arbitrary-messages.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { aRecord, ask, extendedError, FLAG, type ReplyParts, replyTo, see } from '../../support/messages.ts';
import {
  type PlainScript,
  type PlainServer,
  type PlainServerOptions,
  startPlainServer,
} from '../../support/plain-server.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const DEADLINE_MS = 4500;
const RESEND_MS = 800;
const QUERY = buildUpstreamQuery(ask('nas.lab.example', 'A', { edns: { dnssecOk: true } }));
const RIGHT = { answers: [aRecord('nas.lab.example', '192.168.1.20')] };
const WRONG = { answers: [aRecord('nas.lab.example', '203.0.113.66')] };
const silent: PlainScript = () => [];

const servers: PlainServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

async function stage(options: PlainServerOptions = {}) {
  const server = await startPlainServer(options);
  servers.push(server);
  const clock = new SimulatedClock();
  const upstream = new PlainUpstream({ server: server.server, clock });
  const budget: SendBudget = { sendsLeft: 3, reserved: 0 };
  const exchange = () => exchangeWith(upstream, QUERY, clock.monotonic() + DEADLINE_MS, budget);
  return { server, clock, upstream, budget, exchange };
}

/** The message of the failure that an exchange ends with. */
async function failureOf(exchange: Promise<unknown>): Promise<string> {
  const failure = await exchange.then(
    () => null,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(UpstreamFailure);
  return `${(failure as UpstreamFailure).code}: ${(failure as UpstreamFailure).message}`;
}

const withId = (packet: Uint8Array, change: number) => {
  const copy = Buffer.from(packet);
  copy.writeUInt16BE(copy.readUInt16BE(0) ^ change, 0);
  return copy;
};
const truncated = (query: Uint8Array, parts: ReplyParts = {}) =>
  replyTo(query, { flags: FLAG.RD | FLAG.TC, ...parts });

describe('a query in plain', () => {
  it('is what the pool gave, with an ID and without padding, and costs one send', async () => {
    const { server, clock, budget, exchange } = await stage({ udp: (query) => [replyTo(query, RIGHT)] });
    expect(see(await exchange()).answers).toEqual(['nas.lab.example 300 A 192.168.1.20']);
    expect(see(server.asked[0]!.packet)).toMatchObject({
      question: 'nas.lab.example A',
      flags: 'RD AD',
      opt: { dnssecOk: true, options: [] },
    });
    expect(budget.sendsLeft).toBe(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has another ID and another port each time', async () => {
    const { server, upstream, clock } = await stage();
    const asks = Array.from({ length: 20 }, () =>
      exchangeWith(upstream, QUERY, clock.monotonic() + DEADLINE_MS, { sendsLeft: 1, reserved: 0 }),
    );
    await Promise.all(asks);
    const ids = new Set(server.asked.map(({ packet }) => packet.readUInt16BE(0)));
    const ports = new Set(server.asked.map(({ fromPort }) => fromPort));
    expect(ids.size).toBeGreaterThan(15);
    expect(ports.size).toBe(20);
  });

  it('goes over IPv6 too', async () => {
    const { exchange, upstream } = await stage({ address: '::1' });
    expect(see(await exchange()).answers).toHaveLength(1);
    expect(upstream.name).toMatch(/^\[::1\]:\d+$/);
  });

  it('keeps the extended errors of the reply', async () => {
    const edns = { options: [extendedError(6, 'bogus')] };
    const { exchange } = await stage({ udp: (query) => [replyTo(query, { rcode: 2, edns })] });
    expect(see(await exchange())).toMatchObject({ rcode: 2, errors: ['6 bogus'] });
  });
});

describe('a stray reply is skipped, and the right one behind it still taken', () => {
  it.each<[string, (query: Buffer) => Buffer]>([
    ['with another ID', (query) => withId(replyTo(query, WRONG), 1)],
    ['to another name', (query) => replyTo(askedInstead(query, 'nas.lab.examplf'), WRONG)],
    ['to another type', (query) => replyTo(askedInstead(query, 'nas.lab.example', 'AAAA'), WRONG)],
    ['that is a query', (query) => query],
    ['that is cut off', (query) => replyTo(query, WRONG).subarray(0, -1)],
    ['that is empty', () => Buffer.alloc(0)],
    ['with another ID and truncated', (query) => withId(truncated(query), 1)],
    ['truncated, to another name', (query) => truncated(askedInstead(query, 'nas.lab.examplf'))],
    ['with another ID and a bare refusal', (query) => withId(bare(query, 5), 1)],
  ])('%s', async (_, forge) => {
    const { budget, exchange } = await stage({
      udp: (query) => [forge(query), replyTo(query, RIGHT)],
    });
    expect(see(await exchange()).answers).toEqual(['nas.lab.example 300 A 192.168.1.20']);
    expect(budget.sendsLeft).toBe(2);
  });

  it('from another port, though everything in it is right', async () => {
    const { server, exchange } = await stage({ udp: silent });
    const answer = exchange();
    await server.hasHeard(1);
    const [{ packet, fromPort }] = server.asked as [(typeof server.asked)[0]];
    const stranger = createSocket('udp4');
    stranger.send(replyTo(packet, WRONG), fromPort, '127.0.0.1');
    stranger.send(replyTo(packet, WRONG), fromPort, '127.0.0.1', () => {
      stranger.close();
      server.send(replyTo(packet, RIGHT), fromPort);
    });
    expect(see(await answer).answers).toEqual(['nas.lab.example 300 A 192.168.1.20']);
  });

  it('over TCP as well', async () => {
    const { exchange } = await stage({
      udp: (query) => [truncated(query)],
      tcp: (query) => [withId(replyTo(query, WRONG), 1), replyTo(query, RIGHT)],
    });
    expect(see(await exchange()).answers).toEqual(['nas.lab.example 300 A 192.168.1.20']);
  });

  it('whatever its octets are', () => {
    const query = plainQuery(QUERY, 4711);
    fc.assert(
      fc.property(anyOctets, (octets) => {
        const packet = Buffer.from(octets);
        if (packet.length > 1) packet.writeUInt16BE(4711, 0);
        if (judge(packet, query) === 'reply') see(packet); // dns-packet reads it too
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('a truncated reply', () => {
  it('is asked for again over TCP, and the cut one is not given out', async () => {
    const { server, budget, exchange } = await stage({
      udp: (query) => [truncated(query, WRONG), truncated(query)],
      tcp: (query) => [replyTo(query, RIGHT)],
    });
    expect(see(await exchange()).answers).toEqual(['nas.lab.example 300 A 192.168.1.20']);
    expect(server.asked.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
    expect(budget.sendsLeft).toBe(1);
  });

  it.each<[string, PlainScript | null, RegExp]>([
    ['nobody listens', null, /too long for UDP, and over TCP: .*ECONNREFUSED/],
    ['it hangs up', () => null, /too long for UDP, and over TCP: it hung up/],
  ])('fails at once where over TCP %s', async (_, tcp, words) => {
    const { clock, exchange } = await stage({ udp: (query) => [truncated(query)], tcp });
    expect(await failureOf(exchange())).toMatch(words);
    expect(clock.pendingTimers).toBe(0);
  });

  it('fails where the query may not be sent again', async () => {
    const { server, budget, exchange } = await stage({ udp: (query) => [truncated(query)] });
    budget.sendsLeft = 1;
    expect(await failureOf(exchange())).toMatch(/needs TCP, and this query has been sent often enough/);
    expect(server.asked).toHaveLength(1);
  });
});

describe('silence', () => {
  it('brings the query again over UDP, then over TCP, and never a fourth time', async () => {
    const { server, clock, budget, exchange } = await stage({ udp: silent, tcp: silent });
    const failure = failureOf(exchange());
    await server.hasHeard(1);
    clock.advance(RESEND_MS - 1);
    expect(budget.sendsLeft).toBe(2);
    clock.advance(1);
    await server.hasHeard(2);
    clock.advance(RESEND_MS);
    await server.hasHeard(3);
    expect(server.asked.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp']);
    expect(server.asked[1]).toMatchObject({ fromPort: server.asked[0]!.fromPort });
    clock.advance(DEADLINE_MS);
    expect(await failure).toMatch(/^upstream-silent: 127\.0\.0\.1:\d+: no answer in time$/);
    expect(server.asked).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends with the answer to the second try', async () => {
    const { server, clock, exchange } = await stage({
      udp: (query, nth) => (nth === 1 ? [] : [replyTo(query, RIGHT)]),
    });
    const answer = exchange();
    await server.hasHeard(1);
    clock.advance(RESEND_MS);
    expect(see(await answer).answers).toHaveLength(1);
  });

  it('over UDP is no end while TCP answers', async () => {
    const { server, clock, exchange } = await stage({ udp: silent });
    const answer = exchange();
    await server.hasHeard(1);
    clock.advance(RESEND_MS);
    await server.hasHeard(2);
    clock.advance(RESEND_MS);
    expect(see(await answer).answers).toHaveLength(1);
  });

  it('keeps back what is reserved for another server', async () => {
    const { server, clock, budget, exchange } = await stage({ udp: silent });
    budget.reserved = 2;
    const failure = failureOf(exchange());
    await server.hasHeard(1);
    clock.advance(DEADLINE_MS);
    await failure;
    expect(budget.sendsLeft).toBe(2);
    expect(server.asked).toHaveLength(1);
  });
});

describe('it fails', () => {
  it('at once where nobody listens, with words for it', async () => {
    const port = await freePort();
    const clock = new SimulatedClock();
    const upstream = new PlainUpstream({ server: { address: '127.0.0.1', port, family: 4 }, clock });
    const failure = await failureOf(
      exchangeWith(upstream, QUERY, DEADLINE_MS, { sendsLeft: 3, reserved: 0 }),
    );
    expect(failure).toBe(`upstream-unreachable: 127.0.0.1:${port}: ECONNREFUSED (nothing listens there)`);
    expect(clock.pendingTimers).toBe(0);
  });

  it('at once on a refusal that does not repeat the question', async () => {
    const { exchange } = await stage({ udp: (query) => [bare(query, 1)] });
    expect(await failureOf(exchange())).toMatch(/answered FORMERR without repeating the question/);
  });

  it('beyond 500 queries that wait, and only those', async () => {
    const { server, upstream, clock } = await stage({ udp: silent });
    const deadlineMs = clock.monotonic() + DEADLINE_MS;
    const started = Array.from({ length: 501 }, () =>
      failureOf(exchangeWith(upstream, QUERY, deadlineMs, { sendsLeft: 1, reserved: 0 })),
    );
    expect(await started.at(-1)).toMatch(/too many queries wait for its answers/);
    await server.hasHeard(1);
    clock.advance(DEADLINE_MS);
    expect(new Set(await Promise.all(started)).size).toBe(2);
    const next = exchangeWith(upstream, QUERY, clock.monotonic() + DEADLINE_MS, {
      sendsLeft: 1,
      reserved: 0,
    });
    next.catch(() => {});
    upstream.close();
    expect(await failureOf(next)).toMatch(/no longer configured/);
  });

  it('when it is closed, what waits and what comes later', async () => {
    const { server, upstream, clock, exchange } = await stage({ udp: silent });
    const waiting = failureOf(exchange());
    await server.hasHeard(1);
    upstream.close();
    expect(await waiting).toMatch(/no longer configured/);
    expect(await failureOf(exchange())).toMatch(/no longer configured/);
    expect(clock.pendingTimers).toBe(0);
  });
});

it('leaves no socket behind', async () => {
  const { exchange } = await stage({ udp: (query) => [truncated(query)] });
  const open = () =>
    process.getActiveResourcesInfo().filter((what) => /^(UDPWrap|TCPSocketWrap)$/.test(what)).length;
  const before = open();
  await exchange();
  await eventually(() => open() <= before, { what: 'all sockets to be closed' });
});

function askedInstead(query: Buffer, name: string, type = 'A'): Buffer {
  const other = ask(name, type, { id: query.readUInt16BE(0) });
  return Buffer.from(other.bytes);
}

function bare(query: Buffer, rcode: number): Buffer {
  const reply = Buffer.alloc(12);
  query.copy(reply, 0, 0, 2);
  reply.writeUInt16BE(0x8180 | rcode, 2);
  return reply;
}
