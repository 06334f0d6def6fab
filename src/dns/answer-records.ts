// The records of an answer as values, for the rare reader that needs more than octets: a CNAME of ours that leads out
// to the world, a look-up for this server itself.

import { type Answer, type RenderLimits, renderAnswer, renderBound } from './answer.ts';
import type { Query } from './query.ts';
import { type MessageRecords, readRecords } from './record-reader.ts';
import { layoutOf, MAX_MESSAGE_OCTETS } from './wire.ts';

const WHOLE: RenderLimits = { maxOctets: MAX_MESSAGE_OCTETS, padToOctets: 0, keepaliveMs: null };

/** The records with which `answer` answers `query`, names written out in full. */
export function recordsOf(answer: Answer, query: Query): MessageRecords {
  const message = Buffer.alloc(renderBound(answer, query, WHOLE));
  const whole = message.subarray(0, renderAnswer(answer, query, WHOLE, message, 0));
  return readRecords(whole, layoutOf(whole)!);
}
