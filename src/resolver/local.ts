// Fourth link: what is answered from the house itself, whatever happens outside: the owner's zones, this server's own
// names, and names that never leave (special-use names, private reverse zones, dotless names).
// A CNAME of ours is followed, through our own zones and out to the world.

import { Answer } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { EDE, RCODE } from '../dns/codes.ts';
import { writeMessage } from '../dns/message-writer.ts';
import { lowerName, type NameKey } from '../dns/names.ts';
import { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG } from '../dns/wire.ts';
import type { OwnNames } from './local/own-names.ts';
import { isAskedOfParent, specialAnswer } from './local/special-names.ts';
import { authoritySoa, type LocalZones } from './local/zone.ts';
import type { Context, Link, Resolver } from './resolver.ts';

/** CNAMEs of ours in a row; a longer chain is a loop or a mistake. */
const MAX_CNAMES = 8;

export interface LocalParts {
  readonly zones: LocalZones;
  readonly ownNames: OwnNames;
}

/** @param parts asked per query, because a reload replaces them. */
export function local(parts: () => LocalParts): Link {
  return (next) => ({
    resolve(query, context) {
      const found = lookUp(query, context, parts());
      if (found.kind === 'answer') return found.answer;
      if (found.kind === 'follow') {
        if (query.recursionDesired) return follow(found, query, context, next);
        return writeAnswer(query, { rcode: RCODE.NOERROR }, found.records); // the CNAME alone (RFC 1034 section 4.3.2)
      }
      if (!query.recursionDesired) {
        // RFC 8914 section 4.21; answering from the cache here would tell anybody what others have asked
        return Answer.ofRcode(RCODE.REFUSED, {
          code: EDE.NOT_AUTHORITATIVE,
          text: 'recursion was not asked for',
        });
      }
      return next.resolve(query, context);
    },
  });
}

type Found =
  | { readonly kind: 'outside' }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** CNAMEs of ours that end at a name of somebody else's. */
  | { readonly kind: 'follow'; readonly records: readonly ResourceRecord[]; readonly target: string };

function lookUp(query: Query, context: Context, parts: LocalParts): Found {
  const { type } = query;
  if (isAskedOfParent(query.nameKey, type, query.dnssecOk, parts.zones)) return { kind: 'outside' };
  const records: ResourceRecord[] = [];
  let target = query.nameKey;
  for (let hops = 0; hops <= MAX_CNAMES; hops += 1) {
    const step = stepAt(lowerName(target), type, context, parts);
    if (step === null) return hops === 0 ? { kind: 'outside' } : { kind: 'follow', records, target };
    records.push(...step.records);
    if (step.target === undefined) return { kind: 'answer', answer: writeAnswer(query, step, records) };
    target = step.target;
  }
  const loop = { code: EDE.OTHER, text: 'a CNAME loop, or too many CNAMEs, in the local zones' };
  return { kind: 'answer', answer: Answer.ofRcode(RCODE.SERVFAIL, loop) };
}

/** What we have at one name: an end, or with `target` a CNAME to go on from. */
interface Step {
  readonly rcode: number;
  readonly records: readonly ResourceRecord[];
  /** For the authority section of a negative answer (RFC 2308 section 3). */
  readonly soa?: ResourceRecord;
  readonly target?: string;
}

/** The owner's zones first, then our own names, then the names that never leave; null: none of our business. */
function stepAt(key: NameKey, type: number, context: Context, { zones, ownNames }: LocalParts): Step | null {
  const found = zones.lookup(key, type);
  if (found.kind === 'answer') return { rcode: RCODE.NOERROR, records: found.records };
  const own = ownNames.answer(key, type, context.localAddress);
  if (own !== null)
    return { rcode: RCODE.NOERROR, records: own, soa: own.length === 0 ? authoritySoa(key) : undefined };
  switch (found.kind) {
    case 'cname':
      return { rcode: RCODE.NOERROR, records: found.records, target: found.target };
    case 'yxdomain':
      return { rcode: RCODE.YXDOMAIN, records: found.records };
    case 'nodata':
    case 'nxdomain':
      return { rcode: NEGATIVE_RCODE[found.kind], records: [], soa: found.soa };
    case 'outside': {
      const special = specialAnswer(key, type, zones.holdsBelow);
      if (special.kind === 'outside') return null;
      if (special.kind === 'answer') return { rcode: RCODE.NOERROR, records: special.records };
      return { rcode: NEGATIVE_RCODE[special.kind], records: [], soa: authoritySoa(special.soaOwner) };
    }
  }
}

const NEGATIVE_RCODE = { nodata: RCODE.NOERROR, nxdomain: RCODE.NXDOMAIN } as const;

function writeAnswer(
  query: Query,
  { rcode, soa }: Pick<Step, 'rcode' | 'soa'>,
  answers: readonly ResourceRecord[],
): Answer {
  const flags = FLAG.QR | FLAG.AA | rcode;
  const authorities = soa === undefined ? [] : [soa];
  return Answer.fromMessage(writeMessage({ question: query.question, flags, answers, authorities }))!;
}

/** Asks the rest of the chain for the target and puts our CNAMEs before its answer. */
async function follow(
  { records, target }: { readonly records: readonly ResourceRecord[]; readonly target: string },
  query: Query,
  context: Context,
  next: Resolver,
): Promise<Answer> {
  const onward = Query.derived(query, target, query.type);
  const answer = await next.resolve(onward, context);
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
