// http-01 as the world meets it: the pending tokens, each exactly, and to everybody else nothing (reliability row 18); whoever is
// slow, long-winded or many does not keep the CA out for long, and without a challenge nobody listens.

import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Challenge } from '../../../src/acme/challenge.ts';
import { Http01 } from '../../../src/acme/http-01.ts';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { createLog } from '../../../src/observe/log.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';

const PATH = '/.well-known/acme-challenge/';
const TOKEN = 'LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0';
const OTHER = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';
const THUMBPRINT = '9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI';
/** Cut after five seconds, looked for every five. */
const SLOW_WITHIN_MS = 30_000;
/** What the server takes at a time. */
const CONNECTIONS_MAX = 64;

const challengeOf = (token: string): Challenge => ({
  ...{ name: 'dns.example', token, keyAuthorization: `${token}.${THUMBPRINT}` },
});

let port: number;
let solver: Http01;
let lines: string[];
beforeEach(async () => {
  port = await freePort();
  lines = [];
  const clock = new TrueClock();
  const log = createLog(clock, { level: 'debug', format: 'text', write: (line) => lines.push(line) });
  solver = new Http01({ addresses: [{ address: '127.0.0.1', family: 4, port }], clock, log });
});
afterEach(() => solver.clear());

const show = (...tokens: string[]) => solver.show(tokens.map(challengeOf));

async function open(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Everything that comes back for these octets until the server has hung up. */
async function answerTo(octets: string): Promise<string> {
  const socket = await open();
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
  socket.write(octets);
  await new Promise((resolve) => socket.once('close', resolve)); // by a reset too
  return text;
}

const get = (target: string, method = 'GET', fields = '') =>
  answerTo(`${method} ${target} HTTP/1.1\r\nHost: dns.example\r\n${fields}\r\n`);

it('answers each pending token with its key authorization, and with nothing else', async () => {
  await show(TOKEN, OTHER);
  for (const token of [TOKEN, OTHER]) {
    const text = await get(PATH + token);
    expect(text.split('\r\n\r\n')[1]).toBe(`${token}.${THUMBPRINT}`);
    expect(text.toLowerCase().split('\r\n').slice(0, -2).sort()).toEqual([
      'connection: close',
      `content-length: ${TOKEN.length + 1 + THUMBPRINT.length}`,
      'content-type: application/octet-stream',
      'http/1.1 200 ok',
    ]);
  }
  const head = await get(PATH + TOKEN, 'HEAD');
  expect(head).toMatch(/^HTTP\/1\.1 200 /);
  expect(head.split('\r\n\r\n')[1]).toBe('');
});

it.each([
  ['the root', '/'],
  ['no token', PATH],
  ['another token', `${PATH}${TOKEN.slice(0, -1)}1`],
  ['the beginning of a token', `${PATH}${TOKEN.slice(0, 20)}`],
  ['more than a token', `${PATH}${TOKEN}x`],
  ['a token and a slash', `${PATH}${TOKEN}/`],
  ['another case', `${PATH}${TOKEN.toLowerCase()}`],
  ['another case of the path', `/.WELL-KNOWN/acme-challenge/${TOKEN}`],
  ['a query', `${PATH}${TOKEN}?`],
  ['a query of the token', `${PATH}?${TOKEN}`],
  ['a fragment', `${PATH}${TOKEN}#x`],
  ['a percent-encoded letter', `${PATH}%4CoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0`],
  ['a percent-encoded slash', `/.well-known%2Facme-challenge/${TOKEN}`],
  ['a NUL', `${PATH}${TOKEN}%00`],
  ['two slashes', `/${PATH}${TOKEN}`],
  ['a dot segment', `/.well-known/./acme-challenge/${TOKEN}`],
  ['a way up and down', `${PATH}../acme-challenge/${TOKEN}`],
  ['a way up', `${PATH}../../../../etc/passwd`],
  ['an encoded way up', `${PATH}%2e%2e/%2e%2e/etc/passwd`],
  ['backslashes', `${PATH}..\\..\\noonmark.yaml`],
  ['a property of every object', `${PATH}__proto__`],
  ['the absolute form', `http://dns.example${PATH}${TOKEN}`],
  ['the asterisk form', '*'],
  ['200 segments', `${PATH}${'a/'.repeat(200)}`],
])('does not know %s', async (_what, target) => {
  await show(TOKEN);
  const text = await get(target);
  expect(text).toMatch(/^HTTP\/1\.1 404 /);
  expect(text).not.toContain(THUMBPRINT);
  expect(text.split('\r\n\r\n')[1]).toBe('');
});

it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'get', 'XYZZY'])(
  'has nothing for %s',
  async (method) => {
    await show(TOKEN);
    const text = await get(PATH + TOKEN, method, 'Content-Length: 3\r\n\r\nabc');
    expect(text).not.toMatch(/^HTTP\/1\.1 2/);
    expect(text).not.toContain(THUMBPRINT);
  },
);

it.each([
  ['a CONNECT', `CONNECT ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ['an upgrade', `POST ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n`],
  [
    'a header that is too long',
    `GET ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
  ],
  ['too many fields', `GET ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\n${'X: y\r\n'.repeat(5_000)}\r\n`],
  ['a path without an end', `GET ${PATH}${'a'.repeat(100_000)}`],
  ['what is no HTTP', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\0'.repeat(500)}`],
  ['HTTP/2 without a question', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [
    'two lengths',
    `GET ${PATH}x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
])('hangs up on %s', async (_what, octets) => {
  await show(TOKEN);
  expect(await answerTo(octets)).not.toContain(THUMBPRINT);
  expect(await get(PATH + TOKEN)).toContain(THUMBPRINT);
});

it('answers one request a connection, whatever is written behind it', async () => {
  await show(TOKEN);
  const one = `GET ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const text = await answerTo(one.repeat(20));
  expect(text.split(THUMBPRINT)).toHaveLength(2);
});

it('cuts who is slow, and lets the CA in beside any number of connections that say nothing', {
  timeout: SLOW_WITHIN_MS * 2,
}, async () => {
  await show(TOKEN);
  const slow = await Promise.all(
    ['GET ', `GET ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\nX-`].map(async (beginning) => {
      const socket = await open();
      socket.resume().write(beginning);
      return socket;
    }),
  );
  const idle = await Promise.all(Array.from({ length: 200 }, open));
  for (const socket of idle) socket.resume();
  await eventually(() => idle.filter(({ closed }) => !closed).length <= CONNECTIONS_MAX, {
    what: 'the limit',
  });
  const trickle = setInterval(() => slow[1]!.write('x'), 500); // letter by letter
  try {
    expect(await get(PATH + TOKEN)).toContain(THUMBPRINT);
    expect(idle.filter(({ closed }) => !closed).length).toBeGreaterThan(CONNECTIONS_MAX / 2);
    await eventually(() => [...slow, ...idle].every(({ closed }) => closed), {
      withinMs: SLOW_WITHIN_MS,
      what: 'the end of them all',
    });
  } finally {
    clearInterval(trickle);
  }
});

it('listens while a challenge is shown, and neither before nor after', async () => {
  const isOpen = async () => {
    const socket = connect({ host: '127.0.0.1', port });
    const isConnected = await once(socket, 'connect').then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        expect(error.code).toBe('ECONNREFUSED');
        return false;
      },
    );
    socket.destroy();
    return isConnected;
  };
  expect(await isOpen()).toBe(false);
  await show(TOKEN);
  expect(await isOpen()).toBe(true);
  const early = await open();
  await solver.clear();
  expect(await isOpen()).toBe(false);
  let text = '';
  early.setEncoding('latin1').on('data', (chunk) => (text += chunk));
  early.write(`GET ${PATH}${TOKEN} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await new Promise((resolve) => early.once('close', resolve));
  expect(text).not.toContain(THUMBPRINT);
  await show(OTHER);
  expect(await get(PATH + TOKEN)).toMatch(/^HTTP\/1\.1 404 /);
  expect(await get(PATH + OTHER)).toContain(THUMBPRINT);
});

it('says which address cannot be listened on, and why, and does not come back for it', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  await expect(show(TOKEN)).rejects.toMatchObject({
    ...{ name: 'ChallengeProblem', code: 'acme-challenge' },
    message: `http-01 cannot be answered, since nothing can be listened on (127.0.0.1:${port}: another program has this port; stop it, or choose another port)`,
  });
  await solver.clear();
  other.close();
  await once(other, 'close');
  await show(TOKEN);
  expect(await get(PATH + TOKEN)).toContain(THUMBPRINT);
  expect(lines.join('')).not.toContain(THUMBPRINT);
});
