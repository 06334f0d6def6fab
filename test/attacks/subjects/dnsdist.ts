// dnsdist as a peer: a balancer with one server behind it. It speaks the upstream's DoT itself, keeps whole packets, and
// looks whether its server is well by a query a second, as it does by default.

import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../../support/noonmark.ts';
import { DOH_PATH } from '../../support/peers/dnsdist.ts';
import { UPSTREAM_NAME } from '../../support/upstreams.ts';
import { createPeer, type PeerMaterial } from './peer.ts';

/** dnsdist has no default; its documentation's example. */
const CACHED_PACKETS = 10_000;
/** On one connection, as RFC 7766 section 6.2.1.1 wants it; by default one waits for the other. */
const IN_FLIGHT = 128;
/** What an answer with one record takes in Noonmark's cache (docs/performance.md), so that a bound means as many answers. */
const ENTRY_OCTETS = 203;

export const DNSDIST = createPeer({
  name: 'dnsdist',
  command: 'dnsdist',
  versionArguments: ['--version'],
  forwardsOverDoh: true,
  arguments: (file) => ['--supervised', '--disable-syslog', '-C', file],
  readyLine: /Marking downstream .* as 'up'/,
  configuration,
});

/** The empty suffix turns off its look-up of security advisories, the only thing that it would ask the world. */
function configuration({
  ports,
  certificate,
  caFile,
  upstreamPort,
  isDoh,
  allowed,
  cacheOctets,
}: PeerMaterial): string {
  const packets = cacheOctets === undefined ? CACHED_PACKETS : Math.floor(cacheOctets / ENTRY_OCTETS);
  const inFlight = `maxInFlight=${IN_FLIGHT}`;
  const shown = `"${certificate.certificateFile}", "${certificate.keyFile}"`;
  return `
setSecurityPollSuffix("")
setACL({${allowed.map((prefix) => `"${prefix}"`).join(', ')}})
setLocal("127.0.0.1:${ports.dns}", {${inFlight}})
addTLSLocal("127.0.0.1:${ports.dot}", ${shown}, {${inFlight}})
addDOHLocal("127.0.0.1:${ports.doh}", ${shown}, "${DOH_PATH}")
newServer{address="127.0.0.1:${upstreamPort}", tls="openssl", subjectName="${UPSTREAM_NAME}", validateCertificates=true, caStore="${caFile}", ${inFlight}${isDoh ? `, dohPath="${DOH_PATH}"` : ''}}
getPool(""):setCache(newPacketCache(${packets}))
setServFailWhenNoServer(true)
addAction(AndRule{QNameRule("${INTERNAL_NAME}"), QTypeRule(DNSQType.A)}, SpoofAction({"${INTERNAL_ADDRESS}"}))
`;
}
