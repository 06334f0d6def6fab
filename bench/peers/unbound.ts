// unbound, the measure: one thread, no validation (the world of the bench is made up and unsigned), forwarding over verified
// DoT, and the rooms that its documentation advises for a cache of this size. It cannot forward over DoH.

import { forwardingOverTls, IN_THE_FOREGROUND } from '../../test/support/peers/unbound.ts';
import { UPSTREAM_NAME } from '../upstream.ts';
import { HOUSE_ADDRESS, HOUSE_NAME } from '../zone.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

/** What a message and its record set take, generously: 1,000,000 of them in 640 and 640 MB. */
const OCTETS_A_NAME = 640;

export const UNBOUND: Peer = {
  name: 'unbound',
  title: 'unbound',
  packages: { unbound: 'unbound' },
  doors: ['UDP', 'DoT', 'DoH'],
  forwards: ['DoT', 'plain'],
  version: () => versionOf('unbound', '-V'),
  command: (file) => ['unbound', '-d', '-p', '-c', file],
  readyLine: /start of service/,
  configuration,
};

function configuration({ ports, certificate, rootFile, upstream, roomForNames, threads }: Setting): string {
  return `
server:
  interface: 127.0.0.1@${ports.dns}
  interface: 127.0.0.1@${ports.dot}
  interface: 127.0.0.1@${ports.doh}
  tls-port: ${ports.dot}
  https-port: ${ports.doh}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
  tls-cert-bundle: "${rootFile}"
  access-control: 127.0.0.0/8 allow
${IN_THE_FOREGROUND}
  num-threads: ${threads}
  incoming-num-tcp: 1000
  outgoing-num-tcp: 50
  msg-cache-size: ${roomForNames * OCTETS_A_NAME}
  rrset-cache-size: ${roomForNames * OCTETS_A_NAME}
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "home.arpa." static
  local-data: "${HOUSE_NAME}. 300 A ${HOUSE_ADDRESS}"
remote-control:
  control-enable: no
${forwardingOverTls(upstream.dot, UPSTREAM_NAME)}`;
}
