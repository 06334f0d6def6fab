// Servers of other makers as a house would run them: an internal name of their own, the rest forwarded over strictly verified
// DoT to the same upstream, every other setting as it comes. They are put through the stories that have no need
// of time sources, since they have none.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-ports.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../support/noonmark.ts';
import { forwardingOverTls, IN_THE_FOREGROUND } from '../support/peers/unbound.ts';
import { type Running, run, start } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { UPSTREAM_NAME } from '../support/upstreams.ts';
import type { WrongClock } from '../support/wrong-clock.ts';

export const OTHER_SERVERS = ['unbound', 'dnsdist', 'smartdns'] as const;
export type OtherServer = (typeof OTHER_SERVERS)[number];

interface Place {
  readonly port: number;
  readonly upstreamPort: number;
  readonly caFile: string;
  readonly directory: string;
}

export interface OtherServerOptions {
  readonly upstreamPort: number;
  readonly caFile: string;
  readonly clock: WrongClock;
}

export interface StartedServer extends AsyncDisposable {
  readonly port: number;
  readonly startedAtMs: number;
  readonly process: Running;
}

/** Does not wait for it to answer: how long that takes is what is measured. */
export async function startOtherServer(
  server: OtherServer,
  { upstreamPort, caFile, clock }: OtherServerOptions,
): Promise<StartedServer> {
  const directory = temporaryDirectory(server);
  const port = await freePort();
  const file = join(directory, 'config');
  writeFileSync(file, CONFIGURATIONS[server]({ port, upstreamPort, caFile, directory }));
  const startedAtMs = performance.now();
  const process_ = start(server, ARGUMENTS[server](file), { env: { ...process.env, ...clock.env } });
  return {
    port,
    startedAtMs,
    process: process_,
    [Symbol.asyncDispose]: async () => void (await process_.stop()),
  };
}

/** "unbound 1.17.1", as the program itself says. */
export async function versionOf(server: OtherServer): Promise<string> {
  const VERSION_FLAG = { unbound: '-V', dnsdist: '--version', smartdns: '-v' } as const;
  const { stdout } = await run(server, [VERSION_FLAG[server]]);
  return `${NAMES[server]} ${/\d+(\.\d+)*/.exec(stdout)?.[0] ?? '(version unknown)'}`;
}

const NAMES: Record<OtherServer, string> = { unbound: 'unbound', dnsdist: 'dnsdist', smartdns: 'SmartDNS' };

const ARGUMENTS: Record<OtherServer, (file: string) => string[]> = {
  unbound: (file) => ['-d', '-p', '-c', file],
  dnsdist: (file) => ['--supervised', '--disable-syslog', '-C', file],
  smartdns: (file) => ['-f', '-x', '-p', '-', '-c', file],
};

const CONFIGURATIONS: Record<OtherServer, (place: Place) => string> = {
  unbound: ({ port, upstreamPort, caFile }) => `
server:
  interface: 127.0.0.1@${port}
${IN_THE_FOREGROUND}
  do-not-query-localhost: no
  tls-cert-bundle: "${caFile}"
  local-zone: "home.arpa." static
  local-data: "${INTERNAL_NAME}. 300 A ${INTERNAL_ADDRESS}"
remote-control:
  control-enable: no
${forwardingOverTls(upstreamPort, UPSTREAM_NAME)}`,
  // The empty suffix turns off its look-up of security advisories, which would leave the lab.
  dnsdist: ({ port, upstreamPort, caFile }) => `
setSecurityPollSuffix("")
setLocal("127.0.0.1:${port}")
newServer({
  address = "127.0.0.1:${upstreamPort}", tls = "openssl", subjectName = "${UPSTREAM_NAME}",
  caStore = "${caFile}", validateCertificates = true
})
addAction("${INTERNAL_NAME}.", SpoofAction("${INTERNAL_ADDRESS}"))
`,
  // Its speed check would ping the addresses that it hands out, which are nobody's here.
  smartdns: ({ port, upstreamPort, caFile, directory }) => `
bind 127.0.0.1:${port}
bind-tcp 127.0.0.1:${port}
server-tls 127.0.0.1:${upstreamPort} -host-name ${UPSTREAM_NAME} -tls-host-verify ${UPSTREAM_NAME}
ca-file ${caFile}
address /${INTERNAL_NAME}/${INTERNAL_ADDRESS}
speed-check-mode none
log-file ${join(directory, 'log')}
cache-persist no
`,
};
