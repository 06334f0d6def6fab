// What DoH says in HTTP (RFC 8484, RFC 9110), over HTTP/2 and HTTP/1.1: status codes, headers, bodies that are too
// long, too slow or without end; and that no bad request spoils its connection. curl gives a second opinion.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { constants } from 'node:http2';
import { Agent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { Answer } from '../../src/dns/answer.ts';
import { DohListener } from '../../src/listener/doh.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { createPki } from '../support/pki.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../support/simulated-clock.ts';
import {
  clientTls,
  DEFAULT_LIMITS,
  mostInOneTurn,
  openSession,
  SERVER_NAME,
  storeOf,
  TinyResolver,
} from './front-doors.ts';

const PATH = '/dns-query';
const TYPE = 'application/dns-message';
const BODY_TIMEOUT_MS = 10_000;
const FAREWELL_MS = 500;
const TTL_SECONDS = 60;

const directory = mkdtempSync(join(tmpdir(), 'noonmark-doh-'));
const pki = createPki(directory);
const certificate = pki.issue({ names: [SERVER_NAME] });
const ca = readFileSync(pki.rootFile, 'utf8');
afterAll(() => rmSync(directory, { recursive: true }));

const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Writes the body and does not end it. */
  readonly isOpenEnded?: boolean;
}

interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

type Ask = (asked: Asked) => Promise<Said>;

async function open(options?: SimulatedClockOptions) {
  const clock = new SimulatedClock(options);
  const resolver = new TinyResolver();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const listener = new DohListener({
    addresses: [{ address: '127.0.0.1', port: 0, family: 4 }],
    resolver,
    clock,
    log,
    limits: DEFAULT_LIMITS,
    limitLog: new LimitLog(log, clock),
    certificates: storeOf(certificate),
  });
  await listener.start();
  closers.push(
    () => listener.stop(0).then(() => {}),
    () => clock.advance(1),
  );
  return { clock, resolver, listener, address: listener.addresses[0]! };
}

type House = Awaited<ReturnType<typeof open>>;

async function overHttp2({ address }: House): Promise<Ask> {
  const session = await openSession(address, ca);
  closers.push(() => session.destroy());
  return ({ method = 'GET', path = PATH, headers = {}, body, isOpenEnded = false }) =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, ...headers }, { endStream: false });
      let head: Said['headers'] & { ':status'?: number } = {};
      const chunks: Uint8Array[] = [];
      stream.on('response', (received) => (head = received as typeof head));
      stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
      stream.on('error', () => {});
      const done = () =>
        head[':status'] === undefined
          ? reject(new Error('no response'))
          : resolve({ status: head[':status'], headers: head, body: Buffer.concat(chunks) });
      stream.on('end', done);
      stream.on('close', done);
      if (isOpenEnded) stream.write(body);
      else stream.end(body);
    });
}

async function overHttp1({ address }: House): Promise<Ask> {
  const socket = connect({ ...clientTls(address.address, ca, ['http/1.1']), port: address.port });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  closers.push(() => void socket.destroy());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  return ({ method = 'GET', path = PATH, headers = {}, body, isOpenEnded = false }) =>
    new Promise((resolve, reject) => {
      const asked = httpsRequest({ agent, host: SERVER_NAME, method, path, headers });
      asked.on('error', reject);
      asked.on('response', async (response: IncomingMessage) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of response) chunks.push(chunk as Uint8Array);
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) });
      });
      if (isOpenEnded) asked.write(body);
      else asked.end(body);
    });
}

const inUrl = (wire: Uint8Array) => `${PATH}?dns=${Buffer.from(wire).toString('base64url')}`;
const post = (body: Uint8Array, contentType = TYPE): Asked => ({
  method: 'POST',
  headers: { 'content-type': contentType, 'content-length': String(body.length) },
  body,
});
const QUERY = makeQuery('www.example', 'A', { id: 0 });

const VERSIONS = [
  { version: 'HTTP/2', connectTo: overHttp2, mostInOneTurn: 16 },
  { version: 'HTTP/1.1', connectTo: overHttp1, mostInOneTurn: 8 },
];

describe.each(VERSIONS)('over $version', ({ connectTo, version }) => {
  it.each([
    ['GET', { path: inUrl(QUERY) }],
    ['POST', post(QUERY)],
    ['POST with parameters on its type', post(QUERY, `${TYPE}; charset=x`)],
    ['POST with its type in capitals', post(QUERY, TYPE.toUpperCase())],
    ['GET with another parameter beside it', { path: `${inUrl(QUERY)}&ct=x` }],
  ] as [string, Asked][])('%s is answered with ID 0, type, length and age', async (_what, asked) => {
    const said = await (await connectTo(await open()))(asked);
    expect(said.status).toBe(200);
    expect(said.headers).toMatchObject({
      'content-type': TYPE,
      'content-length': String(said.body.length),
      'cache-control': `max-age=${TTL_SECONDS}`,
    });
    expect(readReply(said.body)).toMatchObject({ id: 0, questionName: 'www.example', rcode: 'NOERROR' });
  });

  it('HEAD gives the headers of GET and no body', async () => {
    const ask = await connectTo(await open());
    const get = await ask({ path: inUrl(QUERY) });
    const head = await ask({ method: 'HEAD', path: inUrl(QUERY) });
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    for (const name of ['content-type', 'content-length', 'cache-control'])
      expect(head.headers[name]).toBe(get.headers[name]);
  });

  it('no page of the web may read an answer: nothing allows it, whoever asks (CORS)', async () => {
    const ask = await connectTo(await open());
    const headers = { origin: 'https://attacker.example' };
    for (const asked of [{ path: inUrl(QUERY) }, post(QUERY), { method: 'OPTIONS' }]) {
      const said = await ask({
        ...asked,
        headers: { ...('headers' in asked ? asked.headers : {}), ...headers },
      });
      expect(Object.keys(said.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  const WRONG: [number, string, Asked][] = [
    [404, 'another path', { path: '/' }],
    [404, 'a path that only begins alike', { path: '/dns-query/x' }],
    [404, 'another path with a query', { path: inUrl(QUERY).replace('dns-query', 'resolve') }],
    [404, 'a POST to another path', { ...post(QUERY), path: '/upload' }],
    [400, 'no parameter', {}],
    [400, 'an empty parameter', { path: `${PATH}?dns=` }],
    [400, 'base64 that is not base64url', { path: `${PATH}?dns=AAA+/w` }],
    [400, 'base64url with padding', { path: `${PATH}?dns=AAABAA==` }],
    [400, 'base64url of impossible length', { path: `${PATH}?dns=AAAAA` }],
    [400, 'a query that the resolver drops', { path: inUrl(makeQuery('drop.example')) }],
    [400, 'octets that are no query', post(Buffer.from('not DNS'))],
    [400, 'an empty body', post(Buffer.alloc(0))],
    [405, 'PUT', { ...post(QUERY), method: 'PUT' }],
    [405, 'DELETE', { method: 'DELETE', path: inUrl(QUERY) }],
    [405, 'OPTIONS', { method: 'OPTIONS' }],
    [413, '70,000 octets that are announced', post(Buffer.alloc(70_000))],
    [415, 'another type', post(QUERY, 'application/dns-json')],
    [415, 'no type', { method: 'POST', body: QUERY, headers: { 'content-length': String(QUERY.length) } }],
    [415, 'a type that only begins alike', post(QUERY, `${TYPE}x`)],
  ];

  it.each(WRONG)('%i for %s, in words, and the connection goes on', async (status, _what, asked) => {
    const house = await open();
    const ask = await connectTo(house);
    const said = await ask(asked);
    expect(said.status).toBe(status);
    expect(said.headers.allow).toBe(status === 405 ? 'GET, HEAD, POST' : undefined);
    expect(said.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(said.headers['cache-control']).toBeUndefined();
    expect(said.headers['content-length']).toBe(String(said.body.length));
    expect(said.body.toString()).toMatch(/^[a-zA-Z].*\n$/);
    expect((await ask(post(QUERY))).status).toBe(200);
  });

  it('413 for 70,000 octets, twenty times on one connection, still lets a query through', async () => {
    const ask = await connectTo(await open());
    for (let index = 0; index < 20; index += 1)
      expect((await ask(post(Buffer.alloc(70_000)))).status).toBe(413);
    expect((await ask(post(QUERY))).status).toBe(200);
  });

  it('413 for a body without length that does not end, which is cut', async () => {
    const house = await open();
    const ask = await connectTo(house);
    const headers = { 'content-type': TYPE };
    const said = await ask({ method: 'POST', headers, body: Buffer.alloc(70_000), isOpenEnded: true });
    expect(said.status).toBe(413);
    if (version === 'HTTP/1.1') expect(said.headers.connection).toBe('close');
    else expect((await ask(post(QUERY))).status).toBe(200);
  });

  it('408 for a body that does not come within ten seconds', async () => {
    const house = await open();
    const ask = await connectTo(house);
    const timersBefore = house.clock.pendingTimers;
    const headers = { 'content-type': TYPE, 'content-length': '100' };
    const slow = ask({ method: 'POST', headers, body: Buffer.alloc(50), isOpenEnded: true });
    await eventually(() => house.clock.pendingTimers > timersBefore);
    house.clock.advance(BODY_TIMEOUT_MS - 1);
    house.clock.advance(1);
    expect((await slow).status).toBe(408);
    if (version === 'HTTP/2') expect((await ask(post(QUERY))).status).toBe(200);
  });

  it.each(['provisional', 'untrusted'] as const)(
    'has no Date header while the clock is %s',
    async (state) => {
      const ask = await connectTo(await open({ state }));
      for (const asked of [{ path: inUrl(QUERY) }, { path: '/' }])
        expect((await ask(asked)).headers.date).toBeUndefined();
    },
  );

  it.each(['synchronized', 'holdover'] as const)(
    'has our own clock in its Date header while it is %s',
    async (state) => {
      const house = await open({ state, epochMs: Date.UTC(2031, 4, 6, 7, 8, 9) });
      const ask = await connectTo(house);
      for (const asked of [{ path: inUrl(QUERY) }, { path: '/' }])
        expect((await ask(asked)).headers.date).toBe('Tue, 06 May 2031 07:08:09 GMT');
      house.clock.advance(2000);
      expect((await ask({ path: inUrl(QUERY) })).headers.date).toBe('Tue, 06 May 2031 07:08:11 GMT');
    },
  );

  it('says how long an answer may still be kept: its least TTL less its age', async () => {
    const house = await open();
    const resolve = house.resolver.resolve.bind(house.resolver);
    house.resolver.resolve = (query, context) => (resolve(query, context) as Answer).aged(25);
    const said = await (await connectTo(house))({ path: inUrl(QUERY) });
    expect(said.headers['cache-control']).toBe(`max-age=${TTL_SECONDS - 25}`);
  });

  it('says 0 for an answer older than its TTL, and for a failure', async () => {
    const house = await open();
    const ask = await connectTo(house);
    const resolve = house.resolver.resolve.bind(house.resolver);
    house.resolver.resolve = (query, context) => (resolve(query, context) as Answer).aged(600);
    expect((await ask({ path: inUrl(QUERY) })).headers['cache-control']).toBe('max-age=0');
    house.resolver.resolve = () => Answer.ofRcode(2);
    expect((await ask({ path: inUrl(QUERY) })).headers['cache-control']).toBe('max-age=0');
  });
});

describe('a body without end', () => {
  const headers = { 'content-type': TYPE };

  it('ends its stream of HTTP/2 at the limit, though the client would go on', async () => {
    const session = await openSession((await open()).address, ca);
    closers.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': PATH, ...headers }, { endStream: false });
    stream.on('error', () => {});
    const closed = once(stream, 'close');
    stream.resume();
    stream.write(Buffer.alloc(70_000));
    await closed;
    expect(session.closed).toBe(false);
  });

  it('has its connection of HTTP/1.1 cut a moment later, where the client goes on', async () => {
    const { address, clock } = await open();
    const tls = clientTls(address.address, ca, ['http/1.1']);
    const socket = connect({ ...tls, port: address.port });
    socket.allowHalfOpen = true;
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    const ended = once(socket, 'end');
    socket.resume();
    socket.write(`POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\n`);
    socket.write(`content-length: 10000000\r\n\r\n${'x'.repeat(1000)}`);
    await ended;
    clock.advance(FAREWELL_MS);
    await eventually(() => {
      socket.write('x'.repeat(1000));
      return socket.destroyed;
    });
  });

  it('ends its connection of HTTP/1.1 at the limit', async () => {
    const { address } = await open();
    const socket = connect({ ...clientTls(address.address, ca, ['http/1.1']), port: address.port });
    await once(socket, 'secureConnect');
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    const closed = once(socket, 'close');
    socket.resume();
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ntransfer-encoding: chunked\r\n\r\n`,
    );
    for (let index = 0; index < 70; index += 1) socket.write(`3e8\r\n${'x'.repeat(1000)}\r\n`);
    await closed;
  });
});

describe('a request of HTTP/1.1 that Node itself would refuse', () => {
  it.each([
    ['without a host', '', 400],
    ['with an expectation that nobody has', 'host: x\r\nexpect: miracles\r\n', 200],
  ])('%s gets our own answer, without the Date of the system clock', async (_what, fields, status) => {
    const { address } = await open({ state: 'untrusted' });
    const socket = connect({ ...clientTls(address.address, ca, ['http/1.1']), port: address.port });
    await once(socket, 'secureConnect');
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(`GET ${inUrl(QUERY)} HTTP/1.1\r\n${fields}\r\n`);
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString('latin1')).toMatch(new RegExp(`^HTTP/1.1 ${status}`));
    expect(said.toString('latin1')).not.toMatch(/^date:/im);
  });
});

it.each(VERSIONS)(
  'a hundred requests over one connection of $version are asked $mostInOneTurn a turn',
  async ({ connectTo, mostInOneTurn: wanted }) => {
    const house = await open();
    const ask = await connectTo(house);
    const most = await mostInOneTurn(house.resolver, async () => {
      const said = await Promise.all(Array.from({ length: 100 }, () => ask({ path: inUrl(QUERY) })));
      expect(said.map(({ status }) => status)).toEqual(Array(100).fill(200));
    });
    expect(most).toBeLessThanOrEqual(wanted);
  },
);

describe('a pipeline over HTTP/1.1', () => {
  const send = async (house: House, requests: number) => {
    const { address, port } = house.address;
    const socket = connect({ ...clientTls(address, ca, ['http/1.1']), port });
    await once(socket, 'secureConnect');
    closers.push(() => void socket.destroy());
    socket.on('error', () => {}).resume();
    socket.write(`GET ${inUrl(makeQuery('late.example'))} HTTP/1.1\r\nhost: x\r\n\r\n`.repeat(requests));
    return socket;
  };

  it('of 128 requests has all of them asked', async () => {
    const house = await open();
    await send(house, 128);
    await eventually(() => house.resolver.contexts.length === 128);
    house.resolver.release();
  });

  it('of more is cut, and what waited for its turn is asked of nobody', async () => {
    const house = await open();
    const socket = await send(house, 1000);
    await new Promise((resolve) => socket.on('close', resolve));
    expect(house.resolver.contexts.length).toBeLessThanOrEqual(128);
    house.resolver.release();
  });
});

describe('a request line in the words of', () => {
  it.each(['', 'HTTP/0.9', 'HTTP/1.0', 'HTTP/2.0'])('"%s" is no bug of ours', async (version) => {
    const { address } = await open();
    const socket = connect({ ...clientTls(address.address, ca, ['http/1.1']), port: address.port });
    await once(socket, 'secureConnect');
    closers.push(() => void socket.destroy());
    socket.on('error', () => {});
    socket.write(`GET ${inUrl(QUERY)} ${version}`.trimEnd().concat('\r\n\r\n'));
    const [said] = (await once(socket, 'data')) as [Buffer];
    expect(said.toString('latin1')).toMatch(/^HTTP\/1\.1 (200|400)/);
  });
});

describe('one bad stream of HTTP/2', () => {
  it('that is reset in the midst of its query harms no other', async () => {
    const house = await open();
    const session = await openSession(house.address, ca);
    closers.push(() => session.destroy());
    const stream = session.request({ ':method': 'GET', ':path': inUrl(makeQuery('late.example')) });
    stream.on('error', () => {});
    await eventually(() => house.resolver.waiting === 1);
    stream.close(constants.NGHTTP2_CANCEL);
    await once(stream, 'close');
    house.resolver.release();
    const next = session.request({ ':method': 'GET', ':path': inUrl(QUERY) });
    const [headers] = await once(next, 'response');
    expect(headers[':status']).toBe(200);
  });
});

describe('curl agrees', () => {
  const curl = async (house: House, ...args: readonly string[]) => {
    const to = `${SERVER_NAME}:${house.address.port}`;
    const fixed = ['-s', '-i', '--max-time', '10', '--cacert', pki.rootFile, '--resolve', `${to}:127.0.0.1`];
    const path = args.at(-1)!;
    const all = [...fixed, ...args.slice(0, -1), `https://${to}${path}`];
    return (await promisify(execFile)('curl', all, { encoding: 'latin1' })).stdout;
  };

  it.each([
    ['--http2', 'HTTP/2 200'],
    ['--http1.1', 'HTTP/1.1 200 OK'],
  ])('with %s', async (flag, status) => {
    const answer = await curl(await open(), flag, inUrl(QUERY));
    const [head, body] = answer.split('\r\n\r\n', 2) as [string, string];
    expect(head.split('\r\n')[0]!.trim()).toBe(status);
    const headers = head.toLowerCase();
    expect(headers).toContain(`content-type: ${TYPE}`);
    expect(headers).toContain(`content-length: ${body.length}`);
    expect(headers).toContain(`cache-control: max-age=${TTL_SECONDS}`);
    expect(headers).not.toMatch(/^(date|server|x-powered-by|transfer-encoding):/m);
    expect(readReply(Buffer.from(body, 'latin1')).questionName).toBe('www.example');
  });

  it.each(['--http2', '--http1.1'])('with %s and HEAD', async (flag) => {
    const answer = await curl(await open(), flag, '--head', inUrl(QUERY));
    expect(answer).toMatch(/^HTTP\/[\d.]+ 200/);
    expect(answer.toLowerCase()).toMatch(/content-length: [1-9]/);
  });

  it('that an upload of 2 MB is too large', async () => {
    const file = join(directory, 'upload');
    writeFileSync(file, Buffer.alloc(2 ** 21));
    const args = ['-X', 'POST', '-H', `content-type: ${TYPE}`, '--data-binary', `@${file}`];
    for (const flag of ['--http2', '--http1.1'])
      expect(await curl(await open(), flag, ...args, '-H', 'Expect:', PATH)).toMatch(/^HTTP\/[\d.]+ 413/);
  });
});
