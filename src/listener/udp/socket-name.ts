// An address and port as bind(2) takes them: a sockaddr_in (ip(7)) or a sockaddr_in6 (ipv6(7)) of little-endian Linux.
// Pure; the number of an interface is the caller's to find.

import type { SocketAddress } from '../../config/config.ts';
import { parseIpv6 } from '../../dns/rdata-fields.ts';
import { LINUX } from './system-calls.ts';

/** sizeof(struct sockaddr_in), of sockaddr_in6, and the next multiple of 4 with some room. */
const IPV4_OCTETS = 16;
const IPV6_OCTETS = 28;
export const NAME_OCTETS_MAX = 32;

/**
 * Writes it at the beginning of `target` and answers how many octets it has.
 * @param interfaceIndex 0 for a name that no interface has; bind(2) refuses a link-local address then
 */
export function writeSocketName(
  target: Buffer,
  { address, port, family }: SocketAddress,
  interfaceIndex: (name: string) => number,
): number {
  target.fill(0, 0, NAME_OCTETS_MAX);
  target.writeUInt16LE(family === 4 ? LINUX.AF_INET : LINUX.AF_INET6, 0);
  target.writeUInt16BE(port, 2);
  if (family === 4) {
    target.set(address.split('.').map(Number), 4);
    return IPV4_OCTETS;
  }
  const [bare, scope] = address.split('%') as [string, string | undefined];
  target.set(parseIpv6(bare), 8);
  if (scope !== undefined) target.writeUInt32LE(interfaceIndex(scope), 24);
  return IPV6_OCTETS;
}
