// dnsdist, as a caching front: a packet cache before one upstream over verified DoT or DoH. It is a balancer, not a resolver:
// it keeps whole packets, one for each transport and each set of flags, and what does not fit into the cache is not kept.

import { DOH_PATH, UPSTREAM_NAME } from '../upstream.ts';
import { HOUSE_ADDRESS, HOUSE_NAME } from '../zone.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

/** On one connection (RFC 7766 section 6.2.1.1); by default one query waits for the other. */
const IN_FLIGHT = 1000;

export const DNSDIST: Peer = {
  name: 'dnsdist',
  title: 'dnsdist',
  packages: { dnsdist: 'dnsdist' },
  doors: ['UDP', 'DoT', 'DoH'],
  forwards: ['DoT', 'DoH', 'plain'],
  version: () => versionOf('dnsdist', '--version'),
  command: (file) => ['dnsdist', '--supervised', '--disable-syslog', '-C', file],
  readyLine: /Marking downstream .* as 'up'/,
  configuration,
};

/** The empty suffix turns off its look-up of security advisories, the only thing that it would ask the world. */
function configuration({
  ports,
  certificate,
  rootFile,
  upstream,
  forwarding,
  roomForNames,
}: Setting): string {
  const isDoh = forwarding === 'DoH';
  const inFlight = `maxInFlight=${IN_FLIGHT}`;
  const shown = `"${certificate.certificateFile}", "${certificate.keyFile}"`;
  const port = isDoh ? upstream.doh : upstream.dot;
  return `
setSecurityPollSuffix("")
setACL({"127.0.0.0/8"})
setLocal("127.0.0.1:${ports.dns}", {${inFlight}})
addTLSLocal("127.0.0.1:${ports.dot}", ${shown}, {${inFlight}})
addDOHLocal("127.0.0.1:${ports.doh}", ${shown}, "${DOH_PATH}")
newServer{address="127.0.0.1:${port}", tls="openssl", subjectName="${UPSTREAM_NAME}", validateCertificates=true, caStore="${rootFile}", ${inFlight}${isDoh ? `, dohPath="${DOH_PATH}"` : ''}}
getPool(""):setCache(newPacketCache(${roomForNames}))
setServFailWhenNoServer(true)
addAction(AndRule{QNameRule("${HOUSE_NAME}"), QTypeRule(DNSQType.A)}, SpoofAction({"${HOUSE_ADDRESS}"}))
`;
}
