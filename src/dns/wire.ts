// All arithmetic on the octets of a DNS message (RFC 1035 section 4), as pure functions. Nothing here throws:
// what is malformed is answered with a negative number or null, because hostile octets are the normal case.
// A message is never decoded into objects on the answer path; test/unit/dns/wire.test.ts holds these functions
// against dns-packet, which does decode.

import { TYPE } from './codes.ts';

export const HEADER_OCTETS = 12;
export const MAX_MESSAGE_OCTETS = 65_535;
/** QTYPE and QCLASS; type and class of UPDATE's zone section alike (RFC 2136 section 2.3). */
export const QUESTION_FIXED_OCTETS = 4;
/** In a record, RFC 1035 section 4.1.3: TYPE and CLASS stand before the TTL, RDLENGTH and RDATA behind it. */
export const TYPE_BEFORE_TTL = 4;
export const RDLENGTH_BEHIND_TTL = 4;
export const RDATA_BEHIND_TTL = 6;
const MAX_NAME_OCTETS = 255;
const MAX_LABEL_OCTETS = 63;
const POINTER = 0xc0;
/** One behind each of the 127 labels that a name has room for; a chain of thousands would be legal and cost 100 ms. */
const MAX_POINTERS = 127;
/** Owner, type, class, TTL and RDLENGTH of a record: what follows the owner name (RFC 1035 section 4.1.3). */
const RECORD_FIXED_OCTETS = 10;

/** Bits of the second header word (RFC 1035 section 4.1.1, RFC 4035 section 3). */
export const FLAG = {
  QR: 0x8000,
  AA: 0x0400,
  TC: 0x0200,
  RD: 0x0100,
  RA: 0x0080,
  AD: 0x0020,
  CD: 0x0010,
} as const;

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Where an uncompressed name at `at` ends, or -1: too long, cut off (at `length`), a pointer, an unknown label type. */
export function plainNameEnd(bytes: Uint8Array, at: number, length = bytes.length): number {
  const limit = Math.min(length, at + MAX_NAME_OCTETS);
  for (let position = at; position < limit; ) {
    const length = bytes[position]!;
    position += 1 + length;
    if (length === 0) return position;
    if (length > MAX_LABEL_OCTETS) return -1;
  }
  return -1;
}

/**
 * Where a possibly compressed name at `at` ends, or -1. Every pointer must point before the name that it stands in,
 * and each jump further back than the last (RFC 9267 section 2), so a loop cannot be built; the whole is at most 255 octets,
 * by way of at most 127 pointers.
 * @param limit where the message ends, which may be before the octets do
 */
export function nameEnd(bytes: Uint8Array, at: number, limit = bytes.length): number {
  let end = -1;
  let total = 0;
  let earliest = at;
  let pointers = 0;
  for (let position = at; position < limit; ) {
    const length = bytes[position]!;
    if (length >= POINTER) {
      if (position + 2 > limit) return -1;
      if (end < 0) end = position + 2;
      position = readUint16(bytes, position) & 0x3fff;
      if (position >= earliest || position < HEADER_OCTETS) return -1;
      earliest = position;
      pointers += 1;
      if (pointers > MAX_POINTERS) return -1;
      continue;
    }
    if (length > MAX_LABEL_OCTETS) return -1;
    position += 1 + length;
    total += 1 + length;
    if (total > MAX_NAME_OCTETS) return -1;
    if (length === 0) return end < 0 ? position : end;
  }
  return -1;
}

/** Scratch for readName: a string grown by single characters costs ten times as much. */
const name = Buffer.alloc(MAX_NAME_OCTETS);

/** The name at `at`, pointers followed, in wire form as a latin1 string, case kept. Call nameEnd first. */
export function readName(bytes: Uint8Array, at: number): string {
  let octets = 0;
  for (let position = at; ; ) {
    const length = bytes[position]!;
    if (length >= POINTER) {
      position = readUint16(bytes, position) & 0x3fff;
      continue;
    }
    for (let end = position + 1 + length; position < end; position += 1) name[octets++] = bytes[position]!;
    if (length === 0) return name.toString('latin1', 0, octets);
  }
}

/** What one walk over a whole message finds; offsets from its start. */
export interface MessageLayout {
  /** End of the question section. */
  readonly questionEnd: number;
  readonly answers: number;
  readonly authorities: number;
  /** Additional records before the OPT record: those after it are optional data and are left behind with it. */
  readonly additionals: number;
  /** End of the last record that counts, so without OPT. */
  readonly end: number;
  /** Where the TTL of each record stands, in the order of the records. */
  readonly ttlOffsets: readonly number[];
  /** Start of the OPT record's fixed part (behind its root owner), -1 where there is none. */
  readonly opt: number;
}

/** The message being walked, its TTLs struck out on the way. */
const walked = new Uint8Array(MAX_MESSAGE_OCTETS);
/** Where these stand; no message has room for more records. An array that grows as they come takes room for 17. */
const walkedTtls = new Uint16Array(Math.ceil(MAX_MESSAGE_OCTETS / (1 + RECORD_FIXED_OCTETS)));

/**
 * Walks a message with exactly one question and checks its whole form: names, counts, RDLENGTHs, the names inside RDATA
 * that may be compressed (RFC 3597 section 4), the length of addresses, at most one OPT, nothing behind the last record.
 * No pointer may lead into a TTL: it would be a good name now and garbage once the TTL has aged.
 * Null when any of it is wrong.
 */
export function layoutOf(bytes: Uint8Array): MessageLayout | null {
  if (bytes.length < HEADER_OCTETS || bytes.length > MAX_MESSAGE_OCTETS || readUint16(bytes, 4) !== 1)
    return null;
  const nameStop = plainNameEnd(bytes, HEADER_OCTETS);
  if (nameStop < 0 || nameStop + 4 > bytes.length) return null;
  const questionEnd = nameStop + 4;
  const answers = readUint16(bytes, 6);
  const authorities = readUint16(bytes, 8);
  const records = answers + authorities + readUint16(bytes, 10);
  const octets = bytes.length;
  const message = walked; // longer than this message: a view of it would cost more than the walk
  message.set(bytes);
  let ttls = 0;
  let opt = -1;
  let position = questionEnd;
  let end = questionEnd;
  for (let index = 0; index < records; index += 1) {
    const fixed = nameEnd(message, position, octets);
    if (fixed < 0 || fixed + RECORD_FIXED_OCTETS > octets) return null;
    const type = readUint16(message, fixed);
    const rdata = fixed + RECORD_FIXED_OCTETS;
    const next = rdata + readUint16(message, fixed + 8);
    writeUint32(message, fixed + 4, 0xffffffff);
    if (next > octets || !isRdataSound(message, type, rdata, next, octets)) return null;
    if (type === TYPE.OPT) {
      if (opt >= 0 || fixed !== position + 1 || index < answers + authorities) return null;
      opt = fixed;
    } else if (opt < 0) {
      walkedTtls[ttls++] = fixed + TYPE_BEFORE_TTL;
      end = next;
    }
    position = next;
  }
  if (position !== octets) return null;
  const ttlOffsets = new Array<number>(ttls);
  for (let index = 0; index < ttls; index += 1) ttlOffsets[index] = walkedTtls[index]!;
  const additionals = ttls - answers - authorities;
  return { questionEnd, answers, authorities, additionals, end, ttlOffsets, opt };
}

/** Where one record stands. */
export interface RecordPlace {
  readonly ownerAt: number;
  readonly typeAt: number;
  readonly ttlAt: number;
  readonly rdataAt: number;
  /** Behind the RDATA. */
  readonly end: number;
}

/** Of the records of a message that layoutOf has walked, in their order; OPT is not among them. */
export function recordPlaces(
  message: Uint8Array,
  { questionEnd, ttlOffsets }: Pick<MessageLayout, 'questionEnd' | 'ttlOffsets'>,
): RecordPlace[] {
  let ownerAt = questionEnd;
  return ttlOffsets.map((ttlAt) => {
    const rdataAt = ttlAt + RDATA_BEHIND_TTL;
    const end = rdataAt + readUint16(message, ttlAt + RDLENGTH_BEHIND_TTL);
    const place = { ownerAt, typeAt: ttlAt - TYPE_BEFORE_TTL, ttlAt, rdataAt, end };
    ownerAt = end;
    return place;
  });
}

/** Twelve bits, the extended part included (RFC 6891 section 6.1.3). */
export function rcodeOf(message: Uint8Array, { opt }: Pick<MessageLayout, 'opt'>): number {
  return ((opt < 0 ? 0 : message[opt + 4]!) << 4) | (readUint16(message, 2) & 15);
}

/** Where in the RDATA of a type stand names that may be compressed (RFC 3597 section 4). */
interface NamesInRdata {
  /** Octets before them. */
  readonly before: number;
  /** Character-strings behind those octets (RFC 1035 section 3.3). */
  readonly strings: number;
  readonly names: number;
  /** Octets behind the names; null: any number. */
  readonly after: number | null;
}

const ONE_NAME: NamesInRdata = { before: 0, strings: 0, names: 1, after: 0 };
const TWO_NAMES: NamesInRdata = { ...ONE_NAME, names: 2 };
const NUMBER_AND_NAME: NamesInRdata = { ...ONE_NAME, before: 2 };

export const NAMES_IN_RDATA: ReadonlyMap<number, NamesInRdata> = new Map<number, NamesInRdata>([
  [TYPE.NS, ONE_NAME],
  [TYPE.CNAME, ONE_NAME],
  [TYPE.SOA, { ...TWO_NAMES, after: 20 }],
  [TYPE.MB, ONE_NAME],
  [TYPE.MG, ONE_NAME],
  [TYPE.MR, ONE_NAME],
  [TYPE.PTR, ONE_NAME],
  [TYPE.MINFO, TWO_NAMES],
  [TYPE.MX, NUMBER_AND_NAME],
  [TYPE.RP, TWO_NAMES],
  [TYPE.AFSDB, NUMBER_AND_NAME],
  [TYPE.RT, NUMBER_AND_NAME],
  [TYPE.SIG, { ...ONE_NAME, before: 18, after: null }],
  [TYPE.PX, { ...TWO_NAMES, before: 2 }],
  [TYPE.NXT, { ...ONE_NAME, after: null }],
  [TYPE.SRV, { ...ONE_NAME, before: 6 }],
  [TYPE.NAPTR, { ...ONE_NAME, before: 4, strings: 3 }],
  [TYPE.KX, NUMBER_AND_NAME],
  [TYPE.DNAME, ONE_NAME],
  // Never compressed (RFC 4034 section 3.1.7), but clients break on one that is too short.
  [TYPE.RRSIG, { ...ONE_NAME, before: 18, after: null }],
]);

/** Where the first name stands in RDATA that begins at `start`; the caller checks that this is within bounds. */
export function firstNameInRdata(
  bytes: Uint8Array,
  { before, strings }: NamesInRdata,
  start: number,
): number {
  let position = start + before;
  for (let index = 0; index < strings && position < bytes.length; index += 1)
    position += 1 + bytes[position]!;
  return position;
}

/** @param limit where the message ends */
function isRdataSound(bytes: Uint8Array, type: number, start: number, end: number, limit: number): boolean {
  if (type === TYPE.A) return end - start === 4;
  if (type === TYPE.AAAA) return end - start === 16;
  const form = NAMES_IN_RDATA.get(type);
  if (form === undefined) return true;
  let position = firstNameInRdata(bytes, form, start);
  for (let index = 0; index < form.names; index += 1) {
    if (position >= end) return false;
    position = nameEnd(bytes, position, limit);
    if (position < 0 || position > end) return false;
  }
  return form.after === null || position + form.after === end;
}

/** Are the questions of two messages the same, the letters of the name (and of nothing else) compared without case? */
export function sameQuestion(a: Uint8Array, b: Uint8Array, questionEnd: number): boolean {
  if (a.length < questionEnd || b.length < questionEnd) return false;
  const nameStop = questionEnd - 4; // type and class are numbers: HTTPS is 0x41, and 0x61 is another type
  for (let at = HEADER_OCTETS; at < questionEnd; at += 1) {
    if (a[at] === b[at]) continue;
    if (at >= nameStop || lowerOctet(a[at]!) !== lowerOctet(b[at]!)) return false;
  }
  return true;
}

export function lowerOctet(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
}
