// A network namespace for a server, and two links that lead out of it to here: that of the house, where clients are, and
// that to the world, where upstreams are. Each can be made to fail in the ways of real ones while everything runs, by
// packet-relay.ts or by the kernel (down, without an address, with a small MTU).
// Addresses are from blocks for such tests (RFC 2544), and IPv6 ones from a private prefix. Needs root and /dev/net/tun.

import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';
import type { LinkFault, RelayOrder } from './packet-relay.ts';
import { isRoot } from './peers/packages.ts';
import { run, SYSTEM_PATH } from './running.ts';

const RELAY = join(import.meta.dirname, 'packet-relay.ts');
/** Two a link, each of which keeps one of libuv's busy. */
const RELAY_THREADS = '8';
const DISABLE_IPV6 = '/proc/sys/net/ipv6/conf/all/disable_ipv6';

export const canFault = isRoot && existsSync('/dev/net/tun');

export class FaultyLink {
  /** Our end and the server's, per family. */
  readonly here: { readonly 4: string; readonly 6: string };
  readonly there: { readonly 4: string; readonly 6: string };
  readonly #name: string;
  readonly #namespace: string;
  readonly #relay: ChildProcess;

  constructor(name: string, number: number, namespace: string, relay: ChildProcess) {
    this.#name = name;
    this.#namespace = namespace;
    this.#relay = relay;
    this.here = { 4: `198.18.${number}.1`, 6: `fd5e:18:${number}::1` };
    this.there = { 4: `198.18.${number}.2`, 6: `fd5e:18:${number}::2` };
  }

  /** Moves the far end to the server, and gives both their addresses. */
  async connect(families: readonly (4 | 6)[]): Promise<void> {
    await ip('link', 'set', `${this.#name}f`, 'netns', this.#namespace);
    for (const family of families)
      await ip('addr', 'add', ...prefix(this.here[family]), 'dev', `${this.#name}n`);
    await ip('link', 'set', `${this.#name}n`, 'up');
    for (const family of families) await this.address('add', family);
    await this.turn('up');
  }

  /** From now on, until the next order. */
  fault(fault: LinkFault): void {
    this.#relay.send({ link: this.#name, fault } satisfies RelayOrder);
  }

  /** The server's interface. */
  async turn(state: 'up' | 'down'): Promise<void> {
    await this.#far('link', 'set', `${this.#name}f`, state);
  }

  async setMtu(octets: number): Promise<void> {
    await this.#far('link', 'set', `${this.#name}f`, 'mtu', String(octets));
    await ip('link', 'set', `${this.#name}n`, 'mtu', String(octets));
  }

  /** The server's address comes or goes. */
  async address(change: 'add' | 'del', family: 4 | 6 = 4): Promise<void> {
    await this.#far('addr', change, ...prefix(this.there[family]), 'dev', `${this.#name}f`);
  }

  #far(...args: readonly string[]): Promise<void> {
    return ip('-n', this.#namespace, ...args);
  }
}

export interface FaultyLinks extends AsyncDisposable {
  readonly house: FaultyLink;
  readonly world: FaultyLink;
  /** A command that runs another one inside, with the pid of its own. */
  readonly around: readonly string[];
}

/** @param families that the links have; the other one is switched off inside */
export async function openFaultyLinks(families: readonly (4 | 6)[] = [4, 6]): Promise<FaultyLinks> {
  const namespace = `nmfault${process.pid}`;
  const names = { house: `nf${process.pid}h`, world: `nf${process.pid}w` };
  await ip('netns', 'add', namespace);
  const removeNamespace = () =>
    void spawnSync('ip', ['netns', 'del', namespace], { env: { PATH: SYSTEM_PATH }, stdio: 'ignore' });
  atExit(removeNamespace);
  const relay = fork(RELAY, Object.values(names), {
    env: { ...process.env, UV_THREADPOOL_SIZE: RELAY_THREADS },
    execArgv: [],
  });
  atExit(() => relay.kill('SIGKILL'));
  const [first] = await Promise.race([once(relay, 'message'), once(relay, 'exit')]);
  if (first !== 'ready') throw new Error('the packet relay did not start');
  const house = new FaultyLink(names.house, 41, namespace, relay);
  const world = new FaultyLink(names.world, 42, namespace, relay);
  await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  const around = ['nsenter', `--net=/run/netns/${namespace}`];
  if (!families.includes(6)) await run(around[0]!, [around[1]!, 'sh', '-c', `echo 1 > ${DISABLE_IPV6}`]);
  if (!families.includes(4)) await ip('-4', '-n', namespace, 'addr', 'flush', 'dev', 'lo');
  for (const link of [house, world]) await link.connect(families);
  return {
    house,
    world,
    around,
    [Symbol.asyncDispose]: async () => {
      removeNamespace();
      if (relay.exitCode !== null || relay.signalCode !== null) return;
      relay.kill('SIGKILL');
      await once(relay, 'exit');
    },
  };
}

function prefix(address: string): readonly string[] {
  return address.includes(':') ? [`${address}/64`, 'nodad'] : [`${address}/24`];
}

async function ip(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('ip', args);
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
