// The names that an answer leads to by CNAME records, and by HTTPS and SVCB records (RFC 9460 section 2.2), whose hints a
// client may follow without a further query. Read where they stand: an answer without such a record, which is most of
// them, costs a look at the types of its records and nothing more. SRV and MX lead on only by queries of their own.

import type { AnswerView } from './answer.ts';
import { TYPE } from './codes.ts';
import { lowerName, type NameKey } from './names.ts';
import type { Query } from './query.ts';
import {
  nameEnd,
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  readName,
  readUint16,
  TYPE_BEFORE_TTL,
} from './wire.ts';

export interface AliasTarget {
  readonly name: NameKey;
  /** A CNAME makes the whole name another one; HTTPS and SVCB speak of their own type only. */
  readonly isCname: boolean;
}

/** Links of a chain that are looked at; resolvers follow fewer. */
const TARGETS_MAX = 16;
/** Octets of RDATA before the name: SvcPriority. */
const BEFORE_NAME: ReadonlyMap<number, number> = new Map([
  [TYPE.CNAME, 0],
  [TYPE.SVCB, 2],
  [TYPE.HTTPS, 2],
]);
const NONE: readonly AliasTarget[] = [];

/** In the order of the records. A record whose name is broken leads nowhere; "." is the record's own name, and none. */
export function aliasTargets(answer: AnswerView, query: Query): readonly AliasTarget[] {
  const { source, bodyAt } = answer;
  let message: Buffer | null = null;
  const targets: AliasTarget[] = [];
  for (let index = 0; index < answer.answers && targets.length < TARGETS_MAX; index += 1) {
    const ttlAt = answer.ttlOffset(index);
    const type = readUint16(source, bodyAt + ttlAt - TYPE_BEFORE_TTL);
    const before = BEFORE_NAME.get(type);
    if (before === undefined) continue;
    message ??= Buffer.concat([query.bytes.subarray(0, query.questionEnd), answer.body]);
    const rdata = query.questionEnd + ttlAt + RDATA_BEHIND_TTL;
    const end = rdata + readUint16(message, query.questionEnd + ttlAt + RDLENGTH_BEHIND_TTL);
    const nameStop = nameEnd(message, rdata + before);
    if (nameStop < 0 || nameStop > end) continue;
    targets.push({ name: lowerName(readName(message, rdata + before)), isCname: type === TYPE.CNAME });
  }
  return message === null ? NONE : targets;
}
