// The real peers of the end-to-end tests: the command that a test runs and the Debian package that has it.

import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from '../running.ts';

export const PEER_PACKAGES = {
  unbound: 'unbound',
  dig: 'bind9-dnsutils',
  delv: 'bind9-dnsutils',
  kdig: 'knot-dnsutils',
  'ldns-signzone': 'ldnsutils',
  curl: 'curl',
  nghttp: 'nghttp2-client',
  h2load: 'nghttp2-client',
  stubby: 'stubby',
  tcpdump: 'tcpdump',
  openssl: 'openssl',
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  libfaketime: 'faketime',
  chronyd: 'chrony',
  dnsdist: 'dnsdist',
  smartdns: 'smartdns',
  kresd: 'knot-resolver',
  dnsmasq: 'dnsmasq-base',
  'named-checkzone': 'bind9-utils',
  named: 'bind9',
  chromium: 'chromium',
  certutil: 'libnss3-tools',
  'systemd-analyze': 'systemd',
  promtool: 'prometheus',
  pebble: 'pebble',
  plistutil: 'libplist-utils',
  zbarimg: 'zbar-tools',
  'pebble-challtestsrv': 'pebble',
} as const;

export type Peer = keyof typeof PEER_PACKAGES;

/** The multi-threaded one: Node has threads. */
const FAKETIME_LIBRARIES = '/usr/lib/*/faketime/libfaketimeMT.so.1';

export const isRoot = process.getuid?.() === 0;

/** True when every peer named is on this machine; for `describe.skipIf(!havePeers(…))`. */
export function havePeers(...peers: readonly Peer[]): boolean {
  return peers.every((peer) => (peer === 'libfaketime' ? faketimeLibrary() !== undefined : isOnPath(peer)));
}

export function missingPeers(): Peer[] {
  return (Object.keys(PEER_PACKAGES) as Peer[]).filter((peer) => !havePeers(peer));
}

export function faketimeLibrary(): string | undefined {
  return globSync(FAKETIME_LIBRARIES)[0];
}

function isOnPath(command: string): boolean {
  return SYSTEM_PATH.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
