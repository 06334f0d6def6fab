// A real dnsdist as a DoH upstream: HTTP/2 and HTTP/1.1 under a certificate of the test's own CA, one zone that it
// answers itself, NXDOMAIN for all else, and a log of every query that reached it. It asks nobody.
// Debian's 1.7.3 (on h2o) picks h2 where it is offered, picks nothing and speaks HTTP/1.1 where it is not, and sends a
// Date of its system clock with every status, its 404 included; under a wrong clock it is an honest-looking liar.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { WILD_ADDRESS, WILD_ZONE } from './unbound.ts';

export const DOH_PATH = '/dns-query';

export interface DnsdistOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Closes a connection that is idle for this long; default as dnsdist has it, 30 s. */
  readonly idleSeconds?: number;
  /** Where `wrongClock().env` goes. */
  readonly env?: NodeJS.ProcessEnv;
}

export interface Dnsdist extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Names of the queries that arrived, lower case, without the last dot, with their type: "a.example A". */
  queries(): string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

/** Resolves once it listens. */
export async function startDnsdist(options: DnsdistOptions): Promise<Dnsdist> {
  const { address = '127.0.0.1', env } = options;
  const port = options.port ?? (await freePort());
  const configFile = join(temporaryDirectory('dnsdist'), 'dnsdist.conf');
  writeFileSync(configFile, configuration(options, `${address}:${port}`));
  const dnsdist = start('dnsdist', ['--supervised', '--disable-syslog', '-C', configFile], {
    env: { ...process.env, ...env },
  });
  await dnsdist.waitForLine(/Listening on \S+ for DoH/);
  return {
    port,
    pid: dnsdist.pid,
    queries: () => dnsdist.lines.flatMap(queryOf),
    signal: dnsdist.signal,
    stop: dnsdist.stop,
    [Symbol.asyncDispose]: async () => void (await dnsdist.stop()),
  };
}

/** "Packet from 127.0.0.1:40000 for a.example. A with id 0" */
function queryOf(line: string): string[] {
  const [, name, type] = /Packet from \S+ for (\S+)\. (\S+) with id/.exec(line) ?? [];
  return name === undefined ? [] : [`${name.toLowerCase()} ${type}`];
}

/** The empty suffix turns off its look-up of security advisories, the only thing that it would ask the world. */
function configuration({ certificateFile, keyFile, idleSeconds }: DnsdistOptions, local: string): string {
  const more = idleSeconds === undefined ? '' : `, {idleTimeout=${idleSeconds}}`;
  return `
setSecurityPollSuffix("")
addDOHLocal("${local}", "${certificateFile}", "${keyFile}", "${DOH_PATH}"${more})
addAction(AllRule(), LogAction("", false, false, false, false))
addAction(AndRule{makeRule("${WILD_ZONE}."), QTypeRule(DNSQType.A)}, SpoofAction({"${WILD_ADDRESS}"}))
addAction(AllRule(), RCodeAction(DNSRCode.NXDOMAIN))
`;
}
