// The Answer that an upstream's reply becomes, pure: the records that belong to the question (dns/belonging.ts), TTLs of
// a day at most, and no response code that speaks of our own query. Most replies lose records at their end or none, which
// costs a look at their owners; only one that loses others is written anew.

import { Answer } from '../dns/answer.ts';
import { belongingRecords } from '../dns/belonging.ts';
import { EDE, RCODE, rcodeName } from '../dns/codes.ts';
import { readExtendedErrors } from '../dns/edns.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { MAX_POSITIVE_SECONDS, ttlOf } from '../dns/lifetime.ts';
import { MessageLengthError, type MessageParts, writeMessage } from '../dns/message-writer.ts';
import { readRecords } from '../dns/record-reader.ts';
import {
  HEADER_OCTETS,
  type MessageLayout,
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  rcodeOf,
  readUint16,
  readUint32,
  writeUint16,
  writeUint32,
} from '../dns/wire.ts';

/** Response codes that speak of the name. FORMERR, NOTIMP, BADVERS and the like speak of a query, and it was ours. */
const ABOUT_THE_NAME: ReadonlySet<number> = new Set([
  RCODE.NOERROR,
  RCODE.SERVFAIL,
  RCODE.NXDOMAIN,
  RCODE.YXDOMAIN,
  RCODE.REFUSED,
]);

/**
 * `flagsToClear` and the TTLs are changed where they stand.
 * @throws UpstreamFailure when `reply` cannot be written out
 */
export function answerOf(reply: Uint8Array, layout: MessageLayout, flagsToClear: number): Answer {
  const rcode = rcodeOf(reply, layout);
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return failureOf(rcode, reply, layout);
  writeUint16(reply, 2, readUint16(reply, 2) & ~flagsToClear);
  capTtls(reply, layout);
  const belongs = belongingRecords(reply, layout);
  const first = belongs.indexOf(false);
  if (first < 0) return Answer.fromMessage(reply, layout)!;
  if (!belongs.includes(true, first)) return Answer.fromMessage(reply, firstRecords(reply, layout, first))!;
  return writtenAnew(reply, layout, belongs);
}

/** Without records: nobody may take them for an answer. */
function failureOf(rcode: number, reply: Uint8Array, { opt }: MessageLayout): Answer {
  const errors = opt < 0 ? [] : readExtendedErrors(reply, opt);
  if (ABOUT_THE_NAME.has(rcode)) return Answer.ofRcode(rcode, ...errors);
  const why = { code: EDE.NETWORK_ERROR, text: `an upstream answered ${rcodeName(rcode)}` };
  return Answer.ofRcode(RCODE.SERVFAIL, ...errors, why);
}

/** Clients are told to keep nothing for longer than we do (RFC 8767 section 4), nor what counts as 0 (RFC 2181 section 8). */
function capTtls(reply: Uint8Array, { ttlOffsets }: MessageLayout): void {
  for (const at of ttlOffsets) {
    if (readUint32(reply, at) > MAX_POSITIVE_SECONDS)
      writeUint32(reply, at, Math.min(MAX_POSITIVE_SECONDS, ttlOf(reply, at)));
  }
}

/** The layout of what is left when all records but the first `count` go; the octets stay as they are. */
function firstRecords(reply: Uint8Array, layout: MessageLayout, count: number): MessageLayout {
  const answers = Math.min(layout.answers, count);
  const authorities = Math.min(layout.authorities, count - answers);
  const lastTtl = layout.ttlOffsets[count - 1];
  const end =
    lastTtl === undefined
      ? layout.questionEnd
      : lastTtl + RDATA_BEHIND_TTL + readUint16(reply, lastTtl + RDLENGTH_BEHIND_TTL);
  const ttlOffsets = layout.ttlOffsets.slice(0, count);
  return { ...layout, answers, authorities, additionals: count - answers - authorities, end, ttlOffsets };
}

/** Compression pointers may lead into what goes, so what stays is written out. */
function writtenAnew(reply: Uint8Array, layout: MessageLayout, belongs: readonly boolean[]): Answer {
  const message = rewritten({
    ...readRecords(reply, layout, (index) => belongs[index]!),
    question: reply.subarray(HEADER_OCTETS, layout.questionEnd),
    flags: readUint16(reply, 2),
  });
  const errors = layout.opt < 0 ? [] : readExtendedErrors(reply, layout.opt);
  return Answer.of({ ...Answer.fromMessage(message)!, errors });
}

/** Names that were compressed may be too long as they are. */
function rewritten(parts: MessageParts): Uint8Array {
  try {
    return writeMessage(parts);
  } catch (error) {
    if (!(error instanceof MessageLengthError)) throw error;
    throw new UpstreamFailure(
      'upstream-garbled',
      `an upstream's reply cannot be written out: ${error.message}`,
    );
  }
}
