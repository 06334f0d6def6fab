// Knot Resolver: one instance, no validation, forwarding over verified DoT. Its cache is a file that it maps, so that what it
// has touched of it counts as memory of the process.

import { UPSTREAM_NAME } from '../upstream.ts';
import { HOUSE_ADDRESS, HOUSE_NAME } from '../zone.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

/** In its database, generously. */
const OCTETS_A_NAME = 400;

export const KRESD: Peer = {
  name: 'kresd',
  title: 'Knot Resolver',
  packages: { kresd: 'knot-resolver' },
  doors: ['UDP', 'DoT', 'DoH'],
  forwards: ['DoT', 'plain'],
  version: () => versionOf('kresd', '--version'),
  command: (file, { home }) => ['kresd', '-n', '-c', file, home],
  readyLine: /^listening$/,
  configuration,
};

/** What it would ask of its own accord (priming, the date of the root's signature) is off: there is no such world here. */
function configuration({ ports, certificate, rootFile, upstream, roomForNames }: Setting): string {
  return `
for _, name in ipairs({'ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump'}) do
  modules.unload(name)
end
modules = { 'view < policy' }
trust_anchors.remove('.')
cache.size = ${roomForNames * OCTETS_A_NAME}
net.tls('${certificate.certificateFile}', '${certificate.keyFile}')
local forward = policy.TLS_FORWARD({{ '127.0.0.1@${upstream.dot}', hostname = '${UPSTREAM_NAME}', ca_file = '${rootFile}' }})
local house = policy.suffix(policy.ANSWER({ [kres.type.A] = { rdata = kres.str2ip('${HOUSE_ADDRESS}'), ttl = 300 } }), { todname('${HOUSE_NAME}') })
view:addr('127.0.0.0/8', house)
view:addr('127.0.0.0/8', policy.all(forward))
view:addr('0.0.0.0/0', policy.all(policy.REFUSE))
net.listen('127.0.0.1', ${ports.dns}, { kind = 'dns' })
net.listen('127.0.0.1', ${ports.dot}, { kind = 'tls' })
net.listen('127.0.0.1', ${ports.doh}, { kind = 'doh2' })
io.stdout:write('listening\\n')
io.stdout:flush()
`;
}
