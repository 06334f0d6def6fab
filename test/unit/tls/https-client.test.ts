// Exchanges over HTTPS against servers on loopback, good and bad, over both versions of HTTP: what is reused, what is
// sent how often, and every bound.

import type { IncomingMessage } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createTlsConnector, type TlsTarget } from '../../../src/tls/connect.ts';
import { HttpsClient, type HttpsClientParts, HttpsFailure } from '../../../src/tls/https-client.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { PeerUntrusted } from '../../../src/tls/verdict.ts';
import { eventually } from '../../support/eventually.ts';
import { type Behaviour, type ListServer, startListServer } from '../../support/list-server.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAME = 'acme.example';
const VERSIONS = ['h2', 'http/1.1'] as const;
const WHOLE_MS = 30_000;
const KEPT_MS = 20_000;
const BODY_OCTETS_MAX = 262_144;

const pki = createPki(temporaryDirectory('https-client-pki'), { at: new SimulatedClock().now().epochMs });
const good = pki.issue({ names: [NAME] });
const anchors = TrustAnchors.fromFile(pki.rootFile);
const never = new AbortController().signal;

let clock: SimulatedClock;
let client: HttpsClient;
/** Every connection that the client has made. */
let sockets: TLSSocket[];
beforeEach(() => {
  clock = new SimulatedClock();
  sockets = [];
  client = clientWith({});
});

function clientWith(parts: Partial<HttpsClientParts>): HttpsClient {
  const tls = createTlsConnector({ clock });
  const connect = async (target: TlsTarget) => {
    const verified = await tls.connect(target);
    sockets.push(verified.socket);
    return verified;
  };
  const addressesOf = async () => ['127.0.0.1'];
  const made = new HttpsClient({ anchors, tls: { connect }, addressesOf, clock, ...parts });
  onTestFinished(() => made.close());
  return made;
}

async function serve(
  behave: Behaviour,
  version?: (typeof VERSIONS)[number],
  certificate = good,
): Promise<ListServer> {
  const server = await startListServer(certificate, behave, version);
  onTestFinished(() => server.close());
  return server;
}

const echo: Behaviour = (request, response) => {
  response.setHeader('x-method', request.method ?? '');
  request.pipe(response);
};

/** Undefined over HTTP/1.1. */
const streamOf = (request: IncomingMessage) => (request as { stream?: ServerHttp2Stream }).stream;
/** The whole connection, in both versions. */
function hangingUpOn(request: IncomingMessage): () => void {
  const connection = streamOf(request)?.session ?? request.socket;
  return () => void connection.destroy();
}

const urlOf = ({ port }: ListServer, path = '/') => `https://${NAME}:${port}${path}`;
const get = (server: ListServer, path?: string, signal = never) =>
  client.request({ url: urlOf(server, path), method: 'GET' }, signal);
const textOf = ({ body }: { body: Uint8Array }) => Buffer.from(body).toString();

describe.each(VERSIONS)('over %s', (version) => {
  it('requests go with their fields and bodies, one connection serves them all, and answers come whole', async () => {
    const server = await serve(echo, version);
    client = clientWith({ userAgent: 'Noonmark/1' });
    const headers = { 'content-type': 'application/jose+json' };
    const url = urlOf(server, '/new-order?a=b');
    const posted = await client.request({ url, method: 'POST', headers, body: '{"ö":1}' }, never);
    expect(posted).toMatchObject({ status: 200, headers: { 'x-method': 'POST' } });
    expect(textOf(posted)).toBe('{"ö":1}');
    expect(server.requests[0]).toMatchObject({
      path: '/new-order?a=b',
      headers: {
        ...headers,
        'user-agent': 'Noonmark/1',
        'accept-encoding': 'identity',
        'content-length': '8',
      },
    });
    expect(await client.request({ url, method: 'DELETE' }, never)).toMatchObject({
      headers: { 'x-method': 'DELETE' },
    });
    const got = await get(server);
    expect(got.headers).toMatchObject({ 'x-method': 'GET' });
    expect(got.body).toHaveLength(0);
    expect(sockets).toHaveLength(1);
  });

  it('a HEAD is answered by its fields alone', async () => {
    const server = await serve(
      (_, response) => void response.writeHead(200, { 'replay-nonce': 'abc' }).end(),
      version,
    );
    const answer = await client.request({ url: urlOf(server), method: 'HEAD' }, never);
    expect(answer).toMatchObject({ status: 200, headers: { 'replay-nonce': 'abc' } });
    expect(textOf(await get(server))).toBe('');
  });

  it('several values of a field are one', async () => {
    const server = await serve((_, response) => {
      response.writeHead(400, { link: ['<a>;rel="up"', '<b>;rel="index"'], 'set-cookie': ['a', 'b'] }).end();
    }, version);
    const { status, headers } = await get(server);
    expect(status).toBe(400);
    expect(headers).toMatchObject({ link: '<a>;rel="up", <b>;rel="index"', 'set-cookie': 'a, b' });
  });

  it('exchanges at the same time take turns on one connection', async () => {
    let atATime = 0;
    const server = await serve((request, response) => {
      atATime += 1;
      expect(atATime).toBe(1);
      setImmediate(() => {
        atATime -= 1;
        response.end(request.url);
      });
    }, version);
    const answers = await Promise.all(['/1', '/2', '/3'].map((path) => get(server, path)));
    expect(answers.map(textOf)).toEqual(['/1', '/2', '/3']);
    expect(sockets).toHaveLength(1);
  });

  it('a connection that was closed in between is followed by a new one', async () => {
    let hangUp = () => {};
    const server = await serve((request, response) => {
      hangUp = hangingUpOn(request);
      echo(request, response);
    }, version);
    await get(server);
    hangUp();
    await eventually(() => sockets[0]!.destroyed);
    await get(server);
    expect(sockets).toHaveLength(2);
    expect(server.requests).toHaveLength(2);
  });

  it('a request is not sent again when the server hangs up on it', async () => {
    const server = await serve(echo, version);
    await get(server);
    server.behave = (request) => hangingUpOn(request)();
    await expect(get(server)).rejects.toThrow(/^acme\.example (broke off|closed)/);
    expect(server.requests).toHaveLength(2);
    server.behave = echo;
    expect((await get(server)).status).toBe(200);
  });

  it('nor is it when a kept connection is cut on this side, as a jump of the date does', async () => {
    const { promise: isThere, resolve: there } = Promise.withResolvers<void>();
    const server = await serve((request, response) => {
      if (request.method !== 'POST') return void response.end();
      request.resume();
      request.on('end', () => there());
    }, version);
    await get(server);
    const asked = client.request({ url: urlOf(server), method: 'POST', body: '{}' }, never);
    const failure = expect(asked).rejects.toThrow(HttpsFailure);
    await isThere;
    for (const socket of sockets) socket.destroy();
    await failure;
    expect(server.requests).toHaveLength(2);
    expect(sockets).toHaveLength(1);
  });

  it('a kept connection is closed after a while, and no timer is left', async () => {
    const server = await serve(echo, version);
    await get(server);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(KEPT_MS - 1);
    await get(server);
    clock.advance(KEPT_MS - 1);
    expect(sockets[0]!.destroyed).toBe(false);
    clock.advance(1);
    expect(sockets[0]!.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
    await get(server);
    expect(sockets).toHaveLength(2);
  });

  it('a redirect is an answer like any other', async () => {
    const elsewhere = await serve(echo, version);
    const server = await serve(
      (_, response) => void response.writeHead(307, { location: urlOf(elsewhere) }).end('moved'),
      version,
    );
    const answer = await get(server);
    expect(answer).toMatchObject({ status: 307, headers: { location: urlOf(elsewhere) } });
    expect(textOf(answer)).toBe('moved');
    expect(elsewhere.requests).toHaveLength(0);
  });

  it('a body may have 256 KiB, and not an octet more', async () => {
    const server = await serve((request, response) => {
      response.end(Buffer.alloc(BODY_OCTETS_MAX + (request.url === '/more' ? 1 : 0)));
    }, version);
    expect((await get(server)).body).toHaveLength(BODY_OCTETS_MAX);
    await expect(get(server, '/more')).rejects.toThrow('acme.example answers with more than 262144 octets');
    expect(sockets[0]!.destroyed).toBe(true);
  });

  it('a body without an end is cut off', async () => {
    const server = await serve((_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour);
      pour();
    }, version);
    await expect(get(server)).rejects.toThrow('more than 262144 octets');
  });

  it('4 MB of header fields are not read', async () => {
    const server = await serve((request, response) => {
      if (version === 'h2') {
        const stream = streamOf(request)!;
        stream.on('error', () => {});
        const fields = Array.from({ length: 1_000 }, (_, n) => [`x-${n}`, 'a'.repeat(4_000)]);
        stream.respond({ ':status': 200, ...Object.fromEntries(fields) });
      } else response.writeHead(200, { 'x-long': 'a'.repeat(4_000_000) });
      response.end();
    }, version);
    await expect(get(server)).rejects.toThrow(/^acme\.example broke off/);
  });

  it.each([
    ['nothing', (() => {}) as Behaviour],
    ['a header and no more', ((_, response) => void response.flushHeaders()) as Behaviour],
    ['a part of the body', ((_, response) => void response.write('{')) as Behaviour],
  ])('a server that sends %s is left after 30 s', async (_what, behave) => {
    const server = await serve(behave, version);
    const asked = get(server);
    const outcome = expect(asked).rejects.toThrow('acme.example did not answer within 30 s');
    await eventually(() => server.requests.length === 1);
    clock.advance(WHOLE_MS);
    await outcome;
    expect(sockets[0]!.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('who asked may change his mind, and those who wait for their turn go on', async () => {
    const server = await serve(() => {}, version);
    const [first, second] = [new AbortController(), new AbortController()];
    const outcomes = [
      expect(get(server, '/1', first.signal)).rejects.toThrow('the first was not wanted'),
      expect(get(server, '/2', second.signal)).rejects.toThrow('nor the second'),
    ];
    const third = get(server, '/3');
    await eventually(() => server.requests.length === 1);
    second.abort(new Error('nor the second'));
    server.behave = echo;
    first.abort(new Error('the first was not wanted'));
    await Promise.all(outcomes);
    expect((await third).status).toBe(200);
    expect(server.requests.map(({ path }) => path)).toEqual(['/1', '/3']);
  });

  it('compression that was not asked for is refused', async () => {
    const server = await serve(
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
      version,
    );
    await expect(get(server)).rejects.toThrow('acme.example compresses its answer');
  });
});

it('a request that could not be sent, because its server was done with the connection, goes over another', async () => {
  const server = await serve((_, response) => void response.setHeader('connection', 'close').end());
  await get(server);
  await get(server);
  expect(sockets).toHaveLength(2);
  expect(server.requests).toHaveLength(2);
});

it('the same after GOAWAY', async () => {
  const server = await serve(echo, 'h2');
  await get(server);
  server.behave = (request, response) => {
    response.end('the last');
    streamOf(request)!.session!.goaway();
  };
  expect(textOf(await get(server))).toBe('the last');
  server.behave = echo;
  await get(server);
  expect(server.requests).toHaveLength(3);
  expect(sockets).toHaveLength(2);
});

describe('nothing is asked of', () => {
  it.each([
    [
      'a server that another CA vouches for',
      { names: [NAME], issuer: pki.authority({ subject: 'Other', issuer: 'self' }) },
    ],
    ['a server of another name', { names: ['other.example'] }],
  ])('%s', async (_what, spec) => {
    const server = await serve(echo, 'h2', pki.issue(spec));
    const failure = await get(server).catch((error) => error);
    expect(failure).toBeInstanceOf(HttpsFailure);
    expect(failure).toMatchObject({
      code: 'https-failure',
      message: /^acme\.example cannot be connected to: /,
    });
    expect((failure.cause as AggregateError).errors[0]).toBeInstanceOf(PeerUntrusted);
    expect(server.requests).toHaveLength(0);
  });

  it.each([
    ['http://acme.example/', 'only https:// is'],
    ['file:///etc/passwd', 'only https:// is'],
    ['https://name:secret@acme.example/', 'only https:// is'],
    ['acme.example', 'is no URL'],
  ])('%s', async (url, problem) => {
    const failure = await client.request({ url, method: 'GET' }, never).catch((error) => error);
    expect(failure).toBeInstanceOf(HttpsFailure);
    expect(failure.message).toContain(problem);
    expect(failure.message).not.toContain('secret');
  });

  it.each([
    [async () => [], 'acme.example has no address'],
    [() => Promise.reject(new Error('no upstream')), 'acme.example cannot be looked up: no upstream'],
  ])('a host that is not found', async (addressesOf, problem) => {
    client = clientWith({ addressesOf });
    await expect(client.request({ url: `https://${NAME}/`, method: 'GET' }, never)).rejects.toThrow(problem);
  });

  it('anybody while the clock is untrusted', async () => {
    const server = await serve(echo);
    clock.setState('untrusted');
    await expect(get(server)).rejects.toThrow(/cannot be connected to: no certificate can be judged/);
  });

  it('anybody for a signal that was given up before', async () => {
    const server = await serve(echo);
    await expect(get(server, '/', AbortSignal.abort(new Error('not wanted')))).rejects.toThrow('not wanted');
    expect(clock.pendingTimers).toBe(0);
  });
});

it('of several addresses one that works is enough', async () => {
  const server = await serve(echo);
  client = clientWith({ addressesOf: async () => ['127.0.0.2', '127.0.0.1'] });
  expect((await get(server)).status).toBe(200);
});

it('the connections that are kept are few', async () => {
  const servers = await Promise.all(Array.from({ length: 17 }, () => serve(echo)));
  for (const server of servers) await get(server);
  expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(16);
  expect(sockets[0]!.destroyed).toBe(true);
});

it('so are those who wait for one host', async () => {
  const server = await serve(() => {});
  const end = new AbortController();
  const waiting = Array.from({ length: 128 }, () => get(server, '/', end.signal));
  const outcomes = Promise.allSettled(waiting);
  await expect(get(server)).rejects.toThrow('acme.example is asked 128 things already');
  end.abort(new Error('enough'));
  expect((await outcomes).every(({ status }) => status === 'rejected')).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

it('when it is closed, what is under way fails, and no connection and no timer is left', async () => {
  const server = await serve(() => {});
  const outcome = expect(get(server)).rejects.toThrow(HttpsFailure);
  await eventually(() => server.requests.length === 1);
  client.close();
  await outcome;
  await expect(get(server)).rejects.toThrow('the connections were closed');
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});
