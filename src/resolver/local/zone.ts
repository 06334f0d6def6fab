// The owner's zones and the pure look-up in them: RFC 1034 section 4.3.2 with wildcards (RFC 4592) and DNAME (RFC 6672).
// A CNAME is handed to the caller, who follows it, into another zone or out to the world. There are no delegations:
// NS records below an apex are ordinary records, because nobody here could be referred to another server.
// The longest zone wins, and a record is kept by it, whichever zone of the config it was written in.

import type { ZoneConfig } from '../../config/config.ts';
import { TYPE } from '../../dns/codes.ts';
import { lowerName, type NameKey, nameOctets, parentOf, ROOT, reverseNameKey } from '../../dns/names.ts';
import type { ResourceRecord } from '../../dns/records.ts';
import { ancestorsOf, specialZoneOf } from './special-names.ts';

export type ZoneAnswer =
  /** No zone holds the name. */
  { readonly kind: 'outside' } | (Found & ZoneFacts);

interface ZoneFacts {
  readonly zone: NameKey;
  /** Something is written at this very name, or a DNAME above it: not a wildcard, and no name that is not there. */
  readonly isWritten: boolean;
  /** Nobody wrote this zone: it was opened for pointers. */
  readonly isMadeUp: boolean;
}

type Found =
  | { readonly kind: 'answer'; readonly records: readonly ResourceRecord[] }
  /** `records`: the CNAME, with the DNAME that it was made of before it, if any. `target`: where to look next. */
  | { readonly kind: 'cname'; readonly records: readonly ResourceRecord[]; readonly target: NameKey }
  /** A DNAME leads to a name of over 255 octets; RCODE 6 (RFC 6672 section 2.2). */
  | { readonly kind: 'yxdomain'; readonly records: readonly ResourceRecord[] }
  /** `soa` for the authority section, its TTL the negative one (RFC 2308 section 3). */
  | { readonly kind: 'nodata' | 'nxdomain'; readonly soa: ResourceRecord };

export interface LocalZones {
  /** Where zones start. */
  readonly apexes: readonly NameKey[];
  lookup(key: NameKey, type: number): ZoneAnswer;
  /** Does a zone start at this name? */
  isApex(key: NameKey): boolean;
  /** Is this name in a zone? */
  holds(key: NameKey): boolean;
  /** Does a zone start below this name? */
  holdsBelow(key: NameKey): boolean;
}

/** All records of one name; empty where only names below it have any (RFC 4592 section 2.2.2). */
type Node = ResourceRecord[];

interface Zone {
  readonly apex: NameKey;
  readonly nodes: Map<NameKey, Node>;
  readonly isMadeUp: boolean;
  hasDname: boolean;
}

/** Short, so that a name that is added to the config is there for everyone soon (RFC 2308 section 5 allows hours). */
const NEGATIVE_TTL_SECONDS = 300;
/** The other times of an SOA are for secondaries, which we have none of; RFC 1912 section 2.2 has such values. */
const SOA_NUMBERS = { serial: 1, refreshSeconds: 3600, retrySeconds: 600, expireSeconds: 604_800 };
/** Names that one address points back to; the rest of a long list says nothing more to a reader. */
const MAX_POINTERS_PER_ADDRESS = 16;
const MAX_NAME_OCTETS = 255;
const WILDCARD = '\x01*';
const HOSTMASTER = '\x0ahostmaster';
const OUTSIDE: ZoneAnswer = { kind: 'outside' };

/**
 * Zones ready for look-ups. Each gets an SOA unless it has one, for negative answers need it (RFC 2308), but no NS:
 * there is no server to name. Every A and AAAA record makes a PTR record, unless the config has records at that name.
 */
export function createZones(configs: readonly ZoneConfig[]): LocalZones {
  const zones = new Map<NameKey, Zone>();
  const records = configs.flatMap((config) => config.records);
  for (const { name } of configs) openZone(zones, name, false);
  for (const record of records) addRecord(zones, record);
  addPointers(zones, records);
  const parents = new Set([...zones.keys()].flatMap((apex) => [...ancestorsOf(apex), ROOT]));
  for (const zone of zones.values()) {
    const outer = zone.apex === ROOT ? undefined : zoneOf(zones, parentOf(zone.apex));
    if (outer) addParents(outer, zone.apex);
    const node = zone.nodes.get(zone.apex)!;
    if (!firstOf(node, TYPE.SOA)) node.push(authoritySoa(zone.apex));
  }
  return {
    apexes: [...zones.keys()],
    lookup: (key, type) => {
      const zone = zoneOf(zones, key);
      return zone ? lookUp(zone, key, type) : OUTSIDE;
    },
    isApex: (key) => zones.has(key),
    holds: (key) => zoneOf(zones, key) !== undefined,
    holdsBelow: (key) => parents.has(key),
  };
}

/** The SOA that stands for a zone without one of its own: the zone itself as server, "hostmaster" in it, TTL 300 s. */
export function authoritySoa(owner: NameKey): ResourceRecord {
  const mailbox = owner.length + HOSTMASTER.length > MAX_NAME_OCTETS ? owner : HOSTMASTER + owner;
  const { serial, refreshSeconds, retrySeconds, expireSeconds } = SOA_NUMBERS;
  const numbers = Buffer.alloc(20);
  for (const [at, value] of [
    serial,
    refreshSeconds,
    retrySeconds,
    expireSeconds,
    NEGATIVE_TTL_SECONDS,
  ].entries()) {
    numbers.writeUInt32BE(value, at * 4);
  }
  const rdata = Buffer.concat([nameOctets(owner), nameOctets(mailbox), numbers]);
  return { owner, type: TYPE.SOA, ttlSeconds: NEGATIVE_TTL_SECONDS, rdata };
}

function zoneOf(zones: ReadonlyMap<NameKey, Zone>, key: NameKey): Zone | undefined {
  for (let name = key; ; name = parentOf(name)) {
    const zone = zones.get(name);
    if (zone || name === ROOT) return zone;
  }
}

function openZone(zones: Map<NameKey, Zone>, apex: NameKey, isMadeUp: boolean): void {
  if (!zones.has(apex)) zones.set(apex, { apex, nodes: new Map([[apex, []]]), isMadeUp, hasDname: false });
}

function addRecord(zones: ReadonlyMap<NameKey, Zone>, record: ResourceRecord): void {
  const key = lowerName(record.owner);
  const zone = zoneOf(zones, key);
  // Names outside every zone are refused when the config is read (dns/record-text.ts).
  if (!zone) return;
  const node = zone.nodes.get(key);
  if (node) node.push(record);
  else zone.nodes.set(key, [record]);
  addParents(zone, key);
  zone.hasDname ||= record.type === TYPE.DNAME;
}

/** Makes the names between `key` and the apex exist, empty where they have no records. */
function addParents(zone: Zone, key: NameKey): void {
  if (key === zone.apex) return;
  for (let name = parentOf(key); !zone.nodes.has(name); name = parentOf(name)) zone.nodes.set(name, []);
}

/**
 * Pointers back to the names of all addresses. One goes into the owner's zone that holds the reverse name, else into
 * the locally served zone (RFC 6303) that does, opened for it, else (a public address) into a zone of that one name.
 */
function addPointers(zones: Map<NameKey, Zone>, records: readonly ResourceRecord[]): void {
  const pointers = new Map<NameKey, ResourceRecord[]>();
  for (const { owner, type, ttlSeconds, rdata } of records) {
    const isAddress = type === TYPE.A || type === TYPE.AAAA;
    if (!isAddress || owner.startsWith(WILDCARD) || isNobodysAddress(rdata)) continue;
    const reverse = reverseNameKey(rdata);
    if (zoneOf(zones, reverse)?.nodes.get(reverse)?.length) continue;
    const known = pointers.get(reverse) ?? [];
    pointers.set(reverse, known);
    const isThere = known.some((pointer) => nameOfRdata(pointer.rdata) === lowerName(owner));
    if (isThere || known.length === MAX_POINTERS_PER_ADDRESS) continue;
    known.push({ owner: reverse, type: TYPE.PTR, ttlSeconds, rdata: nameOctets(owner) });
  }
  for (const reverse of pointers.keys()) {
    if (!zoneOf(zones, reverse)) openZone(zones, specialZoneOf(reverse) ?? reverse, true);
  }
  for (const pointer of [...pointers.values()].flat()) addRecord(zones, pointer);
}

/** 0.0.0.0/8 and ::, as block lists have them, and loopback, which is localhost (see special-names.ts). */
function isNobodysAddress(octets: Uint8Array): boolean {
  return octets.length === 4
    ? octets[0] === 0 || octets[0] === 127
    : octets.every((octet, at) => octet === 0 || (at === 15 && octet === 1));
}

function lookUp(zone: Zone, key: NameKey, type: number): ZoneAnswer {
  const of = (found: Found, isWritten: boolean): ZoneAnswer => ({
    ...found,
    zone: zone.apex,
    isWritten,
    isMadeUp: zone.isMadeUp,
  });
  const dname = zone.hasDname ? highestDname(zone, key) : undefined;
  if (dname) return of(followDname(key, dname), true);
  const node = zone.nodes.get(key);
  if (node) return of(answerOf(zone, node, type), node.length > 0);
  let encloser = parentOf(key);
  while (!zone.nodes.has(encloser)) encloser = parentOf(encloser);
  // Only the closest encloser's own wildcard counts: a name in between blocks those further up (RFC 4592 section 4.2).
  const wildcard = zone.nodes.get(WILDCARD + encloser);
  return of(wildcard ? answerOf(zone, wildcard, type, key) : negative(zone, 'nxdomain'), false);
}

/** What a node says to a type. From a wildcard the records take the name that was asked as their owner. */
function answerOf(zone: Zone, node: Node, type: number, asked?: NameKey): Found {
  // ANY is given one RRset, which is enough (RFC 8482 section 4.1).
  const wanted = type === TYPE.ANY ? node[0]?.type : type;
  const owned = (records: readonly ResourceRecord[]) =>
    asked === undefined ? records : records.map((record) => ({ ...record, owner: asked }));
  const rrset = node.filter((record) => record.type === wanted);
  if (rrset.length > 0) return { kind: 'answer', records: owned(rrset) };
  const cname = firstOf(node, TYPE.CNAME);
  if (!cname) return negative(zone, 'nodata');
  return { kind: 'cname', records: owned([cname]), target: nameOfRdata(cname.rdata) };
}

function firstOf(node: Node | undefined, type: number): ResourceRecord | undefined {
  return node?.find((record) => record.type === type);
}

function negative(zone: Zone, kind: 'nodata' | 'nxdomain'): Found {
  const soa = firstOf(zone.nodes.get(zone.apex), TYPE.SOA)!;
  const minimumSeconds = Buffer.from(soa.rdata.subarray(-4)).readUInt32BE();
  const ttlSeconds = Math.min(soa.ttlSeconds, minimumSeconds);
  return { kind, soa: { ...soa, ttlSeconds } };
}

/** The DNAME above a name, the one next to the apex if there are several: it hides all below it. */
function highestDname(zone: Zone, key: NameKey): ResourceRecord | undefined {
  let found: ResourceRecord | undefined;
  for (let name = key; name !== zone.apex; ) {
    name = parentOf(name);
    found = firstOf(zone.nodes.get(name), TYPE.DNAME) ?? found;
  }
  return found;
}

function followDname(key: NameKey, dname: ResourceRecord): Found {
  const prefix = key.slice(0, key.length - dname.owner.length);
  const rdata = Buffer.concat([nameOctets(prefix), dname.rdata]);
  if (rdata.length > MAX_NAME_OCTETS) return { kind: 'yxdomain', records: [dname] };
  const cname = { owner: key, type: TYPE.CNAME, ttlSeconds: dname.ttlSeconds, rdata };
  return { kind: 'cname', records: [dname, cname], target: nameOfRdata(rdata) };
}

function nameOfRdata(rdata: Uint8Array): NameKey {
  return lowerName(Buffer.from(rdata).toString('latin1'));
}
