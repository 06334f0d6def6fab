// Knot Resolver as a peer: one process, no validation (the world of the trials is made up and unsigned). Its cache is a file
// that it maps, so that what it has touched of it counts as memory of the process.

import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../../support/noonmark.ts';
import { UPSTREAM_NAME } from '../../support/upstreams.ts';
import { createPeer, type PeerMaterial } from './peer.ts';

/** Its documentation's example for a small machine. */
const CACHE_OCTETS = 100 * 2 ** 20;
/** In less, its database has no room to work in: it empties itself under every flood. */
const LEAST_CACHE_OCTETS = 10 * 2 ** 20;

export const KRESD = createPeer({
  name: 'Knot Resolver',
  command: 'kresd',
  versionArguments: ['--version'],
  arguments: (file, directory) => ['-n', '-c', file, directory],
  readyLine: /^listening$/,
  configuration,
});

/** What it would ask of its own accord (priming, the date of the root's signature) is off: there is no such world here. */
function configuration({
  ports,
  certificate,
  caFile,
  upstreamPort,
  allowed,
  cacheOctets,
}: PeerMaterial): string {
  return `
for _, name in ipairs({'ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump'}) do
  modules.unload(name)
end
modules = { 'view < policy' }
trust_anchors.remove('.')
cache.size = ${cacheOctets === undefined ? CACHE_OCTETS : Math.max(cacheOctets, LEAST_CACHE_OCTETS)}
net.tls('${certificate.certificateFile}', '${certificate.keyFile}')
local forward = policy.TLS_FORWARD({{ '127.0.0.1@${upstreamPort}', hostname = '${UPSTREAM_NAME}', ca_file = '${caFile}' }})
local house = policy.suffix(policy.ANSWER({ [kres.type.A] = { rdata = kres.str2ip('${INTERNAL_ADDRESS}'), ttl = 300 } }), { todname('${INTERNAL_NAME}') })
${allowed.map((prefix) => `view:addr('${prefix}', house)\nview:addr('${prefix}', policy.all(forward))`).join('\n')}
view:addr('0.0.0.0/0', policy.all(policy.REFUSE))
net.listen('127.0.0.1', ${ports.dns}, { kind = 'dns' })
net.listen('127.0.0.1', ${ports.dot}, { kind = 'tls' })
net.listen('127.0.0.1', ${ports.doh}, { kind = 'doh2' })
io.stdout:write('listening\\n')
io.stdout:flush()
`;
}
