// Follows a CNAME of ours: asks on for its target and puts our records before the answer. For links that answer from
// the house and lead out of it: local zones and rewrites.

import { Answer } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { RCODE } from '../dns/codes.ts';
import { writeMessage } from '../dns/message-writer.ts';
import { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG } from '../dns/wire.ts';
import { type Context, keeping, type Resolver } from './resolver.ts';

export interface OwnCnames {
  readonly records: readonly ResourceRecord[];
  /** The name that the last one leads to, in wire form. */
  readonly target: string;
}

/** @throws what `next` throws */
export async function follow(
  { records, target }: OwnCnames,
  query: Query,
  context: Context,
  next: Resolver,
): Promise<Answer> {
  const onward = Query.derived(query, target, query.type);
  const answer = await keeping(next.resolve(onward, context));
  // Never the answer itself: its compression pointers lead into another question than this one.
  if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN)
    return Answer.ofRcode(answer.rcode, ...answer.errors);
  const theirs = recordsOf(answer, onward);
  const message = writeMessage({
    question: query.question,
    flags: FLAG.QR | answer.rcode,
    answers: [...records, ...theirs.answers],
    authorities: theirs.authorities,
  });
  return answer.errors.reduce((whole, error) => whole.withError(error), Answer.fromMessage(message)!);
}
