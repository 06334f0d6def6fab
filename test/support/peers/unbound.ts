// A real unbound as the upstream: DNS over TLS under a certificate of the test's own CA, answers for a few zones
// from its config, a signed zone that it validates itself, and a log of every query that reached it.
// It knows nothing else and asks nobody: everything outside its zones is NXDOMAIN.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { freePort } from '../free-ports.ts';
import { type Running, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { SIGNED_ZONE, type SignedZone } from './signed-zone.ts';

/** Any name below it has this address. */
export const WILD_ZONE = 'wild.example.net';
export const WILD_ADDRESS = '192.0.2.53';
/** Has an A record only, so that AAAA is NODATA; names below it do not exist. */
export const SPARSE_ZONE = 'sparse.example.net';
/** A TXT record that no UDP reply of 1232 octets can hold. */
export const BIG_NAME = `big.${SPARSE_ZONE}`;
export const BIG_STRINGS = 20;
/** A name whose address is this machine, for clients that fetch something from it. */
export const HERE_NAME = `here.${SPARSE_ZONE}`;

/** Lines of `server:` for one that belongs to whoever started it: their user, their terminal, no files of its own. */
export const IN_THE_FOREGROUND = `  username: ""
  chroot: ""
  directory: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  do-daemonize: no
  trust-anchor-signaling: no`;

/** The clause of one that asks `upstreamPort` of this machine for everything, over DoT that shows `upstreamName`. */
export const forwardingOverTls = (upstreamPort: number, upstreamName: string) => `forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: 127.0.0.1@${upstreamPort}#${upstreamName}
`;

export interface UnboundOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** DNS over HTTPS in place of DNS over TLS. */
  readonly overHttps?: boolean;
  readonly signedZone?: SignedZone;
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** More that it knows: "time.example. 60 A 127.0.0.1". */
  readonly records?: readonly string[];
  /** Zones that servers of this machine answer, by the port of each; what they say is remembered for a second. */
  readonly stubs?: Readonly<Record<string, number>>;
}

export interface Unbound extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Names of the queries that arrived, lower case, without the last dot, with their type: "a.example A". */
  queries(): string[];
  /** True when a query for a name that contains `part` arrived. */
  saw(part: string): boolean;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

export async function startUnbound(options: UnboundOptions): Promise<Unbound> {
  const directory = temporaryDirectory('unbound');
  const port = options.port ?? (await freePort());
  const configFile = join(directory, 'unbound.conf');
  writeFileSync(configFile, configuration(options, port));
  const unbound = start('unbound', ['-d', '-p', '-c', configFile]);
  await unbound.waitForLine(/start of service/);
  return {
    port,
    pid: unbound.pid,
    queries: () => queriesOf(unbound),
    saw: (part) => queriesOf(unbound).some((query) => query.toLowerCase().includes(part.toLowerCase())),
    signal: unbound.signal,
    stop: unbound.stop,
    [Symbol.asyncDispose]: async () => void (await unbound.stop()),
  };
}

/** Waits until a query for `name` stands in the log, which lags behind the answer by a write. */
export function sawEventually(unbound: Unbound, name: string): Promise<boolean> {
  return eventually(() => unbound.saw(name), { withinMs: 3_000, what: `${name} in unbound's log` });
}

/** "[1700000000] unbound[1:0] info: 127.0.0.1 a.example. A IN" */
function queriesOf(unbound: Running): string[] {
  const queries: string[] = [];
  for (const line of unbound.lines) {
    const [, name, type] = /info: [\d.:a-f]+ (\S+)\. (\S+) IN$/i.exec(line) ?? [];
    if (name !== undefined) queries.push(`${name.toLowerCase()} ${type}`);
  }
  return queries;
}

function configuration(options: UnboundOptions, port: number): string {
  const address = options.address ?? '127.0.0.1';
  const strings = Array.from(
    { length: BIG_STRINGS },
    (_, at) => `"${String(at).padStart(2, '0').repeat(100)}"`,
  );
  const signed = options.signedZone;
  const stubs = Object.entries(options.stubs ?? {});
  return `
server:
  interface: ${address}@${port}
  ${options.overHttps ? 'https' : 'tls'}-port: ${port}
  tls-service-pem: "${options.certificateFile}"
  tls-service-key: "${options.keyFile}"
  access-control: 127.0.0.0/8 allow
  access-control: ::1/128 allow
  access-control: 198.18.0.0/15 allow
${IN_THE_FOREGROUND}
  log-queries: yes
  incoming-num-tcp: 200
  tcp-idle-timeout: 30000
  module-config: "validator iterator"
  root-key-sentinel: no
  ${signed ? `trust-anchor-file: "${signed.anchorFile}"` : ''}
  local-zone: "." static
  local-zone: "${WILD_ZONE}." redirect
  local-data: "${WILD_ZONE}. 60 A ${WILD_ADDRESS}"
  local-data: "${WILD_ZONE}. 60 TXT wild"
  local-zone: "${SPARSE_ZONE}." static
  local-data: "${SPARSE_ZONE}. 60 SOA ns.${SPARSE_ZONE}. host.${SPARSE_ZONE}. 1 3600 600 86400 60"
  local-data: "${SPARSE_ZONE}. 60 A ${WILD_ADDRESS}"
  local-data: "${HERE_NAME}. 60 A 127.0.0.1"
  local-data: '${BIG_NAME}. 60 TXT ${strings.join(' ')}'
  ${(options.records ?? []).map((text) => `local-data: '${text}'`).join('\n  ')}
  ${signed ? `local-zone: "${SIGNED_ZONE}." transparent` : ''}
  ${stubs.map(([zone]) => `local-zone: "${zone}." transparent`).join('\n  ')}
  ${stubs.length > 0 ? 'do-not-query-localhost: no\n  cache-max-ttl: 1\n  cache-max-negative-ttl: 1' : ''}
remote-control:
  control-enable: no
${stubs.map(([zone, at]) => `stub-zone:\n  name: "${zone}"\n  stub-addr: 127.0.0.1@${at}\n`).join('')}
${
  signed
    ? `auth-zone:
  name: "${SIGNED_ZONE}"
  zonefile: "${signed.zoneFile}"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
`
    : ''
}`;
}
