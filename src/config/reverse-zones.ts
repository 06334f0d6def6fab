// The reverse zones of a prefix (RFC 1035 section 3.5, RFC 3596 section 2.5), and which of them belong to private
// networks. Pure. Zones are cut at octets and nibbles: a prefix in between has several; one that ends within the last
// octet of an IPv4 address has none of its own (RFC 2317 is not done here).

import ipaddr from 'ipaddr.js';
import { isAtOrBelow, type NameKey, nameKey, parentOf, reverseNameKey } from '../dns/names.ts';
import { parseCidr } from './socket-address.ts';
import { quote, ValueError } from './value-error.ts';

/** The longest IPv4 prefix with a zone of its own. */
const IPV4_PREFIX_MAX = 24;

/** "192.168.1.0/24" and the like, unlike a name with a slash in a label (RFC 2317 section 4). */
export function isPrefix(text: string): boolean {
  return /^[0-9a-f:.]+\/\d+$/i.test(text);
}

/**
 * The zones that together hold the reverse names of a prefix: "192.168.1.0/24" is 1.168.192.in-addr.arpa.
 * @throws ValueError
 */
export function reverseZonesOf(text: string): NameKey[] {
  const cidr = parseCidr(text);
  const [network, bits] = ipaddr.parseCIDR(cidr);
  const octets = Uint8Array.from(network.toByteArray());
  const isIpv4 = octets.length === 4;
  if (isIpv4 && bits > IPV4_PREFIX_MAX) {
    throw new ValueError(
      `${quote(text)} is smaller than a reverse zone; write a prefix of at most ${IPV4_PREFIX_MAX} bits`,
    );
  }
  const bitsPerLabel = isIpv4 ? 8 : 4;
  const labels = Math.max(1, Math.ceil(bits / bitsPerLabel));
  const zones: NameKey[] = [];
  for (let index = 0; index < 2 ** (labels * bitsPerLabel - bits); index += 1) {
    const within = Uint8Array.from(octets);
    const lastBit = labels * bitsPerLabel;
    within[Math.ceil(lastBit / 8) - 1]! |= index << (-lastBit & 7);
    let zone = reverseNameKey(within);
    for (let drop = (octets.length * 8) / bitsPerLabel; drop > labels; drop -= 1) zone = parentOf(zone);
    zones.push(zone);
  }
  return zones;
}

const PRIVATE_PREFIXES = [
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], // RFC 1918
  '100.64.0.0/10', // RFC 6598
  '169.254.0.0/16', // RFC 3927
  '127.0.0.0/8', // RFC 1122 section 3.2.1.3
  'fc00::/7', // RFC 4193
  'fe80::/10', // RFC 4291 section 2.5.6
];
/** Of those, once somebody asks: it takes some milliseconds, and every start would wait for it. */
let privateZones: readonly NameKey[] | null = null;

const REVERSE_TREES: readonly NameKey[] = ['in-addr.arpa.', 'ip6.arpa.'].map((name) => nameKey(name));

/** Is it a reverse zone, or above one, of addresses that others in the world have? */
export function isPublicReverseZone(zone: NameKey): boolean {
  const isReverse = REVERSE_TREES.some((tree) => isAtOrBelow(zone, tree));
  if (!isReverse) return false;
  privateZones ??= PRIVATE_PREFIXES.flatMap(reverseZonesOf);
  return !privateZones.some((own) => isAtOrBelow(zone, own));
}
