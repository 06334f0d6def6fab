// dnsmasq, what most routers run: plain DNS only, inside and out, so that it takes part in the rows of UDP hits. It keeps 150
// names unless told otherwise, and is told.

import { HOUSE_ADDRESS, HOUSE_NAME } from '../zone.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

/** As many as a load has outstanding; its own 150 would refuse some. */
const FORWARDED_AT_ONCE = 1000;

export const DNSMASQ: Peer = {
  name: 'dnsmasq',
  title: 'dnsmasq',
  packages: { dnsmasq: 'dnsmasq-base' },
  doors: ['UDP'],
  forwards: ['plain'],
  version: () => versionOf('dnsmasq', '--version'),
  command: (file) => ['dnsmasq', '--keep-in-foreground', `--conf-file=${file}`],
  readyLine: /started, version/,
  configuration,
};

function configuration({ ports, upstream, roomForNames }: Setting): string {
  return `
no-resolv
no-hosts
user=
log-facility=-
pid-file=
port=${ports.dns}
listen-address=127.0.0.1
bind-interfaces
server=127.0.0.1#${upstream.plain}
cache-size=${roomForNames}
dns-forward-max=${FORWARDED_AT_ONCE}
local=/home.arpa/
host-record=${HOUSE_NAME},${HOUSE_ADDRESS}
`;
}
