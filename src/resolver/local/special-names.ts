// Names that never leave the house, as a literal table with the source of each, and what is answered for them.
// Pure. Zones of the owner's own win over this table: ask it only about what resolver/local/zone.ts calls outside.
// example., example.com and the like are absent on purpose: RFC 6761 section 6.5 has resolvers treat them as any name.

import { TYPE } from '../../dns/codes.ts';
import { isAtOrBelow, type NameKey, nameKey, nameOctets, parentOf, ROOT } from '../../dns/names.ts';
import type { ResourceRecord } from '../../dns/records.ts';

export type SpecialAnswer =
  | { readonly kind: 'outside' }
  | { readonly kind: 'answer'; readonly records: readonly ResourceRecord[]; readonly source: string }
  /** `soaOwner`: the name that the SOA in the authority section stands at, see authoritySoa. */
  | { readonly kind: 'nxdomain' | 'nodata'; readonly soaOwner: NameKey; readonly source: string };

/**
 * absent: NXDOMAIN, for the name itself too, as the root's own answer would be.
 * empty: an empty zone (RFC 6303 section 3): NODATA at its apex, which the public DNS knows, and NXDOMAIN below.
 * silent: NODATA for it and all below (RFC 9462 section 6.4). loopback: this host's own address or name.
 */
type Treatment = 'absent' | 'empty' | 'silent' | 'loopback';

const LOOPBACK_V6_REVERSE = `1.${'0.'.repeat(31)}ip6.arpa.`;

const SPECIAL_NAMES: readonly (readonly [name: string, treatment: Treatment, source: string])[] = [
  ['localhost.', 'loopback', 'RFC 6761 section 6.3'],
  ['localhost.localdomain.', 'loopback', 'the hosts file of many systems'],
  ['1.0.0.127.in-addr.arpa.', 'loopback', 'RFC 1912 section 4.1'],
  [LOOPBACK_V6_REVERSE, 'loopback', 'RFC 6303 section 4.3'],

  ['invalid.', 'absent', 'RFC 6761 section 6.4'],
  ['test.', 'absent', 'RFC 6761 section 6.2'],
  ['local.', 'absent', 'RFC 6762 section 22.1: multicast DNS only'],
  ['onion.', 'absent', 'RFC 7686 section 2'],
  ['alt.', 'absent', 'RFC 9476 section 2'],
  ['internal.', 'absent', 'reserved for private use by the ICANN board, 29 July 2024'],
  ['lan.', 'absent', 'RFC 6762 appendix G'],
  ['home.', 'absent', 'RFC 6762 appendix G; not to be delegated, ICANN board, 4 February 2018'],
  ['corp.', 'absent', 'RFC 6762 appendix G; not to be delegated, ICANN board, 4 February 2018'],
  ['localdomain.', 'absent', 'the search domain of many systems; not in the root'],
  ['use-application-dns.net.', 'absent', "Mozilla's canary: asks browsers to keep the network's resolver"],

  ['home.arpa.', 'empty', 'RFC 8375 section 4'],
  ['resolver.arpa.', 'silent', 'RFC 9462 section 6.4'],

  ['10.in-addr.arpa.', 'empty', 'RFC 6303 section 4.1'],
  ...numbers(16, 31).map((octet) => [`${octet}.172.in-addr.arpa.`, 'empty', 'RFC 6303 section 4.1'] as const),
  ['168.192.in-addr.arpa.', 'empty', 'RFC 6303 section 4.1'],
  ['0.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['127.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['254.169.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['2.0.192.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['100.51.198.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['113.0.203.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ['255.255.255.255.in-addr.arpa.', 'empty', 'RFC 6303 section 4.2'],
  ...numbers(64, 127).map((octet) => [`${octet}.100.in-addr.arpa.`, 'empty', 'RFC 7793'] as const),
  [`0.${'0.'.repeat(31)}ip6.arpa.`, 'empty', 'RFC 6303 section 4.3'],
  ['d.f.ip6.arpa.', 'empty', 'RFC 6303 section 4.4'],
  ...[...'89ab'].map((digit) => [`${digit}.e.f.ip6.arpa.`, 'empty', 'RFC 6303 section 4.5'] as const),
  ['8.b.d.0.1.0.0.2.ip6.arpa.', 'empty', 'RFC 6303 section 4.6'],
];

function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

const TREATMENTS: ReadonlyMap<NameKey, { readonly treatment: Treatment; readonly source: string }> = new Map(
  SPECIAL_NAMES.map(([name, treatment, source]) => [nameKey(name), { treatment, source }]),
);
/** Where what never leaves begins. */
export const SPECIAL_ZONES: readonly NameKey[] = [...TREATMENTS.keys()];
/** Parents of names in the table: NXDOMAIN for them would deny those as well (RFC 8020). */
const PARENTS: ReadonlySet<NameKey> = new Set([...TREATMENTS.keys()].flatMap(ancestorsOf));

const ARPA = nameKey('arpa.');
const LOCALHOST = nameKey('localhost.');
const LOOPBACK_ADDRESSES: ReadonlyMap<number, Uint8Array> = new Map([
  [TYPE.A, Uint8Array.of(127, 0, 0, 1)],
  [TYPE.AAAA, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)],
]);
const LOOPBACK_POINTER: ReadonlyMap<number, Uint8Array> = new Map([[TYPE.PTR, nameOctets(LOCALHOST)]]);
/** Loopback answers never change; a day, so that hosts without a hosts file ask rarely. */
const LOOPBACK_TTL_SECONDS = 86_400;

/**
 * What a validating client behind us asks about a top-level domain (RFC 4035 section 5). All other types of a name of
 * one label stay: "printer A" is a slip of a search list, and it tells the world what stands in the house.
 */
const TYPES_OF_A_CUT: ReadonlySet<number> = new Set([TYPE.DS, TYPE.DNSKEY, TYPE.NS, TYPE.SOA]);

/**
 * What is answered here for a name that no zone of the owner holds.
 * `holdsBelow` tells whether a zone of the owner lies below a name, which then is there, but empty (RFC 8020).
 */
export function specialAnswer(
  key: NameKey,
  type: number,
  holdsBelow: (key: NameKey) => boolean = () => false,
): SpecialAnswer {
  const special = specialZoneOf(key);
  if (special === undefined) {
    // NODATA rather than NXDOMAIN: "com A" does not exist, yet all of com does (RFC 8020).
    const isDotless = key !== ROOT && parentOf(key) === ROOT;
    return isDotless && !TYPES_OF_A_CUT.has(type)
      ? { kind: 'nodata', soaOwner: key, source: 'a name without a dot' }
      : { kind: 'outside' };
  }
  const { treatment, source } = TREATMENTS.get(special)!;
  if (treatment === 'loopback') return { ...loopbackAnswer(key, type, special), source };
  const exists = treatment === 'silent' || (treatment === 'empty' && key === special);
  const isNodata = exists || PARENTS.has(key) || holdsBelow(key);
  return { kind: isNodata ? 'nodata' : 'nxdomain', soaOwner: special, source };
}

/** The longest name of the table that `key` is or lies below. */
export function specialZoneOf(key: NameKey): NameKey | undefined {
  let name = key;
  while (name !== ROOT && !TREATMENTS.has(name)) name = parentOf(name);
  return name === ROOT ? undefined : name;
}

/**
 * Is this a question for the public parent, though the name is ours? A DS record stands on the parent's side of a cut
 * (RFC 4035 section 3.1.4.1), and a validating client needs the parent's proof that there is none: for the empty zones of
 * the table, whose parents have that proof on purpose (RFC 8375 section 4, RFC 6303 section 7), and for the apex of each
 * zone of the owner's. Where the parent is ours as well, no proof exists.
 */
export function isAskedOfParent(
  key: NameKey,
  type: number,
  dnssecOk: boolean,
  ownZones: { isApex(key: NameKey): boolean; holds(key: NameKey): boolean },
): boolean {
  if (type !== TYPE.DS || !dnssecOk || key === ROOT) return false;
  const parent = parentOf(key);
  const isCut = TREATMENTS.get(key)?.treatment === 'empty' || ownZones.isApex(key);
  return isCut && !ownZones.holds(parent) && !specialZoneOf(parent);
}

function loopbackAnswer(
  key: NameKey,
  type: number,
  special: NameKey,
):
  | { readonly kind: 'answer'; readonly records: readonly ResourceRecord[] }
  | { readonly kind: 'nxdomain' | 'nodata'; readonly soaOwner: NameKey } {
  const isReverse = isAtOrBelow(key, ARPA);
  if (isReverse && key !== special) return { kind: 'nxdomain', soaOwner: special };
  const rdata = (isReverse ? LOOPBACK_POINTER : LOOPBACK_ADDRESSES).get(type);
  if (!rdata) return { kind: 'nodata', soaOwner: special };
  return { kind: 'answer', records: [{ owner: key, type, ttlSeconds: LOOPBACK_TTL_SECONDS, rdata }] };
}

/** All names above `key` but the root, nearest first. */
export function ancestorsOf(key: NameKey): NameKey[] {
  const ancestors: NameKey[] = [];
  for (let name = parentOf(key); name !== ROOT; name = parentOf(name)) ancestors.push(name);
  return ancestors;
}
