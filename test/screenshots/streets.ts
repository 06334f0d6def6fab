// The network of the pictures: a house with the server's machine in it, in a namespace of its own, and everything else at the
// other end of its cable, in the one that this process runs in: router, clients, upstreams, clocks. Nothing of it touches
// the networks of this machine. Needs root.

import { spawnSync } from 'node:child_process';

const NAME = 'house';
export const HOUSE_NETWORK = `/run/netns/${NAME}`;
/** The server's machine. */
export const SERVER = '192.168.1.2';
export const ROUTER = '192.168.1.1';
/** Phones, computers, a television, and what else asks in a house. */
export const CLIENTS = [21, 22, 23, 24, 31, 32, 40, 51].map((host) => `192.168.1.${host}`);
/** Of the block for tests of networks (RFC 2544). */
export const WORLD = {
  ...{ oneDns: '198.18.0.53', twoDns: '198.18.1.53' },
  ...{ timeA: '198.18.2.1', timeB: '198.18.3.1', authority: '198.18.4.1' },
} as const;

const PRIVATE = '--inside';

/** True in a process that may build the streets; else it runs the same command anew in such a one, and is done. */
export function isInside(): boolean {
  if (process.argv.includes(PRIVATE)) return true;
  const [node, ...args] = [process.execPath, ...process.argv.slice(1), PRIVATE];
  const { status } = spawnSync('unshare', ['-n', '-m', node, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
  return false;
}

export function build(): void {
  ip('link', 'set', 'lo', 'up');
  run('mount', '-t', 'tmpfs', 'tmpfs', '/run/netns');
  ip('netns', 'add', NAME);
  ip('link', 'add', 'street', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NAME);
  for (const address of [ROUTER, ...CLIENTS]) ip('addr', 'add', `${address}/24`, 'dev', 'street');
  ip('link', 'set', 'street', 'up');
  for (const address of Object.values(WORLD)) ip('addr', 'add', `${address}/32`, 'dev', 'lo');
  for (const [...order] of [
    ['link', 'set', 'lo', 'up'],
    ['addr', 'add', `${SERVER}/24`, 'dev', 'eth0'],
    ['link', 'set', 'eth0', 'up'],
    ['route', 'add', 'default', 'via', ROUTER],
  ])
    ip('-n', NAME, ...order);
}

function ip(...args: readonly string[]): void {
  run('ip', ...args);
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
