// EDNS(0) (RFC 6891): the OPT record of a query, read; the OPT record of an answer, written.
// Options that matter here: padding (RFC 7830, 8467), TCP keepalive (RFC 7828), extended errors (RFC 8914), cookies
// (RFC 7873) and the server's identifier (NSID, RFC 5001); the octets of the last two are made elsewhere.
// Everything else that a client sends, its subnet (RFC 7871) included, stops here.

import { OPTION, TYPE } from './codes.ts';
import { isCookieLength } from './cookie.ts';
import { HEADER_OCTETS, readUint16, writeUint16, writeUint32 } from './wire.ts';

/** An extended error with words for a person (RFC 8914). */
export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

/** What a query's OPT record says. */
export interface Edns {
  readonly version: number;
  /** Octets of UDP payload that the client takes; below 512 counts as 512 (RFC 6891 section 6.2.3). */
  readonly payloadOctets: number;
  readonly dnssecOk: boolean;
  readonly asksForPadding: boolean;
  readonly asksForKeepalive: boolean;
  readonly asksForNsid: boolean;
  /** The content of the COOKIE option, of a length that is allowed; null where there is none. */
  readonly cookie: Uint8Array | null;
}

/** An option of an answer, its content ready for the wire. */
export interface EdnsOption {
  readonly code: number;
  readonly octets: Uint8Array;
}

const DO_BIT = 0x8000;
/** Root owner, type, payload size, extended RCODE, version, flags, RDLENGTH. */
const OPT_OCTETS = 11;
const OPTION_HEADER_OCTETS = 4;
const LEAST_PAYLOAD_OCTETS = 512;
/** An extended error's words are cut here, so that they never crowd out an answer over UDP. */
const MAX_ERROR_TEXT_OCTETS = 250;
const NO_OPTIONS: readonly EdnsOption[] = [];
/** Extended errors taken from one reply: each is kept with the answer and given on, and a reply has room for 10,000. */
const MAX_ERRORS = 4;

/** The same, to be read into again. */
export type ReadEdns = { -readonly [part in keyof Edns]: Edns[part] };

/**
 * Reads the OPT record whose fixed part (behind the root owner) stands at `opt`, into `edns` where there is one;
 * null when its options are malformed.
 */
export function readEdns(bytes: Uint8Array, opt: number, edns: ReadEdns | null = null): ReadEdns | null {
  const end = opt + 10 + readUint16(bytes, opt + 8);
  let asksForPadding = false;
  let asksForKeepalive = false;
  let asksForNsid = false;
  let cookie: Uint8Array | null = null;
  let at = opt + 10;
  while (at < end) {
    if (at + OPTION_HEADER_OCTETS > end) return null;
    const code = readUint16(bytes, at);
    const start = at + OPTION_HEADER_OCTETS;
    at = start + readUint16(bytes, at + 2);
    if (at > end) return null;
    if (code === OPTION.PADDING) asksForPadding = true;
    else if (code === OPTION.TCP_KEEPALIVE) asksForKeepalive = true;
    else if (code === OPTION.NSID) asksForNsid = true;
    else if (code === OPTION.COOKIE && cookie === null) {
      if (!isCookieLength(at - start)) return null; // RFC 7873 section 5.2.2: FORMERR
      cookie = bytes.subarray(start, at); // the first one alone counts (section 5)
    }
  }
  const version = bytes[opt + 5]!;
  const payloadOctets = Math.max(LEAST_PAYLOAD_OCTETS, readUint16(bytes, opt + 2));
  const dnssecOk = (readUint16(bytes, opt + 6) & DO_BIT) !== 0;
  if (edns === null)
    return { version, payloadOctets, dnssecOk, asksForPadding, asksForKeepalive, asksForNsid, cookie };
  edns.version = version;
  edns.payloadOctets = payloadOctets;
  edns.dnssecOk = dnssecOk;
  edns.asksForPadding = asksForPadding;
  edns.asksForKeepalive = asksForKeepalive;
  edns.asksForNsid = asksForNsid;
  edns.cookie = cookie;
  return edns;
}

/**
 * The fixed part of the OPT record in a query that consists of nothing else, which is how a client asks for a cookie
 * alone (RFC 7873 section 5.4); -1 for any other message.
 */
export function loneOpt(bytes: Uint8Array): number {
  const opt = HEADER_OCTETS + 1;
  if (bytes.length < HEADER_OCTETS + OPT_OCTETS) return -1;
  const counts = [readUint16(bytes, 4), readUint16(bytes, 6), readUint16(bytes, 8), readUint16(bytes, 10)];
  const isLone = counts.join() === '0,0,0,1' && bytes[HEADER_OCTETS] === 0;
  const end = opt + 10 + readUint16(bytes, opt + 8);
  return isLone && readUint16(bytes, opt) === TYPE.OPT && end === bytes.length ? opt : -1;
}

/** The first extended errors in an upstream's OPT record, their words cut to what we give on; `opt` as in readEdns. */
export function readExtendedErrors(bytes: Uint8Array, opt: number): ExtendedError[] {
  const errors: ExtendedError[] = [];
  const end = opt + 10 + readUint16(bytes, opt + 8);
  for (let at = opt + 10; at + OPTION_HEADER_OCTETS <= end && errors.length < MAX_ERRORS; ) {
    const length = readUint16(bytes, at + 2);
    const start = at + OPTION_HEADER_OCTETS;
    if (start + length > end) break;
    if (readUint16(bytes, at) === OPTION.EXTENDED_ERROR && length >= 2) {
      const words = bytes.subarray(start + 2, start + length);
      errors.push({ code: readUint16(bytes, start), text: plainText(words) });
    }
    at = start + length;
  }
  return errors;
}

export interface OptParts {
  readonly payloadOctets: number;
  readonly dnssecOk: boolean;
  /** Upper eight bits of a twelve-bit RCODE. */
  readonly extendedRcode: number;
  readonly errors: readonly ExtendedError[];
  /** Further options, each once. */
  readonly options?: readonly EdnsOption[];
  /** Idle time-out to tell a stream client, in milliseconds; null: do not say. */
  readonly keepaliveMs: number | null;
  /** The message is padded to a multiple of this (RFC 8467: 468 for answers, 128 for queries); 0: not. */
  readonly padToOctets: number;
}

/** Octets that an OPT record with these parts takes, padding not counted. */
export function optOctets(parts: OptParts): number {
  let octets = OPT_OCTETS + (parts.keepaliveMs === null ? 0 : OPTION_HEADER_OCTETS + 2);
  for (const option of parts.options ?? NO_OPTIONS) octets += OPTION_HEADER_OCTETS + option.octets.length;
  for (const error of parts.errors) octets += OPTION_HEADER_OCTETS + 2 + errorText(error).length;
  return octets;
}

/**
 * Writes an OPT record at `at` and answers where it ends. `target` is long enough for optOctets and the padding, which
 * counts from where the message starts.
 */
export function writeOpt(target: Uint8Array, at: number, parts: OptParts, messageAt = 0): number {
  target[at] = 0;
  writeUint16(target, at + 1, TYPE.OPT);
  writeUint16(target, at + 3, parts.payloadOctets);
  writeUint32(target, at + 5, ((parts.extendedRcode << 24) | (parts.dnssecOk ? DO_BIT : 0)) >>> 0);
  let end = at + OPT_OCTETS;
  for (const { code, octets } of parts.options ?? NO_OPTIONS) {
    end = writeOptionHeader(target, end, code, octets.length);
    target.set(octets, end);
    end += octets.length;
  }
  for (const error of parts.errors) {
    const text = errorText(error);
    end = writeOptionHeader(target, end, OPTION.EXTENDED_ERROR, 2 + text.length);
    writeUint16(target, end, error.code);
    target.set(text, end + 2);
    end += 2 + text.length;
  }
  if (parts.keepaliveMs !== null) {
    end = writeOptionHeader(target, end, OPTION.TCP_KEEPALIVE, 2);
    writeUint16(target, end, Math.min(0xffff, Math.floor(parts.keepaliveMs / 100)));
    end += 2;
  }
  if (parts.padToOctets > 0) {
    end += OPTION_HEADER_OCTETS;
    const padding = (parts.padToOctets - ((end - messageAt) % parts.padToOctets)) % parts.padToOctets;
    writeOptionHeader(target, end - OPTION_HEADER_OCTETS, OPTION.PADDING, padding);
    target.fill(0, end, end + padding);
    end += padding;
  }
  writeUint16(target, at + 9, end - at - OPT_OCTETS);
  return end;
}

function writeOptionHeader(target: Uint8Array, at: number, code: number, length: number): number {
  writeUint16(target, at, code);
  writeUint16(target, at + 2, length);
  return at + OPTION_HEADER_OCTETS;
}

function errorText(error: ExtendedError): Uint8Array {
  return cutText(Buffer.from(error.text, 'utf8'));
}

/** For people, and so for their terminals: control characters, a NUL at the end among them, become spaces (CWE-150). */
function plainText(words: Uint8Array): string {
  const text = Buffer.from(cutText(words)).toString('utf8');
  return text.replace(/\p{Cc}/gu, ' ').trimEnd();
}

function cutText(text: Uint8Array): Uint8Array {
  if (text.length <= MAX_ERROR_TEXT_OCTETS) return text;
  let end = MAX_ERROR_TEXT_OCTETS;
  while (end > 0 && (text[end]! & 0xc0) === 0x80) end -= 1; // never cut inside a character
  return text.subarray(0, end);
}
