// How long an answer may be kept (pure): the least TTL of its records, and for negative answers the SOA's minimum
// (RFC 2308 section 5). What must not be kept has a lifetime of 0.

import { RCODE, TYPE } from './codes.ts';
import {
  type MessageLayout,
  QUESTION_FIXED_OCTETS,
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  readUint16,
  readUint32,
  TYPE_BEFORE_TTL,
} from './wire.ts';

/** Nothing is kept for more than a day, whatever its TTL says (RFC 8767 section 4 advises a cap of days, not weeks). */
export const MAX_POSITIVE_SECONDS = 86_400;
/** RFC 2308 section 5: one to three hours. */
const MAX_NEGATIVE_SECONDS = 10_800;

/** Seconds from the moment of the message; 0 for what must not be kept. */
export function lifetimeSeconds(message: Uint8Array, layout: MessageLayout, rcode: number): number {
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return 0;
  const isNegative = rcode === RCODE.NXDOMAIN || !holdsWhatWasAsked(message, layout);
  const soaMinimum = soaMinimumSeconds(message, layout);
  if (isNegative && soaMinimum === null) return 0; // RFC 2308 section 5: without a SOA it is not cached
  let least = isNegative ? MAX_NEGATIVE_SECONDS : MAX_POSITIVE_SECONDS;
  for (const offset of layout.ttlOffsets) least = Math.min(least, ttlOf(message, offset));
  return Math.min(least, soaMinimum ?? least);
}

/** A TTL in seconds; one with its top bit set counts as 0 (RFC 2181 section 8). */
export function ttlOf(message: Uint8Array, at: number): number {
  const ttl = readUint32(message, at);
  return ttl > 0x7fffffff ? 0 : ttl;
}

/** A CNAME that leads to nothing of the type asked is a negative answer too (RFC 2308 section 2.2). */
function holdsWhatWasAsked(
  message: Uint8Array,
  { questionEnd, answers, ttlOffsets }: MessageLayout,
): boolean {
  const asked = readUint16(message, questionEnd - QUESTION_FIXED_OCTETS);
  for (let index = 0; index < answers; index += 1)
    if (readUint16(message, ttlOffsets[index]! - TYPE_BEFORE_TTL) === asked) return true;
  return false;
}

/** The MINIMUM field of the SOA in the authority section; null where there is none. */
function soaMinimumSeconds(
  message: Uint8Array,
  { ttlOffsets, answers, authorities }: MessageLayout,
): number | null {
  for (let index = answers; index < answers + authorities; index += 1) {
    const offset = ttlOffsets[index]!;
    if (readUint16(message, offset - TYPE_BEFORE_TTL) !== TYPE.SOA) continue;
    const rdataEnd = offset + RDATA_BEHIND_TTL + readUint16(message, offset + RDLENGTH_BEHIND_TTL);
    return readUint32(message, rdataEnd - 4);
  }
  return null;
}
