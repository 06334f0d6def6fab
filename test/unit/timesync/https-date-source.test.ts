// The Date of HTTPS read from real servers on loopback, over both versions of HTTP, honest and otherwise.
// The clock stands still unless a test moves it, so what a sample says can be compared to the millisecond.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { type HttpsDateParts, HttpsDateSource } from '../../../src/timesync/https-date-source.ts';
import { TimeSourceFailure } from '../../../src/timesync/source.ts';
import { createTlsConnector, type VerifiedSocket } from '../../../src/tls/connect.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NAME = 'time.example';
const DATE = 'Sun, 22 Nov 2026 18:00:00 GMT';
const DATE_MS = Date.UTC(2026, 10, 22, 18);
const MAX_DELAY_MS = 1000;
const ANSWER_WITHIN_MS = 1500;
const RACE_DELAY_MS = 200;

let clock = new SimulatedClock();
const directory = mkdtempSync(join(tmpdir(), 'noonmark-https-date-'));
const pki = createPki(directory, { at: clock.now().epochMs });
const anchors = TrustAnchors.fromFile(pki.rootFile);
const good = pki.issue({ names: [NAME] });

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
  clock = new SimulatedClock();
});
afterAll(() => rmSync(directory, { recursive: true }));

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;
type Behaviour = (response: Response, request: Request) => void;
type Fields = Readonly<Record<string, string | string[]>>;

/** Answers with these fields, and no Date of its own. */
const respond =
  (fields: Fields, status = 200): Behaviour =>
  (response) => {
    response.sendDate = false;
    // The two classes have the same method, but no common signature.
    (response as ServerResponse).writeHead(status, fields).end();
  };
const honest = respond({ date: DATE });

interface Peer {
  readonly port: number;
  readonly requests: { readonly method: string; readonly path: string; readonly headers: Fields }[];
  /** Connections that are open now. */
  open: number;
}

interface PeerOptions {
  readonly version?: 'h2' | 'http/1.1';
  readonly certificate?: IssuedCertificate;
  readonly address?: string;
  readonly port?: number;
}

async function startPeer(behave: Behaviour = honest, options: PeerOptions = {}): Promise<Peer> {
  const { version = 'h2', certificate = good } = options;
  const credentials = {
    cert: readFileSync(certificate.certificateFile),
    key: readFileSync(certificate.keyFile),
  };
  const take = (request: Request, response: Response) => {
    const { method = '', url = '', headers } = request;
    peer.requests.push({ method, path: url, headers: headers as Fields });
    behave(response, request);
  };
  let server: Server;
  if (version === 'h2') {
    server = createSecureServer(credentials, take).on('sessionError', () => {});
  } else {
    const http = createHttpServer(take);
    server = createTlsServer({ ...credentials, ALPNProtocols: ['http/1.1'] }, (socket) =>
      http.emit('connection', socket),
    );
  }
  const peer: Peer = { port: await listen(server, options, () => peer), requests: [], open: 0 };
  return peer;
}

async function listen(
  server: Server,
  { address = '127.0.0.1', port = 0 }: PeerOptions = {},
  peer: () => Pick<Peer, 'open'> = () => ({ open: 0 }),
): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    peer().open += 1;
    sockets.add(socket.on('error', () => {}));
    socket.on('close', () => {
      peer().open -= 1;
    });
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return (server.address() as AddressInfo).port;
}

function createSource(port: number, more: Partial<HttpsDateParts> = {}): HttpsDateSource {
  return new HttpsDateSource({
    url: `https://${NAME}:${port}/`,
    host: NAME,
    addresses: ['127.0.0.1'],
    port,
    path: '/',
    anchors,
    pins: [],
    operator: null,
    prefer: false,
    trusted: false,
    tls: createTlsConnector({ clock }),
    clock,
    leastPauseMs: 64_000,
    ...more,
  });
}

const never = new AbortController().signal;

/** The failure as "code: words". */
async function failure(source: HttpsDateSource): Promise<string> {
  const error = await source.sample(never).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TimeSourceFailure);
  const { code, message } = error as TimeSourceFailure;
  return `${code}: ${message}`;
}

describe.each(['h2', 'http/1.1'] as const)('over %s', (version) => {
  it('the middle of the second that the Date names is taken, at the middle of the exchange', async () => {
    const behave: Behaviour = (response, request) => {
      clock.advance(80);
      honest(response, request);
    };
    const { port } = await startPeer(behave, { version });
    clock.advance(1000);
    const sample = await createSource(port).sample(never);
    expect(sample).toMatchObject({ utcMs: DATE_MS + 500, atMs: 1040, boundMs: 1540, delayMs: 80 });
  });

  it.each([200, 204, 301, 400, 404, 503])(
    'the status %i has a Date as well, and none is followed',
    async (status) => {
      const peer = await startPeer(respond({ date: DATE, location: '/elsewhere' }, status), { version });
      await expect(createSource(peer.port).sample(never)).resolves.toMatchObject({ utcMs: DATE_MS + 500 });
      expect(peer.requests).toHaveLength(1);
    },
  );

  it('nothing is told but host, path and that no cache may answer', async () => {
    const peer = await startPeer(honest, { version });
    await createSource(peer.port, { path: '/now?x=1' }).sample(never);
    const [{ method, path, headers }] = peer.requests as [Peer['requests'][number]];
    expect([method, path]).toEqual(['HEAD', '/now?x=1']);
    const own = version === 'h2' ? [] : ['connection', 'host'];
    expect(
      Object.keys(headers)
        .filter((name) => !name.startsWith(':'))
        .sort(),
    ).toEqual([...own, 'cache-control'].sort());
  });

  it('the connection is closed when the header fields are there', async () => {
    const peer = await startPeer(honest, { version });
    await createSource(peer.port).sample(never);
    await eventually(() => peer.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('an interim response is passed over', async () => {
    const behave: Behaviour = (response, request) => {
      response.writeEarlyHints({ link: '</a>; rel=preload' });
      honest(response, request);
    };
    const { port } = await startPeer(behave, { version });
    await expect(createSource(port).sample(never)).resolves.toMatchObject({ utcMs: DATE_MS + 500 });
  });

  it.each<[string, Fields, string]>([
    ['without a Date', { server: 'x' }, 'refused: it sent no Date'],
    [
      'with an obsolete Date',
      { date: 'Sunday, 06-Nov-94 08:49:37 GMT' },
      'refused: its Date is no HTTP date: "Sunday, 06-Nov-94 08:49:37 GMT"',
    ],
    [
      'with a long Date',
      { date: 'x'.repeat(9000) },
      `refused: its Date is no HTTP date: "${'x'.repeat(40)}"`,
    ],
    ['of a cache', { date: DATE, age: '12' }, 'refused: a cache answered in its place (Age: "12")'],
    [
      'of a cache that hides it',
      { date: DATE, age: '-1' },
      'refused: a cache answered in its place (Age: "-1")',
    ],
  ])('a response %s is refused', async (_, fields, words) => {
    const { port } = await startPeer(respond(fields), { version });
    expect(await failure(createSource(port))).toBe(words);
  });

  it('a response that a cache got this very second will do', async () => {
    const { port } = await startPeer(respond({ date: DATE, age: '0' }), { version });
    await expect(createSource(port).sample(never)).resolves.toMatchObject({ utcMs: DATE_MS + 500 });
  });

  it('a response that took more than a second is refused, and none is waited for longer', async () => {
    const peer = await startPeer(() => {}, { version });
    const failed = failure(createSource(peer.port));
    await eventually(() => peer.requests.length === 1);
    clock.advance(MAX_DELAY_MS);
    expect(await failed).toBe('refused: its answer took longer than 1000 ms');
    await eventually(() => peer.open === 0);
  });

  it('more than 64 KiB of header fields are not read', async () => {
    const fields = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'y'.repeat(1000)]));
    const { port } = await startPeer(respond({ date: DATE, ...fields }), { version });
    expect(await failure(createSource(port))).toMatch(/^silent: /);
  });

  it('a connection that ends without an answer is silence', async () => {
    const peer = await startPeer((response) => void response.socket?.destroy(), { version });
    expect(await failure(createSource(peer.port))).toMatch(/^silent: /);
    expect(peer.requests).toHaveLength(1);
  });
});

it('a connection whose peer hung up right after the handshake is silence, without a wait', async () => {
  const socket = new PassThrough().destroy() as unknown as VerifiedSocket['socket'];
  const connect = async () => ({ socket }) as VerifiedSocket;
  const tls = { connect, connectRelaxed: connect };
  expect(await failure(createSource(443, { tls }))).toBe('silent: it closed the connection');
});

describe('who is asked', () => {
  it('is the first of several addresses that answers; the others are let go', async () => {
    const mute = await startMute('127.0.0.2');
    const peer = await startPeer(honest, { port: mute.port });
    const source = createSource(peer.port, { addresses: ['127.0.0.2', '127.0.0.1'] });
    const sampled = source.sample(never);
    await eventually(() => mute.open === 1);
    clock.advance(RACE_DELAY_MS);
    await expect(sampled).resolves.toMatchObject({ utcMs: DATE_MS + 500 });
    await eventually(() => mute.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is nobody when nothing listens', async () => {
    const port = await freePort();
    expect(await failure(createSource(port))).toContain(`(nothing listens there)`);
    expect(await failure(createSource(port))).toMatch(/^silent: /);
  });

  it('is nobody when no handshake comes about in time', async () => {
    const mute = await startMute('127.0.0.1');
    const failed = failure(createSource(mute.port));
    await eventually(() => mute.open === 1);
    clock.advance(ANSWER_WITHIN_MS);
    expect(await failed).toMatch(/^silent: .*did not finish its TLS handshake/);
  });

  it('is nobody with another name, and it gets no request', async () => {
    const peer = await startPeer(honest, { certificate: pki.issue({ names: ['other.example'] }) });
    expect(await failure(createSource(peer.port))).toMatch(/^refused: .*is not trusted: identity: /);
    await eventually(() => peer.open === 0);
    expect(peer.requests).toEqual([]);
  });

  it('is nobody with another key than the pinned one', async () => {
    const peer = await startPeer();
    const pins = [`sha256/${Buffer.alloc(32).toString('base64')}`];
    expect(await failure(createSource(peer.port, { pins }))).toMatch(/^refused: .*pinned/);
    expect(peer.requests).toEqual([]);
  });

  it('matters more where it was refused than where it was silent', async () => {
    const peer = await startPeer(respond({}));
    const source = createSource(peer.port, { addresses: ['127.0.0.1', '::1'] });
    expect(await failure(source)).toBe('refused: it sent no Date');
  });

  it('is nobody any more once the round is over, and its reason is passed on', async () => {
    const peer = await startPeer(() => {});
    const round = new AbortController();
    const sampled = createSource(peer.port).sample(round.signal);
    await eventually(() => peer.requests.length === 1);
    const reason = new Error('the round is over');
    round.abort(reason);
    await expect(sampled).rejects.toBe(reason);
    await eventually(() => peer.open === 0);
    expect(clock.pendingTimers).toBe(0);
    await expect(createSource(peer.port).sample(round.signal)).rejects.toBe(reason);
  });
});

describe('what stands behind a sample', () => {
  it('is asked strictly while the date is known', async () => {
    const tls = createTlsConnector({ clock });
    const relaxed = vi.spyOn(tls, 'connectRelaxed');
    const { port } = await startPeer();
    await createSource(port, { tls }).sample(never);
    expect(relaxed).not.toHaveBeenCalled();
  });

  it('is asked relaxed, from the hard floor on, while it is not, whatever the floor has become', async () => {
    clock = new SimulatedClock({ state: 'untrusted', epochMs: 0 });
    vi.spyOn(clock, 'floorMs', 'get').mockReturnValue(HARD_FLOOR_MS + 86_400_000);
    const tls = createTlsConnector({ clock });
    const relaxed = vi.spyOn(tls, 'connectRelaxed');
    const { port } = await startPeer();
    await expect(createSource(port, { tls }).sample(never)).resolves.toMatchObject({ utcMs: DATE_MS + 500 });
    expect(relaxed).toHaveBeenCalledExactlyOnceWith(expect.anything(), HARD_FLOOR_MS);
  });

  it('can be judged again at another instant', async () => {
    const { port } = await startPeer();
    const { isProvenAt } = await createSource(port).sample(never);
    const nowMs = clock.now().epochMs;
    expect(isProvenAt?.(nowMs)).toBe(true);
    expect(isProvenAt?.(nowMs + 365 * 86_400_000)).toBe(false);
  });
});

describe('the vote', () => {
  it.each([
    ['the host', null, NAME],
    ['the operator where one is named', 'torix', 'torix'],
  ])('is that of %s', (_, operator, vote) => {
    const { isAuthenticated, ...source } = createSource(443, { operator });
    expect(isAuthenticated).toBe(true);
    expect(source).toMatchObject({ vote, peer: `${NAME} at 127.0.0.1` });
  });
});

/** Takes connections and never says a word. */
async function startMute(address: string): Promise<{ readonly port: number; open: number }> {
  const mute = { port: 0, open: 0 };
  mute.port = await listen(
    createTcpServer((socket) => socket.resume()),
    { address, port: await freePort() },
    () => mute,
  );
  return mute;
}
