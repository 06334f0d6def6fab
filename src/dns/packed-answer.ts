// An Answer and the moment it was fetched as octets in a row: the form in which the cache keeps a hundred thousand of them,
// and from which it lends them out without making anything. Big-endian, in this order: the moment (6 octets),
// lifetime in seconds (4), flags, RCODE, three counts, length of the errors (2 each); the offset of each record's TTL
// (2 each); the errors as JSON; the body. A moment is monotonic milliseconds; or, in an answer that an earlier life of
// this server has fetched (resolver/cache/cache-file.ts), a date.

import { copyOctets } from '../octets/short-runs.ts';
import type { Answer, LentAnswer } from './answer.ts';
import { RCODE } from './codes.ts';
import type { ExtendedError } from './edns.ts';
import { MAX_POSITIVE_SECONDS } from './lifetime.ts';
import {
  FLAG,
  HEADER_OCTETS,
  layoutOf,
  MAX_MESSAGE_OCTETS,
  readUint16,
  readUint32,
  writeUint16,
  writeUint32,
} from './wire.ts';

const MOMENT_OCTETS = 6;
const HEAD_OCTETS = 22;
const OFFSET_OCTETS = 2;
const NO_ERRORS: readonly ExtendedError[] = [];
/** Of a restored answer's errors; upstreams send one or two. */
const MAX_ERRORS = 16;

/** A moment from here on is a date in milliseconds: this is 2001-09-09, and monotonic time gets there in 31 years. */
export const FIRST_DATE_MS = 1e12;

/** How old an answer with a date is at `nowMs` (monotonic), in milliseconds. */
export type AgeOfDated = (fetchedAtEpochMs: number, lifetimeSeconds: number, nowMs: number) => number;

/** Of one whose date says nothing. */
export const pastItsLifetime: AgeOfDated = (_, lifetimeSeconds) => lifetimeSeconds * 1000;

/** @param fetchedAtMs monotonic milliseconds */
export function packAnswer(answer: Answer, fetchedAtMs: number): Buffer {
  const errors = answer.errors.length === 0 ? '' : JSON.stringify(answer.errors);
  const errorOctets = errors === '' ? 0 : Buffer.byteLength(errors);
  const offsetOctets = answer.records * OFFSET_OCTETS;
  const errorsAt = HEAD_OCTETS + offsetOctets;
  const bodyAt = errorsAt + errorOctets;
  const packed = Buffer.allocUnsafe(bodyAt + answer.bodyOctets);
  const moment = Math.floor(fetchedAtMs);
  writeUint16(packed, 0, moment / 2 ** 32);
  writeUint32(packed, 2, moment);
  writeUint32(packed, 6, answer.lifetimeSeconds);
  writeUint16(packed, 10, answer.flags);
  writeUint16(packed, 12, answer.rcode);
  writeUint16(packed, 14, answer.answers);
  writeUint16(packed, 16, answer.authorities);
  writeUint16(packed, 18, answer.additionals);
  writeUint16(packed, 20, errorOctets);
  copyOctets(answer.source, answer.ttlsAt, packed, HEAD_OCTETS, offsetOctets);
  if (errors !== '') packed.write(errors, errorsAt, 'utf8');
  copyOctets(answer.source, answer.bodyAt, packed, bodyAt, answer.bodyOctets);
  return packed;
}

/** Fills `lent` with what packAnswer has packed in the `length` octets from `at` on; it is good as long as these are. */
export function lendAnswer(
  lent: LentAnswer,
  octets: Uint8Array,
  at: number,
  length: number,
  ageSeconds: number,
): void {
  lent.flags = readUint16(octets, at + 10);
  lent.rcode = readUint16(octets, at + 12);
  lent.answers = readUint16(octets, at + 14);
  lent.authorities = readUint16(octets, at + 16);
  lent.additionals = readUint16(octets, at + 18);
  const errorOctets = readUint16(octets, at + 20);
  const errorsAt = at + HEAD_OCTETS + (lent.answers + lent.authorities + lent.additionals) * OFFSET_OCTETS;
  lent.source = octets;
  lent.ttlsAt = at + HEAD_OCTETS;
  lent.bodyAt = errorsAt + errorOctets;
  lent.bodyOctets = at + length - lent.bodyAt;
  lent.lifetimeSeconds = lifetimeAt(octets, at);
  lent.ageSeconds = ageSeconds;
  lent.errors = errorOctets === 0 ? NO_ERRORS : errorsIn(octets.subarray(errorsAt, lent.bodyAt));
}

/** How old it is at `nowMs` (monotonic), in seconds: more than its lifetime and its TTLs where it is past that. */
export function ageAt(octets: Uint8Array, at: number, nowMs: number, ageOfDated = pastItsLifetime): number {
  const momentMs = momentAt(octets, at);
  if (momentMs < FIRST_DATE_MS) return secondsIn(nowMs - momentMs);
  return secondsIn(ageOfDated(momentMs, lifetimeAt(octets, at), nowMs));
}

function secondsIn(ageMs: number): number {
  return Math.max(0, Math.floor(ageMs / 1000));
}

function errorsIn(json: Uint8Array): ExtendedError[] {
  return JSON.parse(Buffer.from(json).toString()) as ExtendedError[];
}

/** When it was fetched (monotonic milliseconds or a date, as above). */
export function momentAt(octets: Uint8Array, at: number): number {
  return readUint16(octets, at) * 2 ** 32 + readUint32(octets, at + 2);
}

/** For how long it is good, in seconds. */
export function lifetimeAt(octets: Uint8Array, at: number): number {
  return readUint32(octets, at + 6);
}

/** Gives it another moment. */
export function setMoment(packed: Buffer, momentMs: number): void {
  packed.writeUIntBE(Math.max(0, Math.floor(momentMs)), 0, MOMENT_OCTETS);
}

/**
 * Could packAnswer have packed this? For octets from outside, which unpackAnswer would stumble over, or make a message
 * of that no client can read.
 * @param question the question it answers, in wire form
 */
export function isPacked(octets: Buffer, question: string): boolean {
  if (octets.length < HEAD_OCTETS) return false;
  const lifetimeSeconds = octets.readUInt32BE(6);
  if (lifetimeSeconds === 0 || lifetimeSeconds > MAX_POSITIVE_SECONDS) return false;
  const [flags, rcode] = [octets.readUInt16BE(10), octets.readUInt16BE(12)];
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return false;
  if ((flags & ~(FLAG.AA | FLAG.AD)) !== rcode) return false;
  const counts = [14, 16, 18].map((at) => octets.readUInt16BE(at));
  const errorsAt = HEAD_OCTETS + counts.reduce((sum, count) => sum + count) * OFFSET_OCTETS;
  const bodyAt = errorsAt + octets.readUInt16BE(20);
  if (bodyAt > octets.length) return false;
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
