// A real chronyd as an NTP server on loopback: it never touches the system clock (-x), needs no root (-U), keeps no files but its own
// and vouches for whatever its system clock says (`local stratum N`). Under a wrong clock it is an honest-looking liar.

import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-ports.ts';
import { start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { answersNtp } from './ntp-probe.ts';

const DEFAULT_STRATUM = 2;

export interface ChronydOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Null: it vouches for nothing and must find the time itself. */
  readonly stratum?: number | null;
  /** Where `wrongClock().env` goes. */
  readonly env?: NodeJS.ProcessEnv;
  /** Text of its keyfile: "1 SHA1 HEX:0123…". */
  readonly keys?: string;
  /** Further lines of its configuration: sources of its own, for one. */
  readonly lines?: readonly string[];
  /** Text of the resolv.conf that it alone sees; needs root. */
  readonly resolvConf?: string;
}

export interface Chronyd extends AsyncDisposable {
  readonly port: number;
  readonly address: string;
  readonly pid: number;
  /** What it has logged. */
  readonly log: readonly string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

/** Resolves once it answers. */
export async function startChronyd(options: ChronydOptions = {}): Promise<Chronyd> {
  const directory = temporaryDirectory('chronyd');
  const port = options.port ?? (await freePort());
  const address = options.address ?? '127.0.0.1';
  const keyFile = join(directory, 'keys');
  if (options.keys !== undefined) writeFileSync(keyFile, `${options.keys}\n`, { mode: 0o600 });
  const stratum = options.stratum === undefined ? DEFAULT_STRATUM : options.stratum;
  const lines = [
    `port ${port}`,
    `bindaddress ${address}`,
    ...(stratum === null ? [] : [`local stratum ${stratum}`]),
    'allow 127.0.0.0/8',
    'allow ::1',
    'cmdport 0',
    'bindcmdaddress /',
    `pidfile ${join(directory, 'pid')}`,
    `user ${userInfo().username}`,
    ...(options.keys === undefined ? [] : [`keyfile ${keyFile}`]),
    ...(options.lines ?? []),
  ];
  const configFile = join(directory, 'chrony.conf');
  writeFileSync(configFile, `${lines.join('\n')}\n`);
  const command = ['chronyd', '-x', '-U', '-d', '-f', configFile];
  const [program, ...args] = withResolvConf(command, directory, options.resolvConf);
  const chronyd = start(program!, args, { env: options.env });
  await eventually(() => chronyd.hasEnded || answersNtp(port, address), { what: 'an answer of chronyd' });
  if (chronyd.hasEnded) throw new Error(`chronyd ended: ${chronyd.lines.join('\n')}`);
  return {
    port,
    address,
    pid: chronyd.pid,
    log: chronyd.lines,
    signal: chronyd.signal,
    stop: chronyd.stop,
    [Symbol.asyncDispose]: async () => void (await chronyd.stop()),
  };
}

/** Shell and namespace `exec` the next, so that the pid stays the command's. */
function withResolvConf(command: readonly string[], directory: string, text?: string): readonly string[] {
  if (text === undefined) return command;
  const file = join(directory, 'resolv.conf');
  writeFileSync(file, text);
  const line = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
  return ['unshare', '-m', 'sh', '-c', line, file, ...command];
}
