// Noonmark as a story starts it: the real process under a clock of the story's choosing, in a mount namespace of its own
// where resolv.conf points at a witness (as root), with its dashboard, and with a state directory that
// outlives it, so that a second life finds the stamp of the first.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { controlSocketPath } from '../../src/admin/control-socket-path.ts';
import type { Status } from '../../src/status/status.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { visit } from '../support/http-visit.ts';
import {
  type ConfigTree,
  INTERNAL_ADDRESS,
  MAIN_FILE,
  NODE,
  REPOSITORY,
  SERVER_NAME,
} from '../support/noonmark.ts';
import { isRoot } from '../support/peers/packages.ts';
import { WITNESS_ADDRESS } from '../support/peers/plain-witness.ts';
import { type Outcome, type Running, run, SYSTEM_PATH, start } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import type { WrongClock } from '../support/wrong-clock.ts';

export interface ServerOptions {
  /** `time.sources`, `upstreams` and whatever else the story needs; it replaces defaults one level deep. */
  readonly config: ConfigTree;
  /** Default: the machine's. */
  readonly clock?: WrongClock;
  /** Where certs, state and config are; default: a new one. */
  readonly home?: string;
  /** Shell lines that are run before the server in its own mount namespace; they need root. */
  readonly setUp?: readonly string[];
  /** The file of a network namespace to run in (network.ts); needs root. */
  readonly network?: string;
  /** Default: a free one. */
  readonly dnsPort?: number;
  /** Addresses to listen on, the one for clients and the dashboard first; default 127.0.0.1. */
  readonly addresses?: readonly string[];
}

export interface Server extends AsyncDisposable {
  readonly home: string;
  readonly ports: { readonly dns: number; readonly admin: number };
  readonly process: Running;
  /** performance.now() just before the process was started. */
  readonly startedAtMs: number;
  /** /api/status; throws while nothing answers there. */
  status(): Promise<Status>;
  /** A subcommand of the command line with this server's config: `run('explain')`. */
  run(...args: readonly string[]): Promise<Outcome>;
  stop(): Promise<unknown>;
}

export function newHome(): string {
  const home = temporaryDirectory('lab');
  for (const directory of ['certs', 'state']) mkdirSync(join(home, directory));
  return home;
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const home = options.home ?? newHome();
  const [free, dot, doh, admin] = (await freePorts(4)) as [number, number, number, number];
  const dns = options.dnsPort ?? free;
  const configFile = join(home, 'noonmark.yaml');
  const addresses = options.addresses ?? ['127.0.0.1'];
  const listen = (port: number) => addresses.map((address) => `${address}:${port}`);
  const adminAddress = `${addresses[0]}:${admin}`;
  const config = {
    listen: { dns: listen(dns), dot: listen(dot), doh: listen(doh), admin: [adminAddress] },
    zones: { 'home.arpa': { records: [`nas 300 A ${INTERNAL_ADDRESS}`] } },
    certificate: { names: [SERVER_NAME] },
    certs_dir: join(home, 'certs'),
    state_dir: join(home, 'state'),
    log: { level: 'info', format: 'text' },
    ...options.config,
  };
  writeFileSync(configFile, stringify(config));
  const env = { ...process.env, PATH: SYSTEM_PATH, ...options.clock?.env };
  const [program, ...args] = inNamespaces([NODE, MAIN_FILE, 'serve', '--config', configFile], home, options);
  const startedAtMs = performance.now();
  const running = start(program!, args, { cwd: REPOSITORY, env });
  const stop = () => (running.hasEnded ? running.ended : running.stop());
  const beside = options.network === undefined ? [] : ['nsenter', `--net=${options.network}`];
  // Both ask for no password. The socket wants a state_dir that can be written, and serves from any network.
  const door = addresses[0] === '127.0.0.1' ? admin : controlSocketPath(join(home, 'state'));
  const status = async () => {
    const { body } = await visit(door, '/api/status');
    return JSON.parse(body) as Status;
  };
  return {
    home,
    ports: { dns, admin },
    process: running,
    startedAtMs,
    status,
    run: (...subcommand) => {
      const [command, ...rest] = [...beside, NODE, MAIN_FILE, ...subcommand, '--config', configFile];
      return run(command!, rest, { cwd: REPOSITORY, env });
    },
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

/** Resolves with the milliseconds since the start at which the clock was first seen in that state. */
export async function whenClockIs(
  server: Server,
  state: string,
  basis: string | null,
  withinMs: number,
): Promise<number> {
  const isSo = async () => {
    const { clock } = await server.status();
    if (clock.state === state && clock.basis === basis) return performance.now() - server.startedAtMs;
    throw new Error(`the clock is ${clock.state}, ${clock.basis}: ${clock.reason}`);
  };
  return eventually(isSo, { withinMs, pauseMs: 100, what: `a clock that is ${state}, ${basis}` });
}

/** Each part `exec`s the next, so that the pid stays the server's. */
function inNamespaces(command: readonly string[], home: string, options: ServerOptions): readonly string[] {
  if (!isRoot) return command;
  const resolvConf = join(home, 'resolv.conf');
  writeFileSync(resolvConf, `nameserver ${WITNESS_ADDRESS}\n`);
  const lines = [`mount --bind ${resolvConf} /etc/resolv.conf`, ...(options.setUp ?? [])];
  const network = options.network === undefined ? [] : ['nsenter', `--net=${options.network}`];
  return [...network, 'unshare', '-m', 'sh', '-c', `${lines.join(' && ')} && exec "$@"`, 'sh', ...command];
}
