// DNS UPDATE (RFC 2136), pure: the message that adds one TXT record to a zone or deletes that one, the question for a
// zone's SOA, and what the response to either says. No prerequisites (section 2.4), no other types, no signature:
// that is dns/tsig.ts.

import { CLASS_IN, rcodeName, TYPE } from './codes.ts';
import { isAtOrBelow, lowerName, type NameKey, nameOctets, ROOT } from './names.ts';
import { readRecords } from './record-reader.ts';
import {
  FLAG,
  HEADER_OCTETS,
  layoutOf,
  QUESTION_FIXED_OCTETS,
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  readUint16,
  sameQuestion,
  TYPE_BEFORE_TTL,
  writeUint16,
  writeUint32,
} from './wire.ts';

/** RFC 2136 section 1.3. */
const OPCODE_UPDATE = 5;
const OPCODE_SHIFT = 11;
const OPCODE_BITS = 15;
const RCODE_BITS = 15;
/** Deletes exactly the record that it stands in (RFC 2136 section 2.5.4). */
const CLASS_NONE = 254;
/** For a CA that asks within seconds; a resolver on the way must not keep an old value for long. */
const TTL_SECONDS = 60;
/** One character-string (RFC 1035 section 3.3). */
const MAX_STRING_OCTETS = 255;
/** Where the counts of the second and third section stand (RFC 2136 section 2.2). */
const UPDATE_COUNT_AT = 8;

export interface TxtChange {
  readonly action: 'add' | 'delete';
  /** The zone, at or above `name`. */
  readonly zone: NameKey;
  readonly name: NameKey;
  /** At most 255 octets of ASCII. */
  readonly value: string;
}

/**
 * The UPDATE that makes this change and no other (RFC 2136 section 2.5).
 * @throws RangeError for a value of over 255 octets
 */
export function txtUpdate(id: number, { action, zone, name, value }: TxtChange): Uint8Array {
  const string = Buffer.from(value, 'latin1');
  if (string.length > MAX_STRING_OCTETS) throw new RangeError('a TXT string holds 255 octets at most');
  const isAdded = action === 'add';
  const head = question(id, OPCODE_UPDATE, zone, TYPE.SOA);
  const owner = nameOctets(name);
  const fixed = new Uint8Array(TYPE_BEFORE_TTL + RDATA_BEHIND_TTL);
  writeUint16(fixed, 0, TYPE.TXT);
  writeUint16(fixed, 2, isAdded ? CLASS_IN : CLASS_NONE);
  writeUint32(fixed, TYPE_BEFORE_TTL, isAdded ? TTL_SECONDS : 0);
  writeUint16(fixed, TYPE_BEFORE_TTL + RDLENGTH_BEHIND_TTL, 1 + string.length);
  const message = Buffer.concat([head, owner, fixed, Buffer.of(string.length), string]);
  writeUint16(message, UPDATE_COUNT_AT, 1);
  return message;
}

/** The question for the SOA record at `name`, not recursive: what the server itself holds is asked for. */
export function soaQuestion(id: number, name: NameKey): Uint8Array {
  return question(id, 0, name, TYPE.SOA);
}

function question(id: number, opcode: number, name: NameKey, type: number): Uint8Array {
  const message = new Uint8Array(HEADER_OCTETS + name.length + QUESTION_FIXED_OCTETS);
  writeUint16(message, 0, id);
  writeUint16(message, 2, opcode << OPCODE_SHIFT);
  writeUint16(message, 4, 1);
  message.set(nameOctets(name), HEADER_OCTETS);
  writeUint16(message, HEADER_OCTETS + name.length, type);
  writeUint16(message, HEADER_OCTETS + name.length + 2, CLASS_IN);
  return message;
}

/** The response code of a response to `request` (its ID, its opcode, QR); null when it is none, whatever it is. */
export function readRcode(response: Uint8Array, request: Uint8Array): number | null {
  if (response.length < HEADER_OCTETS || readUint16(response, 0) !== readUint16(request, 0)) return null;
  const flags = readUint16(response, 2);
  if ((flags & FLAG.QR) === 0 || opcodeOf(flags) !== opcodeOf(readUint16(request, 2))) return null;
  return flags & RCODE_BITS;
}

function opcodeOf(flags: number): number {
  return (flags >> OPCODE_SHIFT) & OPCODE_BITS;
}

/**
 * The zone that holds the name which `request`, a soaQuestion, asked for: the owner of the SOA in an authoritative answer,
 * or in the authority section of a negative one (RFC 2308 section 3). Null where the response does not say. The root is
 * no zone of anybody's who asks this.
 */
export function zoneOf(response: Uint8Array, request: Uint8Array): NameKey | null {
  const layout = (readUint16(response, 2) & FLAG.AA) === 0 ? null : layoutOf(response);
  if (layout === null || layout.questionEnd !== request.length) return null;
  if (!sameQuestion(response, request, layout.questionEnd)) return null;
  const asked = lowerName(
    Buffer.from(request.subarray(HEADER_OCTETS, -QUESTION_FIXED_OCTETS)).toString('latin1'),
  );
  const { answers, authorities } = readRecords(response, layout);
  const soa =
    answers.find(({ owner, type }) => type === TYPE.SOA && lowerName(owner) === asked) ??
    (answers.length === 0 ? authorities.find(({ type }) => type === TYPE.SOA) : undefined);
  const zone = soa === undefined ? ROOT : lowerName(soa.owner);
  return zone !== ROOT && isAtOrBelow(asked, zone) ? zone : null;
}

/** For each response code of RFC 2136 section 2.2 what to look at. */
const CHECKS: ReadonlyMap<string, string> = new Map([
  ['FORMERR', 'it cannot read an update; check that it is a server that takes DNS UPDATE (RFC 2136)'],
  ['SERVFAIL', "it failed in itself; read its log (BIND: may it write into the zone file's directory?)"],
  ['NXDOMAIN', 'a name that should be there is not; check the zone on it'],
  ['NOTIMP', 'it does not take DNS UPDATE (RFC 2136); use another server or another provider'],
  [
    'REFUSED',
    'it does not allow this change; allow it there (BIND: update-policy or allow-update of the zone)',
  ],
  ['YXDOMAIN', 'a name is there that should not be; check what else changes the zone'],
  ['YXRRSET', 'records are there that should not be; check what else changes the zone'],
  ['NXRRSET', 'records that should be there are not; check what else changes the zone'],
  [
    'NOTAUTH',
    'it is not the primary server of the zone, or does not let this key in; check the zone, the server and the key',
  ],
  ['NOTZONE', 'the name is not in that zone; check the zone that the configuration names'],
]);

/** "REFUSED: what that means; what to do". */
export function rcodeText(rcode: number): string {
  const name = rcodeName(rcode);
  return `${name}: ${CHECKS.get(name) ?? 'look at its log'}`;
}
