// One HTTP exchange with a server of our own: what is an answer, and what is none.

import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { exchangeWithAdmin } from '../../../src/cli/admin-exchange.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Asks a server that answers with `octets`, whatever it is asked, and hangs up. */
async function answeredWith(octets: string | Buffer) {
  const path = join(temporaryDirectory('exchange'), 'socket');
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(octets));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return exchangeWithAdmin({ path }, 'GET', '/healthz');
}

const reply = (length: number, body: string) =>
  `HTTP/1.1 200 OK\r\nX-Other: 1\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`;

it('is an answer with its status and its body, of so many octets', async () => {
  expect(await answeredWith(reply(3, 'ä!'))).toEqual({ status: 200, body: 'ä!' });
  const refusal = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';
  expect(await answeredWith(refusal)).toEqual({ status: 503, body: '' });
});

it.each([
  ['nothing', ''],
  ['half a body', reply(10, 'half')],
  ['half a header', reply(0, '').slice(0, -2)],
  ['something else', 'SSH-2.0-OpenSSH_9.2\r\n'],
])('is none when %s comes before it hangs up', async (_what, octets) => {
  await expect(answeredWith(octets)).rejects.toThrow('it hung up before its answer was whole');
});

it('is none when it does not end', async () => {
  const endless = Buffer.alloc(5 * 2 ** 20, 'x');
  await expect(answeredWith(endless)).rejects.toThrow('more than 4194304 octets');
});

it('is waited for as long as is asked, and no longer', async () => {
  const path = join(temporaryDirectory('exchange'), 'socket');
  const server = createServer((socket) => socket.on('error', () => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await expect(exchangeWithAdmin({ path }, 'POST', '/control/slow', 20)).rejects.toThrow(
    'nothing within 0.02 s',
  );
});
