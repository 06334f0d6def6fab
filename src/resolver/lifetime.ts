// How long an answer may be kept (pure): the least TTL of its records, and for negative answers the SOA's minimum
// (RFC 2308 section 5). What must not be kept has a lifetime of 0.

import type { Answer } from '../dns/answer.ts';
import { ttlOf } from '../dns/answer.ts';
import { RCODE, TYPE } from '../dns/codes.ts';
import { readUint16, readUint32 } from '../dns/wire.ts';

/** Nothing is kept for more than a day, whatever its TTL says (RFC 8767 section 4 advises a cap of days, not weeks). */
const MAX_POSITIVE_SECONDS = 86_400;
/** RFC 2308 section 5: one to three hours. */
const MAX_NEGATIVE_SECONDS = 10_800;

/** Seconds, 0 for what must not be kept. */
export function lifetimeSeconds(answer: Answer): number {
  if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN) return 0;
  const isNegative = answer.rcode === RCODE.NXDOMAIN || answer.answers === 0;
  const soaMinimum = soaMinimumSeconds(answer);
  if (isNegative && soaMinimum === null) return 0; // RFC 2308 section 5: without a SOA it is not cached
  const seconds = Math.min(answer.leastTtlSeconds, soaMinimum ?? Number.POSITIVE_INFINITY);
  return Math.min(seconds, isNegative ? MAX_NEGATIVE_SECONDS : MAX_POSITIVE_SECONDS);
}

/** The MINIMUM field of the SOA in the authority section; null where there is none. */
function soaMinimumSeconds(answer: Answer): number | null {
  const { body, ttlOffsets, answers, authorities } = answer;
  for (const offset of ttlOffsets.slice(answers, answers + authorities)) {
    if (readUint16(body, offset - 4) !== TYPE.SOA) continue;
    const rdataEnd = offset + 6 + readUint16(body, offset + 4);
    return Math.min(ttlOf(body, offset), readUint32(body, rdataEnd - 4));
  }
  return null;
}
