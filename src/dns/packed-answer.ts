// An Answer and the moment it was fetched as one string, one character per octet: the form in which the cache keeps a
// hundred thousand of them. As objects they take twice the memory. Big-endian, in this order: monotonic milliseconds
// (6 octets), lifetime in seconds (4), flags, RCODE, three counts, length of the errors (2 each); the offset of each
// record's TTL (2 each); the errors as JSON; the body.

import { Answer } from './answer.ts';
import type { ExtendedError } from './edns.ts';

const FETCHED_AT_OCTETS = 6;
const HEAD_OCTETS = 22;
const OFFSET_OCTETS = 2;

/** @param fetchedAtMs monotonic milliseconds */
export function packAnswer(answer: Answer, fetchedAtMs: number): string {
  const errors = answer.errors.length === 0 ? '' : JSON.stringify(answer.errors);
  const errorOctets = Buffer.byteLength(errors);
  const bodyAt = HEAD_OCTETS + answer.ttlOffsets.length * OFFSET_OCTETS + errorOctets;
  const packed = Buffer.allocUnsafe(bodyAt + answer.body.length);
  packed.writeUIntBE(Math.floor(fetchedAtMs), 0, FETCHED_AT_OCTETS);
  packed.writeUInt32BE(answer.lifetimeSeconds, 6);
  packed.writeUInt16BE(answer.flags, 10);
  packed.writeUInt16BE(answer.rcode, 12);
  packed.writeUInt16BE(answer.answers, 14);
  packed.writeUInt16BE(answer.authorities, 16);
  packed.writeUInt16BE(answer.additionals, 18);
  packed.writeUInt16BE(errorOctets, 20);
  let end = HEAD_OCTETS;
  for (const offset of answer.ttlOffsets) end = packed.writeUInt16BE(offset, end);
  packed.write(errors, end, 'utf8');
  packed.write(answer.body, bodyAt, 'latin1');
  return packed.toString('latin1');
}

/**
 * What packAnswer has packed, with its age at `nowMs` (monotonic); null when its lifetime ended more than `staleSeconds`
 * ago. Of one that is past its lifetime, the age is more than its lifetime and its TTLs.
 */
export function unpackAnswer(packed: string, nowMs: number, staleSeconds = 0): Answer | null {
  const octets = Buffer.from(packed, 'latin1');
  const ageSeconds = Math.max(0, Math.floor((nowMs - octets.readUIntBE(0, FETCHED_AT_OCTETS)) / 1000));
  const lifetimeSeconds = octets.readUInt32BE(6);
  if (ageSeconds >= lifetimeSeconds + staleSeconds) return null;
  const answers = octets.readUInt16BE(14);
  const authorities = octets.readUInt16BE(16);
  const additionals = octets.readUInt16BE(18);
  const errorOctets = octets.readUInt16BE(20);
  const errorsAt = HEAD_OCTETS + (answers + authorities + additionals) * OFFSET_OCTETS;
  const bodyAt = errorsAt + errorOctets;
  const ttlOffsets: number[] = [];
  for (let at = HEAD_OCTETS; at < errorsAt; at += OFFSET_OCTETS) ttlOffsets.push(octets.readUInt16BE(at));
  return Answer.of({
    flags: octets.readUInt16BE(10),
    rcode: octets.readUInt16BE(12),
    answers,
    authorities,
    additionals,
    body: packed.slice(bodyAt),
    ttlOffsets,
    lifetimeSeconds,
    ageSeconds,
    errors:
      errorOctets === 0 ? [] : (JSON.parse(octets.toString('utf8', errorsAt, bodyAt)) as ExtendedError[]),
  });
}
