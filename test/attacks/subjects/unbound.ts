// unbound as a peer: one thread, no validation (the world of the trials is made up and unsigned).

import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../../support/noonmark.ts';
import { forwardingOverTls, IN_THE_FOREGROUND } from '../../support/peers/unbound.ts';
import { UPSTREAM_NAME } from '../../support/upstreams.ts';
import { createPeer, LOOPBACK, type PeerMaterial } from './peer.ts';

/** As many as Noonmark keeps by default; unbound's own default of 10 is not meant for a server of DoT and DoH. */
const TCP_CONNECTIONS = 1_000;

export const UNBOUND = createPeer({
  name: 'unbound',
  command: 'unbound',
  versionArguments: ['-V'],
  arguments: (file) => ['-d', '-p', '-c', file],
  readyLine: /start of service/,
  configuration,
});

/** A trial's bound is for messages; their records have twice that besides, as unbound's documentation advises. */
function configuration({
  ports,
  certificate,
  caFile,
  upstreamPort,
  allowed,
  cacheOctets,
}: PeerMaterial): string {
  return `
server:
  interface: 127.0.0.1@${ports.dns}
  interface: 127.0.0.1@${ports.dot}
  interface: 127.0.0.1@${ports.doh}
  tls-port: ${ports.dot}
  https-port: ${ports.doh}
  tls-service-pem: "${certificate.certificateFile}"
  tls-service-key: "${certificate.keyFile}"
  tls-cert-bundle: "${caFile}"
  ${[...(allowed.includes(LOOPBACK) ? [] : [LOOPBACK]), '0.0.0.0/0'].map((prefix) => `access-control: ${prefix} refuse`).join('\n  ')}
  ${allowed.map((prefix) => `access-control: ${prefix} allow`).join('\n  ')}
${IN_THE_FOREGROUND}
  incoming-num-tcp: ${TCP_CONNECTIONS}
  ${cacheOctets === undefined ? '' : `msg-cache-size: ${cacheOctets}\n  rrset-cache-size: ${2 * cacheOctets}`}
  module-config: "iterator"
  do-not-query-localhost: no
  local-zone: "home.arpa." static
  local-data: "${INTERNAL_NAME}. 300 A ${INTERNAL_ADDRESS}"
remote-control:
  control-enable: no
${forwardingOverTls(upstreamPort, UPSTREAM_NAME)}`;
}
