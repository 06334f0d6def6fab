// Reads the route of a datagram: a sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)) and, where the system was asked for it, the
// control message that says which address of ours it came to (IP_PKTINFO, IPV6_PKTINFO: RFC 3542 section 6). Pure: words of
// 4 octets in, little-endian, as they stand in a MessageBatch. It makes the route of the reply out of it in its place.

import type { AddressTexts } from './address-texts.ts';
import { CONTROL } from './message-batch.ts';
import { LINUX } from './system-calls.ts';

/** Words of a sockaddr: family and port, then the IPv4 address, or flow information, the IPv6 address and its scope. */
const NAME = { ipv4: 1, flow: 1, ipv6: 2, scope: 6 };
/** Words of a control message: its length (two), level and type, then what it says. */
const CONTROL_LEVEL = CONTROL + 2;
const CONTROL_TYPE = CONTROL + 3;
/** struct in_pktinfo: interface, our address, the address in the packet. */
const IPV4 = { interface: CONTROL + 4, local: CONTROL + 5, destination: CONTROL + 6 };
/** struct in6_pktinfo: the address, then the interface. */
const IPV6 = { local: CONTROL + 4, interface: CONTROL + 8 };
/** CMSG_SPACE of either. */
export const CONTROL_OCTETS = { 4: 32, 6: 40 } as const;

export function portOf(words: Int32Array, route: number): number {
  const word = words[route]!;
  return ((word >> 8) & 0xff00) | (word >>> 24);
}

/** The client's address as text, a link-local one with its scope. */
export function clientOf(words: Int32Array, route: number, texts: AddressTexts): string {
  if ((words[route]! & 0xffff) === LINUX.AF_INET) return texts.ofIpv4(words[route + NAME.ipv4]!);
  return texts.ofIpv6(words, route + NAME.ipv6, words[route + NAME.scope]!);
}

/**
 * The address of ours that was asked, as text; null: none that can be answered from, for it was a broadcast or a multicast
 * address, which a socket bound to one address never hears of. From now on the route is that of the reply.
 */
export function turnRound(words: Int32Array, route: number, texts: AddressTexts): string | null {
  const level = words[route + CONTROL_LEVEL]!;
  const type = words[route + CONTROL_TYPE]!;
  if (level === LINUX.IPPROTO_IP && type === LINUX.IP_PKTINFO) {
    const local = words[route + IPV4.local]!;
    if (local !== words[route + IPV4.destination]!) return null;
    words[route + IPV4.interface] = 0; // the way back is the routing table's to choose
    return texts.ofIpv4(local);
  }
  if (level !== LINUX.IPPROTO_IPV6 || type !== LINUX.IPV6_PKTINFO) return null;
  const first = words[route + IPV6.local]!;
  if ((first & 0xff) === 0xff) return null;
  const isLinkLocal = (first & 0xc0ff) === 0x80fe; // fe80::/10, where an address means something on its interface alone
  if (!isLinkLocal) words[route + IPV6.interface] = 0;
  return texts.ofIpv6(words, route + IPV6.local, words[route + IPV6.interface]!);
}
