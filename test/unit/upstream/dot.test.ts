// A DoT upstream against real TLS servers on loopback that behave and misbehave. The clock stands still until the
// test moves it, so silence, back-off and races of addresses take no real time.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createServer } from 'node:tls';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { FrameReader } from '../../../src/dns/framing.ts';
import { Query } from '../../../src/dns/query.ts';
import { FLAG, layoutOf, writeUint16 } from '../../../src/dns/wire.ts';
import type { Log } from '../../../src/observe/log.ts';
import { createTlsConnector, type TlsConnector, type VerifiedSocket } from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { DotUpstream } from '../../../src/upstream/dot.ts';
import { UpstreamPool } from '../../../src/upstream/pool.ts';
import { exchangeWith } from '../../../src/upstream/upstream.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { type Whereabouts, writtenAddresses } from '../../../src/upstream/whereabouts.ts';
import { makeQuery, questionName } from '../../support/dns-message.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { exchangeOver } from '../../support/late.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NAME = 'dns.example';
const DEADLINE_MS = 4500;
const IMPATIENCE_MS = 700;
const SILENCE_MS = 1000; // up to one sweep after the 800 ms
const RACE_DELAY_MS = 200;
const LEAST_BACKOFF_MS = 50;
const MOST_BACKOFF_MS = 800;
const CONNECT_TIMEOUT_MS = 3000;

let clock = new SimulatedClock();
const directory = mkdtempSync(join(tmpdir(), 'noonmark-dot-'));
const pki = createPki(directory, { at: clock.now().epochMs });
const anchors = TrustAnchors.fromFile(pki.rootFile);
const good = pki.issue({ names: [NAME] });
const wrongName = pki.issue({ names: ['other.example'] });

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
  clock = new SimulatedClock();
});
afterAll(() => rmSync(directory, { recursive: true }));

/** What a server does with one query; `nth` counts the queries of this connection from 1. */
type Behaviour = (query: Uint8Array, socket: Socket, nth: number) => void;

interface Server {
  readonly port: number;
  /** Names that were asked, in the order in which they came. */
  readonly asked: string[];
  /** TCP connections, those with a finished handshake, and TCP connections that are open now. */
  attempts: number;
  connections: number;
  open: number;
  octets: number;
  behave: Behaviour;
  stop(): void;
}

const answer: Behaviour = (query, socket) => socket.write(framed(replyTo(query)));
const never: Behaviour = () => {};

async function startServer(
  behave: Behaviour = answer,
  { certificate = good, port = 0, address = '127.0.0.1' }: Partial<ServerOptions> = {},
): Promise<Server> {
  const sockets = new Set<Socket>();
  const credentials = {
    cert: readFileSync(certificate.certificateFile),
    key: readFileSync(certificate.keyFile),
  };
  const server = createServer({ ...credentials, ALPNProtocols: ['dot'] }, (socket) => {
    running.connections += 1;
    sockets.add(socket);
    const reader = new FrameReader();
    let nth = 0;
    socket.on('data', (chunk: Uint8Array) => {
      running.octets += chunk.length;
      reader.push(chunk, (query) => {
        running.asked.push(questionName(query) ?? '?');
        nth += 1;
        if (!socket.destroyed) running.behave(Uint8Array.from(query), socket, nth);
      });
    });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    running.attempts += 1;
    running.open += 1;
    socket.on('close', () => {
      running.open -= 1;
    });
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const running: Server = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    attempts: 0,
    connections: 0,
    open: 0,
    octets: 0,
    behave,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  closers.push(running.stop);
  return running;
}

interface ServerOptions {
  readonly certificate: IssuedCertificate;
  readonly port: number;
  readonly address: string;
}

/** Takes connections and never says a word. */
async function startMute(port: number, address: string): Promise<{ readonly attempts: () => number }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { attempts: () => sockets.size };
}

function createLog() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() } satisfies Log;
}

function createUpstream(
  port: number,
  where: readonly string[] | Whereabouts = ['127.0.0.1'],
  log: Log = createLog(),
  tls: TlsConnector = createTlsConnector({ clock }),
) {
  const config = {
    url: `tls://${NAME}:${port}`,
    protocol: 'tls',
    path: '',
    serverName: NAME,
    port,
    addresses: [],
    caFile: null,
    pins: [],
  } as const;
  const whereabouts = 'missed' in where ? where : writtenAddresses(where);
  const upstream = new DotUpstream({ config, anchors, whereabouts, tls, clock, log });
  closers.push(() => upstream.close());
  return upstream;
}

const queryFor = (name: string) => buildUpstreamQuery(new Query(makeQuery(name)));
const deadline = () => clock.monotonic() + DEADLINE_MS;

/** An upstream, or a pool of them, which has a budget of its own. */
type Asked = Pick<DotUpstream, 'take'>;

/** The name that was answered, or the failure; settled later. */
async function ask(upstream: Asked, name: string): Promise<string> {
  try {
    return (
      questionName(await exchangeWith(upstream, queryFor(name), deadline(), { sendsLeft: 3, reserved: 0 })) ??
      '?'
    );
  } catch (error) {
    return error instanceof UpstreamFailure ? error.code : String(error);
  }
}

function askMany(upstream: Asked, count: number) {
  const names = Array.from({ length: count }, (_, index) => `n${index}.example`);
  return { names, answers: Promise.all(names.map((name) => ask(upstream, name))) };
}

/** Lets the clock run in small steps, with real turns of the loop between them, until `promise` has settled. */
async function runUntil<T>(promise: Promise<T>, stepMs = 10): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  for (let steps = 0; !isSettled && steps < 5000; steps += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    clock.advance(stepMs);
  }
  return settled;
}

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(2 + message.length);
  writeUint16(frame, 0, message.length);
  frame.set(message, 2);
  return frame;
}

function replyTo(query: Uint8Array): Uint8Array {
  const reply = Uint8Array.from(query);
  writeUint16(reply, 2, FLAG.QR | FLAG.RA);
  return reply;
}

function withOtherId(message: Uint8Array): Uint8Array {
  const other = Uint8Array.from(message);
  other[0] = other[0]! ^ 0x80;
  return other;
}

describe('a good upstream', () => {
  it('is asked over one connection, pipelined, and may answer in any order', async () => {
    const waiting: [Uint8Array, Socket][] = [];
    const server = await startServer((query, socket) => {
      waiting.push([query, socket]);
      if (waiting.length < 50) return;
      for (const [one, from] of waiting.toReversed()) from.write(framed(replyTo(one)));
    });
    const { names, answers } = askMany(createUpstream(server.port), 50);
    expect(await answers).toEqual(names);
    expect(server.connections).toBe(1);
  });

  it('keeps its connection for the next query', async () => {
    const server = await startServer();
    const upstream = createUpstream(server.port);
    expect(await ask(upstream, 'a.example')).toBe('a.example');
    clock.advance(60_000);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
    expect(server.connections).toBe(1);
  });

  it('may answer a stray ID and another question first', async () => {
    const server = await startServer((query, socket) => {
      const another = replyTo(queryFor('another.example'));
      another.set(query.subarray(0, 2));
      socket.write(framed(withOtherId(replyTo(query))));
      socket.write(framed(another));
      socket.write(framed(replyTo(query)));
    });
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
    expect(server.asked).toEqual(['a.example']);
  });

  it('may send its answer octet by octet', async () => {
    const server = await startServer((query, socket) => {
      for (const octet of framed(replyTo(query))) socket.write(Uint8Array.of(octet));
    });
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
  });
});

describe('an upstream that ends connections', () => {
  it('after each answer still answers twenty queries at once', async () => {
    const server = await startServer((query, socket) => {
      socket.end(framed(replyTo(query)));
    });
    const { names, answers } = askMany(createUpstream(server.port), 20);
    expect(await runUntil(answers)).toEqual(names);
  });

  it('after each answer, a moment later, still answers twenty queries at once', async () => {
    const server = await startServer((query, socket, nth) => {
      if (nth > 1) return; // it has made up its mind
      socket.write(framed(replyTo(query)));
      setTimeout(() => socket.end(), 5);
    });
    const { names, answers } = askMany(createUpstream(server.port), 20);
    expect(await runUntil(answers)).toEqual(names);
  });

  it('after each answer, whatever else was asked, is asked each query no more than three times', async () => {
    const server = await startServer((query, socket) => {
      socket.end(framed(replyTo(query)));
    });
    const { names, answers } = askMany(createUpstream(server.port), 20);
    await runUntil(answers);
    const times = names.map((name) => server.asked.filter((asked) => asked === name).length);
    expect(Math.max(...times)).toBeLessThanOrEqual(3);
  });

  it('after five answers is given five at a time from then on', async () => {
    const server = await startServer((query, socket, nth) => {
      if (nth === 5) socket.end(framed(replyTo(query)));
      else if (nth < 5) socket.write(framed(replyTo(query)));
    });
    const upstream = createUpstream(server.port);
    const first = askMany(upstream, 12);
    expect(await runUntil(first.answers)).toEqual(first.names);
    server.asked.length = 0;
    const second = askMany(upstream, 12);
    expect(await runUntil(second.answers)).toEqual(second.names);
    expect(server.asked).toHaveLength(12);
  });

  it('once in a while is asked again at once, on a new connection', async () => {
    const server = await startServer((query, socket, nth) => {
      if (server.connections === 1) socket.destroy();
      else answer(query, socket, nth);
    });
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
    expect(server.connections).toBe(2);
  });

  it('by a reset is asked again at once', async () => {
    const server = await startServer((query, socket, nth) => {
      const raw = (socket as unknown as { _parent: Socket })._parent;
      if (server.connections === 1) raw.resetAndDestroy();
      else answer(query, socket, nth);
    });
    const { names, answers } = askMany(createUpstream(server.port), 5);
    expect(await answers).toEqual(names);
  });

  it('after half a message is asked again at once', async () => {
    const server = await startServer((query, socket, nth) => {
      if (server.connections === 1) socket.end(framed(replyTo(query)).subarray(0, 10));
      else answer(query, socket, nth);
    });
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
  });

  it('without any answer is asked three times and no more', async () => {
    const server = await startServer((_query, socket) => {
      socket.end();
    });
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('upstream-silent');
    expect(server.asked).toHaveLength(3);
  });

  it('is trusted with many queries at once again when it gives more than it used to', async () => {
    const server = await startServer((query, socket) => {
      socket.end(framed(replyTo(query)));
    });
    const upstream = createUpstream(server.port);
    await runUntil(askMany(upstream, 20).answers);
    server.behave = answer;
    for (let round = 0; round < 8; round += 1) {
      const { names, answers } = askMany(upstream, 40);
      expect(await runUntil(answers)).toEqual(names);
    }
    const before = server.connections;
    const { names, answers } = askMany(upstream, 100);
    expect(await runUntil(answers)).toEqual(names);
    expect(server.connections - before).toBeLessThanOrEqual(2);
  });
});

describe('a silent upstream', () => {
  it('is left for a new connection, where its queries are answered', async () => {
    const server = await startServer((query, socket, nth) => {
      if (server.connections > 1) answer(query, socket, nth);
    });
    const { names, answers } = askMany(createUpstream(server.port), 5);
    await eventually(() => server.asked.length === 5);
    clock.advance(SILENCE_MS);
    expect(await answers).toEqual(names);
    expect(server.connections).toBe(2);
  });

  it('fails a query at its deadline at the latest', async () => {
    const server = await startServer(never);
    const failed = ask(createUpstream(server.port), 'a.example');
    expect(await runUntil(failed)).toBe('upstream-silent');
    expect(clock.monotonic()).toBeLessThan(DEADLINE_MS + SILENCE_MS);
  });

  it('that was asked half a message ago is left too', async () => {
    const server = await startServer((query, socket, nth) => {
      if (server.connections > 1) answer(query, socket, nth);
      else socket.write(framed(replyTo(query)).subarray(0, 10));
    });
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('a.example');
  });

  it('over one of its queries answers those that twice were silent with it', async () => {
    const hung = new WeakSet<Socket>();
    const server = await startServer((query, socket, nth) => {
      if (questionName(query) === 'n0.example') hung.add(socket);
      if (!hung.has(socket)) answer(query, socket, nth);
    });
    const { names, answers } = askMany(createUpstream(server.port), 5);
    expect(await runUntil(answers)).toEqual(['upstream-silent', ...names.slice(1)]);
    expect(server.asked.filter((name) => name === 'n4.example')).toHaveLength(3);
  });
});

describe('an upstream that cannot be reached', () => {
  it('fails at once, says why in the log once, and answers as soon as it is back', async () => {
    const port = await freePort();
    const log = createLog();
    const upstream = createUpstream(port, ['127.0.0.1'], log);
    expect(await ask(upstream, 'a.example')).toBe('upstream-unreachable');
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'b.example')).toBe('upstream-unreachable');
    expect(log.warn).toHaveBeenCalledTimes(1);
    const server = await startServer(answer, { port });
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'c.example')).toBe('c.example');
    expect(log.info).toHaveBeenCalledExactlyOnceWith('upstream is back', expect.anything());
    expect(server.connections).toBe(1);
  });

  it('that fails in two ways by turns is told in the log once for each', async () => {
    const log = createLog();
    const reasons = ['no way leads there', 'no answer'];
    let tries = 0;
    const connect = async () => {
      tries += 1;
      throw new Error(reasons[tries % reasons.length]);
    };
    const upstream = createUpstream(0, ['127.0.0.1'], log, { connect } as unknown as TlsConnector);
    for (let query = 0; query < 6; query += 1) {
      await ask(upstream, 'a.example');
      clock.advance(MOST_BACKOFF_MS);
    }
    expect(tries).toBe(6);
    expect(log.warn).toHaveBeenCalledTimes(reasons.length);
  });

  it('is not connected to for each query while it backs off', async () => {
    const port = await freePort();
    const upstream = createUpstream(port);
    await ask(upstream, 'a.example');
    const server = await startServer(answer, { port });
    const early = ask(upstream, 'b.example');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.connections).toBe(0);
    clock.advance(50);
    expect(await early).toBe('b.example');
  });

  it('waits no longer than 800 ms between attempts, however often it failed', async () => {
    const port = await freePort();
    const upstream = createUpstream(port);
    for (let index = 0; index < 10; index += 1) {
      await ask(upstream, 'a.example');
      clock.advance(MOST_BACKOFF_MS);
    }
    await startServer(answer, { port });
    const late = ask(upstream, 'b.example');
    clock.advance(MOST_BACKOFF_MS);
    expect(await late).toBe('b.example');
  });

  it('is tried at once when its back-off is forgiven', async () => {
    const port = await freePort();
    const upstream = createUpstream(port);
    for (let index = 0; index < 5; index += 1) {
      await ask(upstream, 'a.example');
      clock.advance(MOST_BACKOFF_MS);
    }
    await ask(upstream, 'a.example');
    await startServer(answer, { port });
    const waiting = ask(upstream, 'b.example');
    upstream.forgive();
    expect(await waiting).toBe('b.example');
  });

  it('backs off from the least pause again when it has been forgiven', async () => {
    const port = await freePort();
    const upstream = createUpstream(port);
    for (let index = 0; index < 5; index += 1) {
      await ask(upstream, 'a.example');
      clock.advance(MOST_BACKOFF_MS);
    }
    upstream.forgive();
    await ask(upstream, 'a.example');
    await startServer(answer, { port });
    const waiting = ask(upstream, 'b.example');
    clock.advance(LEAST_BACKOFF_MS);
    expect(await waiting).toBe('b.example');
  });

  it('because it hangs up on every handshake, is not connected to without a pause', async () => {
    const port = await freePort();
    const hungUp = new PassThrough().destroy() as unknown as VerifiedSocket['socket'];
    const connect = vi.fn(async () => ({ socket: hungUp }) as VerifiedSocket);
    const upstream = createUpstream(port, ['127.0.0.1'], createLog(), {
      ...createTlsConnector({ clock }),
      connect,
    });
    expect(await ask(upstream, 'a.example')).toBe('upstream-unreachable');
    void ask(upstream, 'b.example');
    await new Promise(setImmediate);
    expect(connect).toHaveBeenCalledTimes(1);
  });

  it('because it never finishes the handshake, is given up', async () => {
    const port = await freePort();
    const mute = await startMute(port, '127.0.0.1');
    const failed = ask(createUpstream(port), 'a.example');
    await eventually(() => mute.attempts() === 1);
    clock.advance(CONNECT_TIMEOUT_MS);
    expect(await failed).toBe('upstream-unreachable');
  });

  it('because its first handshake is stalled, is not waited for: another connection is opened beside it', async () => {
    let connections = 0;
    const port = await freePort();
    const server = await startServer();
    // A relay in front of the upstream that never forwards its first connection.
    const relay = createTcpServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      closers.push(() => socket.destroy());
      if (connections > 1) socket.pipe(connectTcp(server.port, '127.0.0.1')).pipe(socket);
    });
    await new Promise<void>((resolve) => relay.listen(port, '127.0.0.1', resolve));
    closers.push(() => relay.close());
    const asked = ask(createUpstream(port), 'a.example');
    await eventually(() => connections === 1);
    clock.advance(IMPATIENCE_MS);
    expect(await asked).toBe('a.example');
    expect(connections).toBe(2);
  });
});

describe('two address families', () => {
  it('cost nothing when the dead one refuses', async () => {
    const server = await startServer();
    expect(await ask(createUpstream(server.port, ['::1', '127.0.0.1']), 'a.example')).toBe('a.example');
  });

  it('cost 200 ms when the dead one is silent, and nothing the next time', async () => {
    const port = await freePort();
    const mute = await startMute(port, '::1');
    const server = await startServer((query, socket) => socket.end(framed(replyTo(query))), { port });
    const upstream = createUpstream(port, ['::1', '127.0.0.1']);
    const first = ask(upstream, 'a.example');
    await eventually(() => mute.attempts() === 1);
    clock.advance(RACE_DELAY_MS);
    expect(await first).toBe('a.example');
    await eventually(() => server.open === 0);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
    expect(mute.attempts()).toBe(1);
  });

  it('both work alone', async () => {
    const server = await startServer(answer, { address: '::1' });
    expect(await ask(createUpstream(server.port, ['127.0.0.1', '::1']), 'a.example')).toBe('a.example');
  });
});

describe('an upstream whose address has to be learnt', () => {
  /** Addresses that the test changes; and what is said of them. */
  const createWhereabouts = (...addresses: string[]) => {
    const said: string[] = [];
    return {
      ...{ addresses, said, problem: 'nobody has found it' },
      reached: (address: string) => void said.push(`reached ${address}`),
      missed: () => void said.push('missed'),
    };
  };

  it('fails at once with the reason, without a word in the log, and is asked the moment that it is known', async () => {
    const [server, whereabouts, log] = [await startServer(), createWhereabouts(), createLog()];
    const upstream = createUpstream(server.port, whereabouts, log);
    expect(upstream.isLocated).toBe(false);
    const failed = exchangeWith(upstream, queryFor('a.example'), deadline(), { sendsLeft: 3, reserved: 0 });
    await expect(failed).rejects.toMatchObject({
      code: 'upstream-unreachable',
      message: expect.stringContaining('its address is not known yet: nobody has found it'),
    });
    expect(log.warn).not.toHaveBeenCalled();
    whereabouts.addresses.push('127.0.0.1');
    expect(upstream.isLocated).toBe(true);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
    expect(whereabouts.said).toEqual(['reached 127.0.0.1']);
  });

  it('says that nobody could be reached, or none that is the upstream', async () => {
    const server = await startServer(answer, { certificate: wrongName });
    const whereabouts = createWhereabouts('127.0.0.1');
    const upstream = createUpstream(server.port, whereabouts);
    expect(await ask(upstream, 'a.example')).toBe('upstream-untrusted');
    server.stop();
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'b.example')).toBe('upstream-unreachable');
    expect(whereabouts.said).toEqual(['missed', 'missed']);
  });

  it('is connected to at its new address when it has moved', async () => {
    const port = await freePort();
    const whereabouts = createWhereabouts('127.0.0.1');
    const before = await startServer(answer, { port });
    const upstream = createUpstream(port, whereabouts);
    expect(await ask(upstream, 'a.example')).toBe('a.example');
    before.stop();
    await startServer(answer, { port, address: '::1' });
    whereabouts.addresses[0] = '::1';
    await eventually(() => before.open === 0);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
    expect(whereabouts.said).toEqual(['reached 127.0.0.1', 'reached ::1']);
  });
});

describe('an upstream with a wrong name', () => {
  it('is refused and gets not one octet', async () => {
    const server = await startServer(answer, { certificate: wrongName });
    const log = createLog();
    const upstream = createUpstream(server.port, ['127.0.0.1'], log);
    expect(await ask(upstream, 'a.example')).toBe('upstream-untrusted');
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'b.example')).toBe('upstream-untrusted');
    await eventually(() => server.open === 0);
    expect(server.octets).toBe(0);
    expect(log.warn.mock.calls[0]![1]).toMatchObject({ reason: expect.stringContaining('identity') });
  });

  it('says so even where another of its addresses is only unreachable', async () => {
    const server = await startServer(answer, { certificate: wrongName });
    expect(await ask(createUpstream(server.port, ['127.0.0.1', '::1']), 'a.example')).toBe(
      'upstream-untrusted',
    );
  });

  it('is taken the moment it has its right one', async () => {
    const server = await startServer(answer, { certificate: wrongName });
    const upstream = createUpstream(server.port);
    expect(await ask(upstream, 'a.example')).toBe('upstream-untrusted');
    server.stop();
    await startServer(answer, { port: server.port });
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
  });
});

describe('closing', () => {
  it('fails what is under way and what comes after, and leaves neither timer nor connection', async () => {
    const server = await startServer(never);
    const upstream = createUpstream(server.port);
    const { answers } = askMany(upstream, 3);
    await eventually(() => server.asked.length === 3);
    upstream.close();
    expect(await answers).toEqual(Array(3).fill('upstream-unreachable'));
    expect(await ask(upstream, 'late.example')).toBe('upstream-unreachable');
    await eventually(() => server.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends a connection that was still being made', async () => {
    const server = await startServer();
    const upstream = createUpstream(server.port);
    const failed = ask(upstream, 'a.example');
    upstream.close();
    expect(await failed).toBe('upstream-unreachable');
    await eventually(() => server.attempts === 1 && server.open === 0);
    expect(server.octets).toBe(0);
  });
});

describe('a budget of sends', () => {
  it('that others have spent keeps a waiting query from being sent', async () => {
    const server = await startServer();
    const budget = { sendsLeft: 1, reserved: 0 };
    const waiting = exchangeWith(createUpstream(server.port), queryFor('a.example'), deadline(), budget);
    budget.sendsLeft = 0;
    await expect(waiting).rejects.toMatchObject({ code: 'upstream-silent' });
    expect(server.asked).toEqual([]);
  });
});

describe('behind the pool', () => {
  /** As `ask` asks a single one; a pool keeps a budget of its own. */
  const through = (pool: UpstreamPool): Asked => ({
    take: (exchange) =>
      void exchangeOver(pool, exchange.query, exchange.deadlineMs).then(
        (reply) => exchange.resolve(reply, layoutOf(reply)!),
        (error) => exchange.reject(error),
      ),
  });

  function createPool(...upstreams: readonly DotUpstream[]): Asked {
    const pool = new UpstreamPool({
      isUsable: () => true,
      upstreams,
      clock,
      onRecovery: () => {},
    });
    closers.push(() => pool.close());
    return through(pool);
  }

  it('one client query causes at most three upstream queries, however the upstream misbehaves', async () => {
    const server = await startServer((_query, socket) => {
      socket.end();
    });
    expect(await runUntil(ask(createPool(createUpstream(server.port)), 'a.example'))).toBe('upstream-silent');
    expect(server.asked.length).toBeLessThanOrEqual(3);
  });

  it('an upstream that closes every connection leaves a send for another one, which answers', async () => {
    const bad = await startServer((_query, socket) => {
      socket.end();
    });
    const good = await startServer();
    for (let at = 0; at < 6; at += 1) {
      const pool = createPool(createUpstream(bad.port), createUpstream(good.port));
      expect(await runUntil(ask(pool, `n${at}.example`))).toBe(`n${at}.example`);
    }
    expect(good.asked.length).toBe(6);
  });

  it('an upstream that fell silent is probed until it answers', async () => {
    const server = await startServer(never);
    const onRecovery = vi.fn();
    const pool = new UpstreamPool({
      isUsable: () => true,
      upstreams: [createUpstream(server.port)],
      clock,
      onRecovery,
    });
    closers.push(() => pool.close());
    await runUntil(ask(through(pool), 'a.example'));
    await runUntil(new Promise<void>((resolve) => void clock.after(10_000, resolve)), 50);
    server.behave = answer;
    await runUntil(
      eventually(() => onRecovery.mock.calls.length > 0, { withinMs: 3000 }),
      50,
    );
    expect(await ask(through(pool), 'b.example')).toBe('b.example');
  });
});
