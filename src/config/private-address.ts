// Addresses that are nobody's in the world: private (RFC 1918), shared (RFC 6598), unique local (RFC 4193), link-local
// (RFC 3927, RFC 4291) and loopback. Who may be asked in plain, and what a name of the world should not lead to.

import type ipaddr from 'ipaddr.js';

const RANGES: ReadonlySet<string> = new Set([
  'private',
  'carrierGradeNat',
  'uniqueLocal',
  'linkLocal',
  'loopback',
]);

export function isPrivateAddress(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return RANGES.has(address.range());
}
