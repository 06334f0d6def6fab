// Ports that nobody uses at this moment, free for UDP and for TCP on both loopback addresses. They lie below those that the
// kernel gives to connections, and each worker of the tests has a range of its own, so that nobody takes one before it is used.

import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const MAX_TRIES = 50;
/** Linux gives connections those from 32,768 on (ip_local_port_range). */
const FIRST_PORT = 12_000;
const PORTS_PER_WORKER = 4_000;
const WORKERS = 5;
const LOOPBACKS = ['127.0.0.1', '::1'] as const;

export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = 0; found.size < count; tries++) {
    if (tries > MAX_TRIES + count) throw new Error(`no ${count} free ports on loopback`);
    const port = nextPort();
    if (await isFree(port)) found.add(port);
  }
  return [...found];
}

export async function freePort(): Promise<number> {
  return (await freePorts(1))[0]!;
}

/** Vitest numbers its workers from 1 on. */
const firstOwn = FIRST_PORT + (Number(process.env.VITEST_POOL_ID ?? 1) % WORKERS) * PORTS_PER_WORKER;
/** Somewhere in it: what a test of an hour ago has left may still be held. */
let next = randomInt(PORTS_PER_WORKER);

function nextPort(): number {
  next = (next + 1) % PORTS_PER_WORKER;
  return firstOwn + next;
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
