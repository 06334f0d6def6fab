// An Answer and the moment it was fetched as one string, one character per octet: the form in which the cache keeps a
// hundred thousand of them. As objects they take twice the memory. Big-endian, in this order: the moment (6 octets),
// lifetime in seconds (4), flags, RCODE, three counts, length of the errors (2 each); the offset of each record's TTL
// (2 each); the errors as JSON; the body. A moment is monotonic milliseconds; or, in an answer that an earlier life of
// this server has fetched (resolver/cache/cache-file.ts), a date.

import { Answer } from './answer.ts';
import { RCODE } from './codes.ts';
import type { ExtendedError } from './edns.ts';
import { MAX_POSITIVE_SECONDS } from './lifetime.ts';
import { FLAG, HEADER_OCTETS, layoutOf, MAX_MESSAGE_OCTETS, writeUint16 } from './wire.ts';

const MOMENT_OCTETS = 6;
const HEAD_OCTETS = 22;
const OFFSET_OCTETS = 2;
/** Of a restored answer's errors; upstreams send one or two. */
const MAX_ERRORS = 16;

/** A moment from here on is a date in milliseconds: this is 2001-09-09, and monotonic time gets there in 31 years. */
export const FIRST_DATE_MS = 1e12;

/** How old an answer with a date is at `nowMs` (monotonic), in milliseconds. */
export type AgeOfDated = (fetchedAtEpochMs: number, lifetimeSeconds: number, nowMs: number) => number;

/** Of one whose date says nothing. */
export const pastItsLifetime: AgeOfDated = (_, lifetimeSeconds) => lifetimeSeconds * 1000;

/** @param fetchedAtMs monotonic milliseconds */
export function packAnswer(answer: Answer, fetchedAtMs: number): string {
  const errors = answer.errors.length === 0 ? '' : JSON.stringify(answer.errors);
  const errorOctets = Buffer.byteLength(errors);
  const bodyAt = HEAD_OCTETS + answer.ttlOffsets.length * OFFSET_OCTETS + errorOctets;
  const packed = Buffer.allocUnsafe(bodyAt + answer.body.length);
  packed.writeUIntBE(Math.floor(fetchedAtMs), 0, MOMENT_OCTETS);
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
export function unpackAnswer(
  packed: string,
  nowMs: number,
  staleSeconds = 0,
  ageOfDated = pastItsLifetime,
): Answer | null {
  const octets = Buffer.from(packed, 'latin1');
  const momentMs = octets.readUIntBE(0, MOMENT_OCTETS);
  const lifetimeSeconds = octets.readUInt32BE(6);
  const ageMs = momentMs < FIRST_DATE_MS ? nowMs - momentMs : ageOfDated(momentMs, lifetimeSeconds, nowMs);
  const ageSeconds = Math.max(0, Math.floor(ageMs / 1000));
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

/** When it was fetched (monotonic milliseconds or a date, as above) and for how long it is good. */
export function timesOf(packed: string): { momentMs: number; lifetimeSeconds: number } {
  const octets = Buffer.from(packed.slice(0, 10), 'latin1');
  return { momentMs: octets.readUIntBE(0, MOMENT_OCTETS), lifetimeSeconds: octets.readUInt32BE(6) };
}

/** The same with another moment. */
export function withMoment(packed: string, momentMs: number): string {
  const moment = Buffer.allocUnsafe(MOMENT_OCTETS);
  moment.writeUIntBE(Math.max(0, Math.floor(momentMs)), 0, MOMENT_OCTETS);
  return moment.toString('latin1') + packed.slice(MOMENT_OCTETS);
}

/**
 * Could packAnswer have packed this? For strings from outside, which unpackAnswer would stumble over, or make a message
 * of that no client can read.
 * @param question the question it answers, in wire form
 */
export function isPacked(packed: string, question: string): boolean {
  if (packed.length < HEAD_OCTETS) return false;
  const octets = Buffer.from(packed, 'latin1');
  const lifetimeSeconds = octets.readUInt32BE(6);
  if (lifetimeSeconds === 0 || lifetimeSeconds > MAX_POSITIVE_SECONDS) return false;
  const [flags, rcode] = [octets.readUInt16BE(10), octets.readUInt16BE(12)];
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return false;
  if ((flags & ~(FLAG.AA | FLAG.AD)) !== rcode) return false;
  const counts = [14, 16, 18].map((at) => octets.readUInt16BE(at));
  const errorsAt = HEAD_OCTETS + counts.reduce((sum, count) => sum + count) * OFFSET_OCTETS;
  const bodyAt = errorsAt + octets.readUInt16BE(20);
  if (bodyAt > packed.length) return false;
  if (!areErrors(octets.toString('utf8', errorsAt, bodyAt))) return false;
  const layout = layoutOf(messageOf(question, counts, octets.subarray(bodyAt)));
  if (layout === null || layout.opt >= 0) return false;
  const bodyInMessage = HEADER_OCTETS + question.length;
  return layout.ttlOffsets.every(
    (offset, at) => octets.readUInt16BE(HEAD_OCTETS + at * OFFSET_OCTETS) === offset - bodyInMessage,
  );
}

/** The response that a client would get; an empty one, which has no layout, where it is too long for any. */
function messageOf(question: string, counts: readonly number[], body: Uint8Array): Uint8Array {
  const octets = HEADER_OCTETS + question.length + body.length;
  if (octets > MAX_MESSAGE_OCTETS) return new Uint8Array();
  const message = Buffer.alloc(octets);
  writeUint16(message, 4, 1);
  for (const [at, count] of counts.entries()) writeUint16(message, 6 + at * 2, count);
  message.write(question, HEADER_OCTETS, 'latin1');
  message.set(body, HEADER_OCTETS + question.length);
  return message;
}

function areErrors(json: string): boolean {
  if (json === '') return true;
  try {
    const errors: unknown = JSON.parse(json);
    return Array.isArray(errors) && errors.length <= MAX_ERRORS && errors.every(isExtendedError);
  } catch {
    return false;
  }
}

function isExtendedError(error: Partial<ExtendedError> | null): boolean {
  const { code, text } = error ?? {};
  return Number.isInteger(code) && code! >= 0 && code! <= 0xffff && typeof text === 'string';
}
