// Ports that nobody uses at this moment, free for UDP and for TCP on both loopback addresses.
// Another process may still take one before it is used; on a test machine that is rare enough.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const MAX_TRIES = 50;
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > MAX_TRIES + count) throw new Error(`no ${count} free ports on loopback`);
    const port = await anyTcpPort();
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

async function anyTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function isFree(port: number): Promise<boolean> {
  for (const address of LOOPBACKS) {
    if (!(await tcpIsFree(port, address)) || !(await udpIsFree(port, address))) return false;
  }
  return true;
}

function tcpIsFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    server.listen(port, address, () => server.close(() => resolve(true)));
  });
}

function udpIsFree(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'));
    socket.bind(port, address, () => socket.close(() => resolve(true)));
  });
}
