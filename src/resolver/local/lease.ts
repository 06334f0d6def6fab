// What the readers of lease files give, one item a line at least, since reading gives way to queries between items: the
// file is a journal in which later items replace earlier ones of the same address. Vocabulary, and the two things that
// all formats have in common. Pure.

import ipaddr from 'ipaddr.js';

export type LeaseItem =
  | { readonly kind: 'lease'; readonly lease: Lease }
  /** The address is not leased, or to somebody without a name. */
  | { readonly kind: 'gone'; readonly address: string }
  /** A line that means nothing to us. */
  | { readonly kind: 'unread'; readonly line: number }
  /** A line that has its meaning, and none for us by itself. */
  | { readonly kind: 'nothing' };

export const NOTHING = { kind: 'nothing' } as const;

/** An IPv6 address with an IPv4 one in its end, all written out. */
const ADDRESS_CHARACTERS_MAX = 45;

export interface Lease {
  /** As written; addressOctets says whether it is one. */
  readonly address: string;
  /** What the client calls itself, or is called. */
  readonly host: string;
  /** Milliseconds since 1970 by the clock of the DHCP server; Infinity: never. */
  readonly expiresMs: number;
  /** Milliseconds since 1970: of two leases with one name, the later one counts. */
  readonly sinceMs: number;
}

/** Milliseconds since 1970 of a number of seconds in decimal; undefined for anything else. */
export function epochMsOf(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d{1,11}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

/** The octets of an address in its usual form, without a scope; null for anything else. */
export function addressOctets(text: string): Uint8Array | null {
  if (text.length > ADDRESS_CHARACTERS_MAX) return null;
  const isAddress =
    ipaddr.IPv4.isValidFourPartDecimal(text) || (!text.includes('%') && ipaddr.IPv6.isValid(text));
  return isAddress ? Uint8Array.from(ipaddr.parse(text).toByteArray()) : null;
}
