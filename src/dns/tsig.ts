// TSIG (RFC 8945), pure: the record that signs a request, and what the one in its response is worth. Whole MACs only, and
// one message each way, so neither truncation (section 5.2.2.1) nor streams (section 5.3.1). Nothing here throws on what
// a server sends. What the messages are about is not asked, and where a key comes from neither.

import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { TYPE } from './codes.ts';
import { formatWithoutDot, lowerName, type NameKey, nameKey, nameOctets } from './names.ts';
import {
  HEADER_OCTETS,
  nameEnd,
  plainNameEnd,
  QUESTION_FIXED_OCTETS,
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  readName,
  readUint16,
  readUint32,
  TYPE_BEFORE_TTL,
  writeUint16,
  writeUint32,
} from './wire.ts';

/** For each algorithm (RFC 8945 section 6) its hash as node:crypto calls it. */
const HASHES = {
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
  'hmac-sha224': 'sha224',
  'hmac-sha1': 'sha1',
} as const;

export type TsigAlgorithm = keyof typeof HASHES;
export const TSIG_ALGORITHMS = Object.keys(HASHES) as readonly TsigAlgorithm[];

/** How far the clocks of both sides may be apart (RFC 8945 section 10). */
const FUDGE_SECONDS = 300;
const CLASS_ANY = 255;
/** Of an error that says nothing is wrong, and of the TTL. */
const NONE = 0;
/** RFC 8945 section 3. */
const BADSIG = 16;
const BADKEY = 17;
const BADTIME = 18;
const BADTRUNC = 22;

const ARCOUNT_AT = 10;
/** A 48-bit number of seconds since 1970. */
const TIME_OCTETS = 6;
/** Time, fudge and the MAC's length, before the MAC; original ID, error and the length of other octets, behind it. */
const BEFORE_MAC_OCTETS = TIME_OCTETS + 4;
const BEHIND_MAC_OCTETS = 6;
/** The last second that a Date can hold. */
const LAST_DATE_SECONDS = 8_640_000_000_000;

export interface TsigKey {
  readonly name: NameKey;
  readonly algorithm: TsigAlgorithm;
  /** As a KeyObject, which no log can show. */
  readonly secret: KeyObject;
}

export interface SignedMessage {
  readonly message: Uint8Array;
  /** What the response is signed over as well. */
  readonly mac: Uint8Array;
}

/** `message` with a TSIG record behind it. `signedAtSeconds`: since 1970, by our own clock. */
export function signTsig(message: Uint8Array, key: TsigKey, signedAtSeconds: number): SignedMessage {
  const algorithm = nameOctets(algorithmName(key));
  const timing = Buffer.concat([uint48(signedAtSeconds), uint16(FUDGE_SECONDS)]);
  const noError = Buffer.concat([uint16(NONE), uint16(0)]);
  const mac = macOf(key, [message, variables(key, timing, noError)]);
  const originalId = message.subarray(0, 2);
  const rdata = Buffer.concat([algorithm, timing, uint16(mac.length), mac, originalId, noError]);
  const owner = nameOctets(key.name);
  const signed = Buffer.concat([
    message,
    owner,
    uint16(TYPE.TSIG),
    CLASS_AND_TTL,
    uint16(rdata.length),
    rdata,
  ]);
  writeUint16(signed, ARCOUNT_AT, readUint16(message, ARCOUNT_AT) + 1);
  return { message: signed, mac };
}

/** What a response is judged by. */
export interface TsigGround {
  /** The one that signed the request. */
  readonly key: TsigKey;
  /** Of the request. */
  readonly requestMac: Uint8Array;
  /** Since 1970, by our own clock. */
  readonly nowSeconds: number;
}

/** `unsigned`: there is no TSIG record. `bad`: with a reason for a person, the end of a sentence about the server. */
export type TsigVerdict =
  | { readonly kind: 'genuine' }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'bad'; readonly reason: string };

/** What the signature of a response is worth (RFC 8945 section 5.3); any octets will do. */
export function judgeTsig(response: Uint8Array, { key, requestMac, nowSeconds }: TsigGround): TsigVerdict {
  const tsig = readTsig(response);
  if (tsig === 'none') return { kind: 'unsigned' };
  if (tsig === 'malformed') return bad('sends a signature (TSIG) that cannot be read');
  const keyText = `"${formatWithoutDot(key.name)}"`;
  if (tsig.error === BADKEY)
    return bad(
      `knows no key ${keyText} for ${key.algorithm} (BADKEY); write the key's name and algorithm as they are there`,
    );
  if (tsig.error === BADSIG)
    return bad(`has another secret for the key ${keyText} (BADSIG); copy the key file from there again`);
  if (tsig.error === BADTIME && tsig.mac.length === 0) return badTime(tsig, nowSeconds);
  if (tsig.keyName !== key.name || tsig.algorithm !== algorithmName(key))
    return bad(`signs its answer with another key than ${keyText}; give that one to both`);
  const mac = macOf(key, [
    uint16(requestMac.length),
    requestMac,
    unsignedMessage(response, tsig),
    variables(key, tsig.timing, tsig.errorAndOther),
  ]);
  if (tsig.mac.length !== mac.length)
    return bad('cuts the signature of its answer short or leaves it out, and only whole ones are taken');
  if (!timingSafeEqual(tsig.mac, mac))
    return bad(
      'signs its answer wrongly, so somebody on the way may have changed it; nothing in it is believed',
    );
  if (tsig.error === BADTIME) return badTime(tsig, nowSeconds);
  if (tsig.error === BADTRUNC)
    return bad('wants a longer signature (BADTRUNC), though ours was whole; look at its log');
  if (tsig.error !== NONE)
    return bad(`refuses our signature with the TSIG error ${tsig.error}; look at its log`);
  const signedAtSeconds = readUint48(tsig.timing, 0);
  const fudgeSeconds = readUint16(tsig.timing, TIME_OCTETS);
  if (Math.abs(nowSeconds - signedAtSeconds) <= fudgeSeconds) return { kind: 'genuine' };
  return bad(clocks(signedAtSeconds, nowSeconds, `over ${fudgeSeconds} s apart`));
}

function bad(reason: string): TsigVerdict {
  return { kind: 'bad', reason };
}

/** The other octets then hold the server's time (RFC 8945 section 5.2.3). */
function badTime({ other }: TsigRecord, nowSeconds: number): TsigVerdict {
  if (other.length !== TIME_OCTETS)
    return bad(`finds our clock wrong, which says ${dateText(nowSeconds)} (BADTIME); compare both clocks`);
  return bad(clocks(readUint48(other, 0), nowSeconds, 'too far apart (BADTIME)'));
}

function clocks(theirSeconds: number, ourSeconds: number, howFar: string): string {
  return `has a clock that says ${dateText(theirSeconds)} where ours says ${dateText(ourSeconds)}, ${howFar}; set the wrong one right`;
}

function dateText(seconds: number): string {
  if (!(Math.abs(seconds) <= LAST_DATE_SECONDS)) return `${seconds} s since 1970`;
  return new Date(Math.floor(seconds) * 1000).toISOString().replace('.000Z', 'Z');
}

interface TsigRecord {
  /** Where the record begins. */
  readonly start: number;
  readonly keyName: NameKey;
  readonly algorithm: NameKey;
  /** Time signed and fudge, 8 octets. */
  readonly timing: Uint8Array;
  readonly mac: Uint8Array;
  readonly originalId: Uint8Array;
  readonly error: number;
  readonly other: Uint8Array;
  /** Error, length of the other octets, and those. */
  readonly errorAndOther: Uint8Array;
}

/** The TSIG record, which is the last of a message and the only one (RFC 8945 section 5.1). */
function readTsig(message: Uint8Array): TsigRecord | 'none' | 'malformed' {
  const records = recordsOf(message);
  if (records === null) return 'malformed';
  const place = records.findIndex(({ type }) => type === TYPE.TSIG);
  if (place < 0) return 'none';
  if (place !== records.length - 1 || readUint16(message, ARCOUNT_AT) === 0) return 'malformed';
  const { start, ttlAt, end } = records[place]!;
  const timeAt = plainNameEnd(message, ttlAt + RDATA_BEHIND_TTL);
  const macAt = timeAt + BEFORE_MAC_OCTETS;
  if (timeAt < 0 || macAt > end) return 'malformed';
  const idAt = macAt + readUint16(message, macAt - 2);
  const otherAt = idAt + BEHIND_MAC_OCTETS;
  if (otherAt > end || otherAt + readUint16(message, otherAt - 2) !== end) return 'malformed';
  if (readUint16(message, ttlAt - 2) !== CLASS_ANY || readUint32(message, ttlAt) !== NONE) return 'malformed';
  return {
    start,
    keyName: lowerName(readName(message, start)),
    algorithm: lowerName(readName(message, ttlAt + RDATA_BEHIND_TTL)),
    timing: message.subarray(timeAt, macAt - 2),
    mac: message.subarray(macAt, idAt),
    originalId: message.subarray(idAt, idAt + 2),
    error: readUint16(message, idAt + 2),
    other: message.subarray(otherAt, end),
    errorAndOther: message.subarray(idAt + 2, end),
  };
}

interface RecordPlace {
  readonly type: number;
  readonly start: number;
  readonly ttlAt: number;
  readonly end: number;
}

/** Every record of a message with any number of questions, for UPDATE may answer with none; null: malformed. */
function recordsOf(message: Uint8Array): RecordPlace[] | null {
  if (message.length < HEADER_OCTETS) return null;
  let position = HEADER_OCTETS;
  for (let questions = readUint16(message, 4); questions > 0; questions -= 1) {
    const end = nameEnd(message, position);
    position = end + QUESTION_FIXED_OCTETS;
    if (end < 0 || position > message.length) return null;
  }
  const count = readUint16(message, 6) + readUint16(message, 8) + readUint16(message, ARCOUNT_AT);
  const records: RecordPlace[] = [];
  while (records.length < count) {
    const ownerEnd = nameEnd(message, position);
    const ttlAt = ownerEnd + TYPE_BEFORE_TTL;
    if (ownerEnd < 0 || ttlAt + RDATA_BEHIND_TTL > message.length) return null;
    const end = ttlAt + RDATA_BEHIND_TTL + readUint16(message, ttlAt + RDLENGTH_BEHIND_TTL);
    if (end > message.length) return null;
    records.push({ type: readUint16(message, ownerEnd), start: position, ttlAt, end });
    position = end;
  }
  return position === message.length ? records : null;
}

/** The message as it was before it was signed (RFC 8945 section 4.3.2). */
function unsignedMessage(message: Uint8Array, { start, originalId }: TsigRecord): Uint8Array {
  const before = Uint8Array.from(message.subarray(0, start));
  before.set(originalId);
  writeUint16(before, ARCOUNT_AT, readUint16(before, ARCOUNT_AT) - 1);
  return before;
}

const CLASS_AND_TTL = Buffer.concat([uint16(CLASS_ANY), uint16(NONE), uint16(NONE)]);

/** "TSIG variables" of RFC 8945 section 4.3.3. `timing`: time signed and fudge. */
function variables(key: TsigKey, timing: Uint8Array, errorAndOther: Uint8Array): Uint8Array {
  return Buffer.concat([
    nameOctets(key.name),
    CLASS_AND_TTL,
    nameOctets(algorithmName(key)),
    timing,
    errorAndOther,
  ]);
}

function macOf({ algorithm, secret }: TsigKey, parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac(HASHES[algorithm], secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function algorithmName({ algorithm }: TsigKey): NameKey {
  return nameKey(algorithm);
}

function uint16(value: number): Uint8Array {
  const octets = new Uint8Array(2);
  writeUint16(octets, 0, value);
  return octets;
}

function uint48(value: number): Uint8Array {
  const octets = new Uint8Array(TIME_OCTETS);
  const whole = Math.max(0, Math.floor(value));
  writeUint16(octets, 0, Math.floor(whole / 2 ** 32));
  writeUint32(octets, 2, whole % 2 ** 32);
  return octets;
}

function readUint48(octets: Uint8Array, at: number): number {
  return readUint16(octets, at) * 2 ** 32 + readUint32(octets, at + 2);
}
