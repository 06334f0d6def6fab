// The messages that the micro-benchmarks read and write: a query with EDNS for one of a million names, and its answer, one A
// record behind a compression pointer. The number of the name is patched in place, so that making one costs next to nothing.

import { wireQuery, ZONE } from '../zone.ts';

const DIGITS = 7;
/** Behind the header and the length of the first label. */
const FIRST_DIGIT_AT = 13;
const ZERO = 0x30;
/** QR, RD, RA. */
const RESPONSE_FLAGS = 0x8180;
const TTL_SECONDS = 86_400;

export class NumberedQuery {
  readonly bytes = wireQuery(`${'0'.repeat(DIGITS)}.${ZONE}`, { id: 1 });

  /** The same octets, now for the name of this number. */
  of(number: number): Buffer {
    let rest = number;
    for (let at = FIRST_DIGIT_AT + DIGITS - 1; at >= FIRST_DIGIT_AT; at -= 1) {
      this.bytes[at] = ZERO + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return this.bytes;
  }
}

/** The response to a query of wireQuery, its OPT record included. */
export function responseTo(query: Buffer): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5;
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 192, 0, 2, 1]);
  record.writeUInt32BE(TTL_SECONDS, 6);
  const response = Buffer.concat([query.subarray(0, questionEnd), record, query.subarray(questionEnd)]);
  response.writeUInt16BE(RESPONSE_FLAGS, 2);
  response.writeUInt16BE(1, 6);
  return response;
}
