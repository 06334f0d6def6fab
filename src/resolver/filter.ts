// Link: names that the owner has blocked or has answered otherwise (docs/filtering.md). What is decided is decided
// in lists/filter.ts; here it becomes an answer. It stands above the cache, which therefore knows nothing of clients.
// An answer of the world is looked at too: a CNAME that leads to a blocked name is a blocked name by another spelling,
// and an HTTPS or SVCB record may have all that a client needs to go to one.

import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { RewriteConfig } from '../config/config.ts';
import { aliasTargets } from '../dns/alias-targets.ts';
import { Answer, type AnswerView } from '../dns/answer.ts';
import { EDE, RCODE, TYPE } from '../dns/codes.ts';
import type { ExtendedError } from '../dns/edns.ts';
import { writeMessage } from '../dns/message-writer.ts';
import { formatName, type NameKey, nameOctets } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG } from '../dns/wire.ts';
import type { Filter, Verdict } from '../lists/filter.ts';
import { follow, type OwnCnames } from './follow.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import { authoritySoa } from './local/zone.ts';
import type { Context, Link, Resolver } from './resolver.ts';

/** Short, so that a name is back soon after the owner takes it off a list; a blocked query costs nothing upstream. */
const BLOCKED_TTL_SECONDS = 10;
/** The owner's own word, as that of a local zone (dns/record-text.ts), and taken back as rarely. */
const REWRITTEN_TTL_SECONDS = 300;

export interface FilterLinkParts {
  /** Asked per query. */
  readonly filter: () => Filter;
  /** Local names and the world without this link: where names lead that stand in for others. */
  readonly inside: Resolver;
}

export function filterLink({ filter, inside }: FilterLinkParts): Link {
  return (next) => ({
    resolve(query, context) {
      const current = filter();
      if (current.isIdle || isOfProof(query.type)) return next.resolve(query, context);
      const rewrite = current.rewriteOf(query.nameKey);
      if (rewrite !== null) return rewritten(rewrite, query, context, inside);
      const verdict = current.judge(query.nameKey, context.client);
      if (verdict !== null) say(verdict, query.nameKey, query, context, current);
      if (verdict?.kind === 'block') return blocked(verdict, query, context, current, inside);
      const answer = next.resolve(query, context);
      if (verdict?.kind === 'allow') return answer;
      if (answer instanceof LateAnswer) return answer.through(unmasking(current, inside), query, context);
      return unmasked(answer, query, context, current, inside);
    },
  });
}

/** Never blocked: whoever validates needs them for names below that are not, and nobody can be reached by them. */
function isOfProof(type: number): boolean {
  return type === TYPE.DS || type === TYPE.DNSKEY;
}

/**
 * The answer itself, unless a record in it leads to a name that is blocked. Where that is no CNAME, the name has no record
 * of this type any more, and exists all the same: NXDOMAIN or a CNAME would take its addresses away, too (RFC 8020).
 */
function unmasked<View extends AnswerView>(
  answer: View,
  query: Query,
  context: Context,
  filter: Filter,
  inside: Resolver,
): View | Answer | LateAnswer {
  for (const { name, isCname } of aliasTargets(answer, query)) {
    const verdict = filter.judge(name, context.client);
    if (verdict?.kind !== 'block') continue;
    say(verdict, name, query, context, filter);
    context.answeredBy = 'filter';
    if (!isCname) return ownAnswer(query, RCODE.NOERROR, [], BLOCKED_TTL_SECONDS).withError(errorOf(verdict));
    return blocked(verdict, query, context, filter, inside);
  }
  return answer;
}

/** The same, when it has come. */
function unmasking(filter: Filter, inside: Resolver): Step {
  return { answered: (answer, query, context) => unmasked(answer, query, context, filter, inside) };
}

function blocked(
  verdict: Verdict,
  query: Query,
  context: Context,
  { blocked: kind }: Filter,
  inside: Resolver,
): Answer | LateAnswer {
  const error = errorOf(verdict);
  if (kind.kind === 'name') {
    const ours = { records: [cname(query.nameKey, kind.name, BLOCKED_TTL_SECONDS)], target: kind.name };
    return LateAnswer.of(standIn(ours, query, context, inside, error));
  }
  context.answeredBy = 'filter';
  const zero = kind.kind === 'zero' ? ZERO.get(query.type) : undefined;
  const records = zero === undefined ? [] : [addressRecord(query.nameKey, zero, BLOCKED_TTL_SECONDS)];
  const rcode = kind.kind === 'nxdomain' ? RCODE.NXDOMAIN : RCODE.NOERROR;
  return ownAnswer(query, rcode, records, BLOCKED_TTL_SECONDS).withError(error);
}

/** What the name that stands in leads to; it is this link that has answered, whoever gives the addresses. */
async function standIn(
  ours: OwnCnames,
  query: Query,
  context: Context,
  inside: Resolver,
  error: ExtendedError,
): Promise<Answer> {
  const answer = await follow(ours, query, context, inside);
  context.answeredBy = 'filter';
  return answer.withError(error);
}

function errorOf({ list }: Verdict): ExtendedError {
  return { code: EDE.BLOCKED, text: `list "${list}"` };
}

const ZERO: ReadonlyMap<number, string> = new Map([
  [TYPE.A, '0.0.0.0'],
  [TYPE.AAAA, '::'],
]);

function rewritten(
  { name, to }: RewriteConfig,
  query: Query,
  context: Context,
  inside: Resolver,
): Answer | LateAnswer {
  const owner = query.nameKey;
  const target = to.kind === 'address' ? to.address : formatName(to.name);
  context.trace?.say('filter', `rewrite of ${formatName(name)} to ${target}`);
  const error = { code: EDE.FORGED_ANSWER, text: 'rewritten here' };
  if (to.kind === 'name') {
    const ours = { records: [cname(owner, to.name, REWRITTEN_TTL_SECONDS)], target: to.name };
    return LateAnswer.of(standIn(ours, query, context, inside, error));
  }
  context.answeredBy = 'filter';
  const hasFamily = query.type === (isIPv4(to.address) ? TYPE.A : TYPE.AAAA);
  const records = hasFamily ? [addressRecord(owner, to.address, REWRITTEN_TTL_SECONDS)] : [];
  return ownAnswer(query, RCODE.NOERROR, records, REWRITTEN_TTL_SECONDS).withError(error);
}

/** Without records it is negative, and carries the SOA by which others may keep it for a moment (RFC 2308 section 3). */
function ownAnswer(
  query: Query,
  rcode: number,
  answers: readonly ResourceRecord[],
  ttlSeconds: number,
): Answer {
  const soa = { ...authoritySoa(query.nameKey), ttlSeconds };
  const authorities = answers.length === 0 ? [soa] : [];
  const flags = FLAG.QR | rcode;
  return Answer.fromMessage(writeMessage({ question: query.question, flags, answers, authorities }))!;
}

function cname(owner: NameKey, target: NameKey, ttlSeconds: number): ResourceRecord {
  return { owner, type: TYPE.CNAME, ttlSeconds, rdata: nameOctets(target) };
}

function addressRecord(owner: NameKey, address: string, ttlSeconds: number): ResourceRecord {
  const rdata = Uint8Array.from(ipaddr.parse(address).toByteArray());
  return { owner, type: isIPv4(address) ? TYPE.A : TYPE.AAAA, ttlSeconds, rdata };
}

/** `name` is the one that was asked, or one that it leads to. */
function say(
  { kind, list, rule }: Verdict,
  name: NameKey,
  query: Query,
  context: Context,
  filter: Filter,
): void {
  if (context.trace === undefined) return;
  const target = name === query.nameKey ? '' : `, which ${formatName(query.nameKey)} leads to`;
  const group = filter.groupOf(context.client);
  const detail = `list "${list}" ${kind}s ${formatName(name)}${target} (rule ${rule})`;
  context.trace.say('filter', detail, { list, rule, ...(group === null ? {} : { group }) });
}
