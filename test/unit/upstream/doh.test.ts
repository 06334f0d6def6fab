// A DoH upstream against real HTTP servers on loopback that behave and misbehave. The clock stands still until the
// test moves it, so silence, back-off and races of addresses take no real time. What DoH shares with DoT (how
// connections are kept) is looked at closely in dot.test.ts; here is what HTTP adds.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import {
  constants,
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server as NetServer,
  type Socket,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import packet, { type StringAnswer } from 'dns-packet';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { Query } from '../../../src/dns/query.ts';
import { FLAG, readUint16, writeUint16 } from '../../../src/dns/wire.ts';
import type { Log } from '../../../src/observe/log.ts';
import { createTlsConnector } from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { DohUpstream } from '../../../src/upstream/doh.ts';
import { exchangeWith } from '../../../src/upstream/upstream.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { writtenAddresses } from '../../../src/upstream/whereabouts.ts';
import { answerWith, makeQuery, questionName, readReply } from '../../support/dns-message.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NAME = 'dns.example';
const PATH = '/dns-query';
const ADDRESS = '192.0.2.7';
const TTL_SECONDS = 60; // what answerWith gives
const DNS_MESSAGE = 'application/dns-message';
const DEADLINE_MS = 4500;
const SILENCE_MS = 1000; // up to one sweep after the 800 ms
const SWEEP_MS = 200;
const RACE_DELAY_MS = 200;
const MOST_BACKOFF_MS = 800;
const CONNECT_TIMEOUT_MS = 3000;
const MAX_STREAMS = 100;
const MAX_CONNECTIONS = 8;
const VERSIONS = ['h2', 'http/1.1'] as const;
type Version = (typeof VERSIONS)[number];

let clock = new SimulatedClock();
const directory = mkdtempSync(join(tmpdir(), 'noonmark-doh-upstream-'));
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

/** One request as a server sees it; `nth` counts those of its connection from 1. */
interface Asked {
  readonly query: Buffer;
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly session: ServerHttp2Session | undefined;
  readonly nth: number;
}
type Behaviour = (asked: Asked) => void;

interface Server {
  readonly port: number;
  /** Names that were asked, in the order in which they came. */
  readonly asked: string[];
  readonly requests: {
    readonly line: string;
    readonly headers: IncomingHttpHeaders;
    readonly query: Buffer;
  }[];
  /** TCP connections so far, and open now. */
  connections: number;
  open: number;
  behave: Behaviour;
  stop(): void;
}

interface ServerOptions {
  readonly version: Version;
  readonly certificate: IssuedCertificate;
  readonly port: number;
  readonly address: string;
  readonly maxStreams: number;
  /** Of each stream, at first. */
  readonly windowOctets: number;
  /** Sees each stream of HTTP/2 as soon as its header fields are there. */
  readonly onStream: (stream: ServerHttp2Stream) => void;
}

const respond =
  (body: (query: Buffer) => Uint8Array, headers: Record<string, string> = {}, status = 200): Behaviour =>
  ({ query, response }) => {
    response.writeHead(status, { 'content-type': DNS_MESSAGE, ...headers }).end(body(query));
  };
const answer = respond((query) => answerWith(query, ADDRESS));
const never: Behaviour = () => {};

async function startServer(
  behave: Behaviour = answer,
  options: Partial<ServerOptions> = {},
): Promise<Server> {
  const { version = 'h2', certificate = good, port = 0, address = '127.0.0.1' } = options;
  const { maxStreams, windowOctets, onStream = () => {} } = options;
  const credentials = {
    cert: readFileSync(certificate.certificateFile),
    key: readFileSync(certificate.keyFile),
  };
  const counts = new WeakMap<object, number>();
  const take = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const session = request.stream?.session as ServerHttp2Session | undefined;
    const connection = session ?? request.socket;
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    response.on('error', () => {});
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const query = Buffer.concat(chunks);
    const nth = (counts.get(connection) ?? 0) + 1;
    counts.set(connection, nth);
    server.requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, query });
    server.asked.push(questionName(query) ?? '?');
    // The two classes share all that is used here, but not their types.
    const common = response as unknown as ServerResponse;
    server.behave({ query, response: common, socket: request.socket, session, nth });
  };
  const takeSafely = (request: unknown, response: unknown) =>
    void take(request as Http2ServerRequest, response as Http2ServerResponse).catch(() => {});
  let net: NetServer;
  if (version === 'h2') {
    const settings = {
      ...(maxStreams === undefined ? {} : { maxConcurrentStreams: maxStreams }),
      ...(windowOctets === undefined ? {} : { initialWindowSize: windowOctets }),
    };
    net = createSecureServer({ ...credentials, settings }, takeSafely)
      .on('sessionError', () => {})
      .prependListener('stream', onStream);
  } else {
    const http = createHttpServer(takeSafely);
    net = createTlsServer({ ...credentials, ALPNProtocols: ['http/1.1'] }, (socket) =>
      http.emit('connection', socket),
    );
  }
  const server: Server = {
    port: await listen(net, { port, address }, () => server),
    asked: [],
    requests: [],
    connections: 0,
    open: 0,
    behave,
    stop: closers.at(-1)!,
  };
  return server;
}

async function listen(
  net: NetServer,
  { port, address }: { readonly port: number; readonly address: string },
  server: () => Pick<Server, 'connections' | 'open'>,
): Promise<number> {
  const sockets = new Set<Socket>();
  net.on('tlsClientError', () => {});
  net.on('connection', (socket: Socket) => {
    server().connections += 1;
    server().open += 1;
    sockets.add(socket.on('error', () => {}));
    socket.on('close', () => {
      server().open -= 1;
    });
  });
  closers.push(() => {
    net.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => net.listen(port, address, resolve));
  return (net.address() as AddressInfo).port;
}

/** Takes connections and never says a word. */
async function startMute(address: string) {
  const mute = { port: 0, connections: 0, open: 0 };
  const net = createTcpServer((socket) => socket.resume());
  mute.port = await listen(net, { port: await freePort(), address }, () => mute);
  return mute;
}

function createLog() {
  return { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() } satisfies Log;
}

function createUpstream(port: number, addresses = ['127.0.0.1'], log: Log = createLog()): DohUpstream {
  const config = {
    url: `https://${NAME}:${port}${PATH}`,
    protocol: 'https',
    path: PATH,
    serverName: NAME,
    port,
    addresses,
    caFile: null,
    pins: [],
  } as const;
  const upstream = new DohUpstream({
    ...{ config, anchors, whereabouts: writtenAddresses(addresses), clock, log },
    tls: createTlsConnector({ clock }),
  });
  closers.push(() => upstream.close());
  return upstream;
}

const queryFor = (name: string) => buildUpstreamQuery(new Query(makeQuery(name)));
const exchange = (upstream: DohUpstream, name: string, budget = { sendsLeft: 3, reserved: 0 }) =>
  exchangeWith(upstream, queryFor(name), clock.monotonic() + DEADLINE_MS, budget);

/** The name that was answered, or the failure; settled later. */
async function ask(
  upstream: DohUpstream,
  name: string,
  budget = { sendsLeft: 3, reserved: 0 },
): Promise<string> {
  try {
    return questionName(Buffer.from(await exchange(upstream, name, budget))) ?? '?';
  } catch (error) {
    return error instanceof UpstreamFailure ? error.code : String(error);
  }
}

function askMany(upstream: DohUpstream, count: number) {
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

/** Waits until no timer is left, letting those run that are. */
const quiet = () =>
  eventually(() => {
    if (clock.pendingTimers > 0) clock.advance(SWEEP_MS);
    return clock.pendingTimers === 0;
  });

/** A TCP reset from inside TLS, whose own socket is the one that can do it. */
function reset({ session, socket }: Asked): void {
  const inner = session === undefined ? socket : (session.socket as Socket & { _handle: unknown });
  const raw = (inner as unknown as { _parent?: Socket })._parent;
  if (raw) raw.resetAndDestroy();
  else socket.destroy();
}

/** Ends the connection without a word of HTTP about it. */
function hangUp({ session, socket }: Asked): void {
  if (session === undefined) socket.destroy();
  else session.destroy();
}

describe.each(VERSIONS)('over %s, a good upstream', (version) => {
  it('is asked by POST, with ID 0 and nothing that tells who asks', async () => {
    const server = await startServer(answer, { version });
    const reply = await exchange(createUpstream(server.port), 'a.example');
    expect(readReply(Buffer.from(reply)).answers).toEqual([`A ${ADDRESS}`]);
    const [{ line, headers, query }] = server.requests as [Server['requests'][number]];
    expect(line).toBe(`POST ${PATH}`);
    expect(readUint16(query, 0)).toBe(0);
    expect(query).toEqual(Buffer.from(queryFor('a.example')));
    const own = version === 'h2' ? [] : ['connection', 'host'];
    const told = Object.keys(headers).filter((name) => !name.startsWith(':'));
    expect(told.sort()).toEqual([...own, 'accept', 'content-length', 'content-type'].sort());
    expect(headers).toMatchObject({ accept: DNS_MESSAGE, 'content-type': DNS_MESSAGE });
  });

  it('answers many at a time', async () => {
    const server = await startServer(answer, { version });
    const { names, answers } = askMany(createUpstream(server.port), 50);
    expect(await answers).toEqual(names);
    expect(server.connections).toBeLessThanOrEqual(version === 'h2' ? 1 : MAX_CONNECTIONS);
  });

  it('keeps its connection for the next query', async () => {
    const server = await startServer(answer, { version });
    const upstream = createUpstream(server.port);
    expect(await ask(upstream, 'a.example')).toBe('a.example');
    clock.advance(60_000);
    expect(await ask(upstream, 'b.example')).toBe('b.example');
    expect(server.connections).toBe(1);
  });

  it('may answer in pieces, after an interim response', async () => {
    const server = await startServer(
      ({ query, response }) => {
        response.writeEarlyHints({ link: '</a>; rel=preload' });
        response.writeHead(200, {
          'content-type': `${DNS_MESSAGE}; charset=x`,
          'content-encoding': 'Identity',
        });
        for (const octet of answerWith(query, ADDRESS)) response.write(Buffer.of(octet));
        response.end();
      },
      { version },
    );
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
  });

  it('has the age of its answer taken off every TTL, down to 0', async () => {
    const server = await startServer(
      (asked) =>
        respond((query) => answerWith(query, ADDRESS), { age: asked.nth === 1 ? '10' : '999999' })(asked),
      { version },
    );
    const upstream = createUpstream(server.port);
    expect(ttlOfFirst(await exchange(upstream, 'a.example'))).toBe(TTL_SECONDS - 10);
    expect(ttlOfFirst(await exchange(upstream, 'a.example'))).toBe(0);
  });
});

describe('over h2', () => {
  it('answers come in any order', async () => {
    const waiting: Asked[] = [];
    const server = await startServer((asked) => {
      waiting.push(asked);
      if (waiting.length === 20) for (const one of waiting.toReversed()) answer(one);
    });
    const { names, answers } = askMany(createUpstream(server.port), 20);
    expect(await answers).toEqual(names);
    expect(server.connections).toBe(1);
  });

  it('a peer that allows few streams is asked no more than that many at a time', async () => {
    let [running, most] = [0, 0];
    const server = await startServer(
      (asked) => {
        running += 1;
        most = Math.max(most, running);
        setTimeout(() => {
          running -= 1;
          answer(asked);
        }, 2);
      },
      { maxStreams: 3 },
    );
    const { names, answers } = askMany(createUpstream(server.port), 30);
    expect(await answers).toEqual(names);
    expect(most).toBe(3);
  });

  it('more than a hundred at a time go over several connections', async () => {
    const waiting: Asked[] = [];
    const server = await startServer((asked) => void waiting.push(asked));
    const { names, answers } = askMany(createUpstream(server.port), MAX_STREAMS + 20);
    await eventually(() => waiting.length === names.length);
    for (const asked of waiting) answer(asked);
    expect(await answers).toEqual(names);
    expect(server.connections).toBe(2);
  });
});

describe('over http/1.1', () => {
  it('what nobody waits for any more takes its connection with it', async () => {
    const server = await startServer(never, { version: 'http/1.1' });
    const upstream = createUpstream(server.port);
    const exchange = { sendsLeft: 1, reserved: 0 };
    const slow = exchangeWith(upstream, queryFor('slow.example'), clock.monotonic() + SWEEP_MS, exchange);
    slow.catch(() => {});
    await eventually(() => server.asked.length === 1);
    clock.advance(SWEEP_MS);
    await eventually(() => server.open === 0);
    await expect(slow).rejects.toMatchObject({ code: 'upstream-silent' });
  });
});

describe.each(VERSIONS)('over %s, an upstream', (version) => {
  const start = (behave: Behaviour) => startServer(behave, { version });
  /** Misbehaves on its first connection only. */
  const onceOnly = async (fault: Behaviour) => {
    const server: Server = await start((asked) => {
      if (server.connections === 1) fault(asked);
      else answer(asked);
    });
    return server;
  };

  it.each<[string, Behaviour]>([
    ['hangs up', hangUp],
    ['resets', reset],
    [
      'hangs up in the middle of its answer',
      (asked) => {
        asked.response.writeHead(200, { 'content-type': DNS_MESSAGE, 'content-length': '100' });
        asked.response.write(Buffer.alloc(40));
        setTimeout(() => hangUp(asked), 5);
      },
    ],
  ])('that %s once is asked again at once, on a new connection', async (_, fault) => {
    const server = await onceOnly(fault);
    expect(await ask(createUpstream(server.port), 'a.example')).toBe('a.example');
    expect(server.connections).toBe(2);
  });

  it('that closed an idle connection is asked on a new one, at no cost', async () => {
    const server = await start((asked) => {
      answer(asked);
      setTimeout(() => hangUp(asked), 5);
    });
    const upstream = createUpstream(server.port);
    for (const name of ['a.example', 'b.example', 'c.example']) {
      expect(await ask(upstream, name, { sendsLeft: 1, reserved: 0 })).toBe(name);
      await eventually(() => server.open === 0);
    }
  });

  it('that always hangs up is asked three times and no more', async () => {
    const server = await start(hangUp);
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('upstream-silent');
    expect(server.asked).toHaveLength(3);
  });

  it('that always hangs up leaves the send that is kept for another', async () => {
    const server = await start(hangUp);
    const budget = { sendsLeft: 3, reserved: 1 };
    expect(await runUntil(ask(createUpstream(server.port), 'a.example', budget))).toBe('upstream-silent');
    expect(server.asked).toHaveLength(2);
    expect(budget.sendsLeft).toBe(1);
  });

  it('that hangs up after each answer still answers twenty queries at once', async () => {
    const server = await start((asked) => {
      if (asked.nth > 1) return; // it has made up its mind
      answer(asked);
      setTimeout(() => hangUp(asked), 5);
    });
    const { names, answers } = askMany(createUpstream(server.port), 20);
    expect(await runUntil(answers)).toEqual(names);
  });

  it('that is silent is left for a new connection', async () => {
    const server = await onceOnly(never);
    const answered = ask(createUpstream(server.port), 'a.example');
    await eventually(() => server.asked.length === 1);
    clock.advance(SILENCE_MS);
    expect(await answered).toBe('a.example');
    expect(server.connections).toBe(2);
  });

  it('that stops in the middle of its answer is left too', async () => {
    const server = await onceOnly(({ response }) => {
      response.writeHead(200, { 'content-type': DNS_MESSAGE });
      response.write(Buffer.alloc(40));
    });
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('a.example');
  });

  it('that sends interim responses without end is left too', async () => {
    const server = await onceOnly((asked) => {
      for (let nth = 0; nth < 20; nth += 1) asked.response.writeEarlyHints({ link: '</a>; rel=preload' });
      answer(asked);
    });
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('a.example');
    expect(server.connections).toBe(2);
  });

  it('that stays silent fails a query at its deadline at the latest', async () => {
    const server = await start(never);
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('upstream-silent');
    expect(clock.monotonic()).toBeLessThan(DEADLINE_MS + SILENCE_MS);
    await quiet();
  });

  const bad = (body: (query: Buffer) => Uint8Array) => respond(body);
  const flood: Behaviour = ({ response }) => {
    response.writeHead(200, { 'content-type': DNS_MESSAGE });
    for (let written = 0; written < 70; written += 1) response.write(Buffer.alloc(1024));
  };
  it.each<[string, Behaviour, RegExp]>([
    [
      'a redirect',
      respond(() => Buffer.alloc(0), { location: PATH }, 307),
      /status 307, and redirects are not/,
    ],
    ['404', respond(() => Buffer.from('no'), {}, 404), /status 404; check its path/],
    ['500', respond((query) => answerWith(query, ADDRESS), {}, 500), /the HTTP status 500$/],
    ['204', respond(() => Buffer.alloc(0), {}, 204), /the HTTP status 204$/],
    [
      'a web page',
      respond(() => Buffer.from('<html>'), { 'content-type': 'text/html' }),
      /something else than/,
    ],
    [
      'a compressed answer',
      respond((query) => gzipSync(answerWith(query, ADDRESS)), { 'content-encoding': 'gzip' }),
      /in a compressed form, which is not read/,
    ],
    ['more than any message has', flood, /more than 65535 octets/],
  ])('that answers with %s has failed, is asked once, and says why', async (_, behave, words) => {
    const server = await start(behave);
    const failed = exchange(createUpstream(server.port), 'a.example');
    await expect(failed).rejects.toMatchObject({
      code: 'upstream-unreachable',
      message: expect.stringMatching(words),
    });
    expect(server.asked).toHaveLength(1);
  });

  it.each<[string, Behaviour, RegExp]>([
    ['nothing', bad(() => Buffer.alloc(0)), /no reply to the query/],
    ['garbage', bad(() => Buffer.alloc(300, 0xa5)), /no reply to the query/],
    ['the query itself', bad((query) => query), /no reply to the query/],
    [
      'another question',
      bad(() => answerWith(makeQuery('b.example', 'A', { id: 0 }), ADDRESS)),
      /no reply to/,
    ],
    ['another ID', bad((query) => withId(answerWith(query, ADDRESS), 7)), /no reply to the query/],
    [
      'a truncated answer',
      bad((query) => withFlag(answerWith(query, ADDRESS), FLAG.TC)),
      /truncated message/,
    ],
    ['half an answer', bad((query) => answerWith(query, ADDRESS).subarray(0, 30)), /malformed message/],
    [
      'REFUSED without the question',
      bad(() => Buffer.from('000080050000000000000000', 'hex')),
      /answered REFUSED/,
    ],
  ])('that answers with %s has been heard, is asked once, and says why', async (_, behave, words) => {
    const server = await start(behave);
    const failed = exchange(createUpstream(server.port), 'a.example');
    await expect(failed).rejects.toMatchObject({
      code: 'upstream-garbled',
      message: expect.stringMatching(words),
    });
    expect(server.asked).toHaveLength(1);
  });

  it('that refuses is complained of once, and its return is told', async () => {
    const server = await start(respond(() => Buffer.alloc(0), {}, 404));
    const log = createLog();
    const upstream = createUpstream(server.port, ['127.0.0.1'], log);
    for (const name of ['a.example', 'b.example', 'c.example']) {
      expect(await ask(upstream, name)).toBe('upstream-unreachable');
    }
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.info).not.toHaveBeenCalled();
    server.behave = answer;
    expect(await ask(upstream, 'd.example')).toBe('d.example');
    expect(log.info).toHaveBeenCalledExactlyOnceWith('upstream is back', expect.anything());
  });
});

describe('an upstream that is done with a connection (GOAWAY)', () => {
  it('finishes what it has, and the next query goes over another, at no cost', async () => {
    const waiting: Asked[] = [];
    const server = await startServer((asked) => {
      if (server.connections > 1) answer(asked);
      else waiting.push(asked);
    });
    const upstream = createUpstream(server.port);
    const first = ask(upstream, 'a.example');
    await eventually(() => waiting.length === 1);
    waiting[0]!.session!.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await ask(upstream, 'b.example', { sendsLeft: 1, reserved: 0 })).toBe('b.example');
    answer(waiting[0]!);
    expect(await first).toBe('a.example');
    expect(server.connections).toBe(2);
    expect(server.asked).toEqual(['a.example', 'b.example']);
  });

  it('is asked on another what has not been sent on this one, at no cost', async () => {
    const waiting: Asked[] = [];
    const takeFirst: Behaviour = (asked) => {
      if (server.connections > 1) answer(asked);
      else waiting.push(asked);
    };
    const server: Server = await startServer(takeFirst, { maxStreams: 1 });
    const upstream = createUpstream(server.port);
    const first = ask(upstream, 'a.example');
    await eventually(() => waiting.length === 1);
    const second = ask(upstream, 'b.example', { sendsLeft: 1, reserved: 0 });
    waiting[0]!.session!.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
    expect(await second).toBe('b.example');
    answer(waiting[0]!);
    expect(await first).toBe('a.example');
  });

  it('before it looked at anything is asked again, and not for ever', async () => {
    const server = await startServer(({ session }) => {
      session!.goaway(constants.NGHTTP2_NO_ERROR, 0);
      session!.destroy();
    });
    expect(await runUntil(ask(createUpstream(server.port), 'a.example'))).toBe('upstream-silent');
    expect(server.connections).toBeLessThanOrEqual(6);
  });

  it('for one query takes others with it twice at most: then that query goes on alone', async () => {
    const server = await startServer((asked) => {
      if (questionName(asked.query) === 'pill.example')
        asked.session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0);
      else setTimeout(() => answer(asked), 20);
    });
    const upstream = createUpstream(server.port);
    const pill = ask(upstream, 'pill.example');
    const { names, answers } = askMany(upstream, 5);
    expect(await runUntil(answers, 1)).toEqual(names);
    expect(await runUntil(pill)).toBe('upstream-silent');
    expect(server.asked.filter((name) => name === 'pill.example')).toHaveLength(3);
  });

  it('at once, whatever is asked, makes no storm of connections', async () => {
    const server = await startServer(never);
    server.behave = ({ session }) => session!.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0);
    const { answers } = askMany(createUpstream(server.port), 5);
    await runUntil(answers);
    expect(server.connections).toBeLessThanOrEqual(15);
  });
});

describe('a stream', () => {
  it.each([
    ['reset', constants.NGHTTP2_INTERNAL_ERROR],
    ['refused', constants.NGHTTP2_REFUSED_STREAM],
    ['cancelled', constants.NGHTTP2_CANCEL],
    ['closed for no reason', constants.NGHTTP2_NO_ERROR],
  ])(
    'that is %s takes neither the connection nor other queries with it, and is tried thrice',
    async (_, code) => {
      const server = await startServer((asked) => {
        if (questionName(asked.query) !== 'bad.example') setTimeout(() => answer(asked), 20);
        else (asked.response as unknown as Http2ServerResponse).stream.close(code);
      });
      const upstream = createUpstream(server.port);
      const { names, answers } = askMany(upstream, 5);
      const bad = ask(upstream, 'bad.example');
      expect(await runUntil(answers)).toEqual(names);
      expect(await runUntil(bad)).toBe('upstream-silent');
      for (const name of names) expect(server.asked.filter((asked) => asked === name)).toHaveLength(1);
      expect(server.asked.filter((asked) => asked === 'bad.example')).toHaveLength(3);
      expect(server.connections).toBe(1);
    },
  );

  it('that is refused because the body of another is on its way is sent in a turn of its own from then on', async () => {
    let unfinished: ServerHttp2Stream | null = null;
    let refused = 0;
    const onStream = (stream: ServerHttp2Stream) => {
      if (unfinished !== null) {
        refused += 1;
        stream.close(constants.NGHTTP2_REFUSED_STREAM);
        return;
      }
      unfinished = stream;
      stream.once('end', () => {
        unfinished = null;
      });
    };
    const server = await startServer(answer, { onStream, windowOctets: 100 }); // so that a body takes its time
    const upstream = createUpstream(server.port);
    const first = askMany(upstream, 50);
    expect(await first.answers).toEqual(first.names);
    expect(refused).toBeGreaterThan(0);
    refused = 0;
    const second = askMany(upstream, 50);
    expect(await second.answers).toEqual(second.names);
    expect(refused).toBe(0);
    expect(server.connections).toBe(1);
  });

  it('that nobody waits for is ended, and the connection goes on', async () => {
    let isEnded = false;
    const server = await startServer((asked) => {
      if (questionName(asked.query) !== 'slow.example') answer(asked);
      else asked.response.on('close', () => (isEnded = true));
    });
    const upstream = createUpstream(server.port);
    const slow = ask(upstream, 'slow.example', { sendsLeft: 1, reserved: 0 });
    for (let passedMs = 0; passedMs <= DEADLINE_MS; passedMs += 500) {
      expect(await ask(upstream, 'quick.example')).toBe('quick.example');
      expect(isEnded).toBe(false);
      clock.advance(500);
    }
    expect(await slow).toBe('upstream-silent');
    await eventually(() => isEnded);
    expect(server.connections).toBe(1);
  });

  it('that nobody waits for is not begun', async () => {
    const waiting: Asked[] = [];
    const server = await startServer((asked) => void waiting.push(asked), { maxStreams: 1 });
    const upstream = createUpstream(server.port);
    const once = { sendsLeft: 1, reserved: 0 };
    const first = exchangeWith(upstream, queryFor('a.example'), 10 * DEADLINE_MS, once);
    const second = ask(upstream, 'b.example', { ...once, sendsLeft: 1 });
    await eventually(() => waiting.length === 1);
    clock.advance(DEADLINE_MS + SWEEP_MS);
    expect(await second).toBe('upstream-silent');
    answer(waiting[0]!);
    await first;
    const third = ask(upstream, 'c.example');
    await eventually(() => waiting.length === 2);
    answer(waiting[1]!);
    expect(await third).toBe('c.example');
    expect(server.asked).toEqual(['a.example', 'c.example']);
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
    expect(log.warn.mock.calls[0]![1]).toMatchObject({
      reason: expect.stringContaining('(nothing listens there)'),
    });
    await startServer(answer, { port });
    clock.advance(MOST_BACKOFF_MS);
    expect(await ask(upstream, 'c.example')).toBe('c.example');
    expect(log.info).toHaveBeenCalledExactlyOnceWith('upstream is back', expect.anything());
  });

  it('because it never finishes the handshake, is given up', async () => {
    const mute = await startMute('127.0.0.1');
    const failed = ask(createUpstream(mute.port), 'a.example');
    await eventually(() => mute.connections === 1);
    clock.advance(CONNECT_TIMEOUT_MS);
    expect(await failed).toBe('upstream-unreachable');
  });

  it('at one of its addresses costs 200 ms', async () => {
    const mute = await startMute('::1');
    await startServer(answer, { port: mute.port });
    const answered = ask(createUpstream(mute.port, ['::1', '127.0.0.1']), 'a.example');
    await eventually(() => mute.connections === 1);
    clock.advance(RACE_DELAY_MS);
    expect(await answered).toBe('a.example');
  });

  it('because it is somebody else gets no request', async () => {
    const server = await startServer(answer, { certificate: wrongName });
    const upstream = createUpstream(server.port);
    expect(await ask(upstream, 'a.example')).toBe('upstream-untrusted');
    expect(server.requests).toEqual([]);
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
});

function withId(message: Buffer, id: number): Buffer {
  writeUint16(message, 0, id);
  return message;
}

function withFlag(message: Buffer, flag: number): Buffer {
  writeUint16(message, 2, readUint16(message, 2) | flag);
  return message;
}

function ttlOfFirst(message: Uint8Array): number | undefined {
  const [first] = packet.decode(Buffer.from(message)).answers ?? [];
  return (first as StringAnswer | undefined)?.ttl;
}
