// systemd-resolved as a validating stub, as one plain process without systemd or D-Bus, in a network namespace of its own
// where nothing else holds 127.0.0.53. Debian's package is never installed for it: its installation points /etc/resolv.conf
// at a daemon that would not run here. test/install-peers.ts unpacks it into node_modules/.cache instead. Needs root.

import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Running, start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

const INSTALLED = '/lib/systemd/systemd-resolved';
/** Debian's packages, unpacked: both, since the program and its private library must be of one version. */
export const RESOLVED_PACKAGES = ['systemd-resolved', 'libsystemd-shared'] as const;
export const UNPACKED = join(import.meta.dirname, '../../../node_modules/.cache/systemd-resolved');
const STUB = '127.0.0.53';

/** What its own unit gives it. */
const CAPABILITIES = '+net_raw,+net_bind_service,+setpcap';

/** The program, of this machine or as test/install-peers.ts has unpacked it; undefined where there is neither. */
export function findResolved(): string | undefined {
  return [INSTALLED, join(UNPACKED, INSTALLED)].find((program) => existsSync(program));
}

export interface ResolvedOptions {
  readonly program: string;
  /** File of the network namespace that it runs in; an interface there must be up, or it asks nobody. */
  readonly network: string;
  /** Value of `DNS=`: "198.19.8.1:5300", with "#name" for DNS over TLS. */
  readonly server: string;
  readonly overTls: boolean;
  /** A drop-in as somebody has written it, instead of one that asks `server`. */
  readonly dropIn?: string;
  /** The only CA that it trusts. */
  readonly caFile: string;
  /** The root's DS record, instead of the public one. */
  readonly rootDs: string;
}

export interface Resolved extends AsyncDisposable {
  /** A line of its log, which is at debug level and tells why an answer was refused. */
  readonly waitForLine: Running['waitForLine'];
  /** Command and arguments of `dig` that asks the stub. */
  ask(...args: readonly string[]): readonly [command: string, args: readonly string[]];
}

export async function startResolved(options: ResolvedOptions): Promise<Resolved> {
  const directory = temporaryDirectory('resolved');
  const configuration = join(directory, 'test.conf');
  const anchor = join(directory, 'root.positive');
  writeFileSync(configuration, options.dropIn ?? settings(options));
  writeFileSync(anchor, `${options.rootDs}\n`);
  const library = globSync(join(UNPACKED, 'usr/lib/*/systemd'))[0];
  const into = ['nsenter', `--net=${options.network}`];
  const args = [options.program, library ?? '/', configuration, anchor, options.caFile];
  const resolved = start(into[0]!, [into[1]!, 'unshare', '-m', 'sh', '-c', SCRIPT, 'sh', ...args]);
  await resolved.waitForLine(/Creating stub listener/);
  return {
    waitForLine: resolved.waitForLine,
    ask: (...more) => [into[0]!, [into[1]!, 'dig', `@${STUB}`, '+tries=1', '+time=10', ...more]],
    [Symbol.asyncDispose]: async () => void (await resolved.stop()),
  };
}

/** It caches nothing, so that each question goes the whole way. */
function settings({ server, overTls }: ResolvedOptions): string {
  return `[Resolve]
DNS=${server}
FallbackDNS=
Domains=~.
DNSSEC=yes
DNSOverTLS=${overTls ? 'yes' : 'no'}
LLMNR=no
MulticastDNS=no
Cache=no
`;
}

/**
 * A /run of its own takes the configuration, as a drop-in and a trust anchor there win over others. The files are copied,
 * because the user who runs it may not look into the directory of whoever started the test.
 */
const SCRIPT = `set -e
mount -t tmpfs none /run
mkdir -p /run/systemd/resolve /run/systemd/resolved.conf.d /run/dnssec-trust-anchors.d /run/program
cp "$1" /run/program/systemd-resolved
cp "$2"/libsystemd-shared-*.so /run/program/ 2>/dev/null || true
cp "$3" /run/systemd/resolved.conf.d/
cp "$4" /run/dnssec-trust-anchors.d/
cp "$5" /run/ca.pem
chown -R nobody /run/systemd
exec setpriv --reuid=nobody --regid=nogroup --clear-groups \\
  --bounding-set=-all,${CAPABILITIES} --inh-caps=-all,${CAPABILITIES} --ambient-caps=${CAPABILITIES} \\
  env SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console SSL_CERT_FILE=/run/ca.pem LD_LIBRARY_PATH=/run/program \\
  /run/program/systemd-resolved
`;
