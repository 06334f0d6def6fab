// The header of an NTP packet (RFC 5905 section 7.3): a client's question written, a server's reply read, both pure.
// A question carries nothing but random octets where its transmit timestamp would stand: no server needs ours, a clock
// that nobody trusts need not be shown around, and whoever cannot see the question cannot forge the answer.
// MACs are in ntp-mac.ts; what a reply is worth is in ntp-sample.ts.

import { HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import { readUint16, readUint32 } from '../dns/wire.ts';

export const HEADER_OCTETS = 48;
/** Octets of a timestamp, so also of what a reply must repeat. */
export const NONCE_OCTETS = 8;

const AT = {
  stratum: 1,
  precision: 3,
  rootDelay: 4,
  rootDispersion: 8,
  refid: 12,
  origin: 24,
  receive: 32,
  transmit: 40,
} as const;

const VERSION = 4;
/** Some servers answer version 4 with 3, which has the same header. */
const OLDEST_VERSION = 3;
const MODE_CLIENT = 3;
const MODE_SERVER = 4;

/** From 1900-01-01 to 1970-01-01 (RFC 5905 section 6). */
const SECONDS_1900_TO_1970 = 2_208_988_800;
/** One era, 136 years (RFC 5905 section 6). */
const ERA_SECONDS = 2 ** 32;
const FRACTIONS_PER_SECOND = 2 ** 32;
/** Root delay and root dispersion count in these (NTP short format). */
const SHORT_UNITS_PER_SECOND = 2 ** 16;

export interface NtpReply {
  /** 3: the server says that it is not synchronised. */
  readonly leap: number;
  readonly stratum: number;
  readonly precisionMs: number;
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** Four octets: an address or what stands for it, a reference clock's name, or a kiss code. */
  readonly refid: Uint8Array;
  /** When the question came and when the reply left, milliseconds since 1970; null: the field is zero. */
  readonly receiveMs: number | null;
  readonly transmitMs: number | null;
}

/** What came is no answer to our question: a forgery, a replay, a latecomer, noise. It is ignored. */
export class StrayReply extends Error {
  override readonly name = 'StrayReply';
  readonly code = 'ntp-stray';
}

/** The header of a question; `nonce` is 8 random octets, of this question alone. */
export function buildQuestion(nonce: Uint8Array): Buffer {
  const question = Buffer.alloc(HEADER_OCTETS);
  question[0] = (VERSION << 3) | MODE_CLIENT;
  question.set(nonce, AT.transmit);
  return question;
}

/**
 * The header of a reply; what follows it is not looked at.
 * @throws StrayReply and nothing else, whatever the octets are
 */
export function readReply(packet: Uint8Array, nonce: Uint8Array): NtpReply {
  if (packet.length < HEADER_OCTETS) throw new StrayReply('too short');
  const first = packet[0]!;
  const version = (first >> 3) & 7;
  if ((first & 7) !== MODE_SERVER || version < OLDEST_VERSION || version > VERSION) {
    throw new StrayReply("no server's reply");
  }
  if (!nonce.every((octet, index) => packet[AT.origin + index] === octet)) {
    throw new StrayReply('not to our question');
  }
  return {
    leap: first >> 6,
    stratum: packet[AT.stratum]!,
    precisionMs: 1000 * 2 ** signedOctet(packet[AT.precision]!),
    rootDelayMs: shortMs(packet, AT.rootDelay),
    rootDispersionMs: shortMs(packet, AT.rootDispersion),
    refid: Uint8Array.from(packet.subarray(AT.refid, AT.refid + 4)),
    receiveMs: timestampMs(packet, AT.receive),
    transmitMs: timestampMs(packet, AT.transmit),
  };
}

/**
 * Milliseconds since 1970 of a timestamp, or null for zero, which means "unknown". It does not say its era: the one
 * meant is the nearest to the date of this release (RFC 5905 asks for a time known to within 68 years), so
 * 1970 reads as 1970, which a rebooted server may say, and 2037 as 2037.
 */
function timestampMs(packet: Uint8Array, at: number): number | null {
  const seconds = readUint32(packet, at);
  const fraction = readUint32(packet, at + 4);
  if (seconds === 0 && fraction === 0) return null;
  const floorSeconds = HARD_FLOOR_MS / 1000 + SECONDS_1900_TO_1970;
  const era = Math.round((floorSeconds - seconds) / ERA_SECONDS);
  const epochSeconds = seconds + era * ERA_SECONDS - SECONDS_1900_TO_1970;
  return epochSeconds * 1000 + (fraction * 1000) / FRACTIONS_PER_SECOND;
}

function shortMs(packet: Uint8Array, at: number): number {
  return (readUint16(packet, at) + readUint16(packet, at + 2) / SHORT_UNITS_PER_SECOND) * 1000;
}

function signedOctet(octet: number): number {
  return (octet << 24) >> 24;
}
