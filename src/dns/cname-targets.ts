// The names that the CNAME records of an answer lead to, read where they stand. An answer without a CNAME, which is most
// of them, costs a look at the types of its records and nothing more.

import type { Answer } from './answer.ts';
import { TYPE } from './codes.ts';
import { lowerName, type NameKey } from './names.ts';
import type { Query } from './query.ts';
import { readName } from './wire.ts';

/** Links of a chain that are looked at; resolvers follow fewer. */
const TARGETS_MAX = 16;
/** TYPE stands before a record's TTL; RDATA behind TTL and RDLENGTH. */
const TYPE_BEFORE_TTL = 4;
const RDATA_BEHIND_TTL = 6;
const NONE: readonly NameKey[] = [];

/** In the order of the records. */
export function cnameTargets({ body, ttlOffsets, answers }: Answer, query: Query): readonly NameKey[] {
  let message: Buffer | null = null;
  const targets: NameKey[] = [];
  for (let index = 0; index < answers && targets.length < TARGETS_MAX; index += 1) {
    const ttlAt = ttlOffsets[index]!;
    const typeAt = ttlAt - TYPE_BEFORE_TTL;
    if (body.charCodeAt(typeAt + 1) !== TYPE.CNAME || body.charCodeAt(typeAt) !== 0) continue;
    message ??= Buffer.concat([query.bytes.subarray(0, query.questionEnd), Buffer.from(body, 'latin1')]);
    targets.push(lowerName(readName(message, query.questionEnd + ttlAt + RDATA_BEHIND_TTL)));
  }
  return message === null ? NONE : targets;
}
