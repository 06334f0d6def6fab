// Link: while the clock is untrusted, addresses of time servers are asked for over relaxed connections
// (tls/connect.ts), because without them there is no way out of that state. What is learnt so is kept apart from the
// cache and forgotten with the state. Everything else, and everything in the other states, goes on to the cache.

import type { Clock } from '../clock/clock.ts';
import type { Limits } from '../config/config.ts';
import { Answer } from '../dns/answer.ts';
import { TYPE } from '../dns/codes.ts';
import type { ExtendedError } from '../dns/edns.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { NameKey } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import { type AnswerStore, PackedAnswerStore } from './cache/answer-store.ts';
import { FailureMemory } from './cache/failure-memory.ts';
import { isFailure } from './cache/stale.ts';
import { cache } from './cache.ts';
import { coalesce } from './coalesce.ts';
import { askUpstreams } from './forward.ts';
import { LateAnswer } from './late-answer.ts';
import { type Context, chain, keeping, type Link, type Resolver } from './resolver.ts';
import { isTimeServerName } from './time-server-names.ts';

/** No address that was learnt in this state is believed for longer, here or at a client (docs/time.md). */
const MAX_TTL_SECONDS = 60;
/** All that is kept of it: some hundred names, though each name below pool.ntp.org is one. */
const MAX_TABLE_OCTETS = 256 * 1024;
/** An expired answer of this table is none: it was never more than makeshift. */
const NEVER_STALE_SECONDS = 0;

export interface DegradeParts {
  readonly clock: Clock;
  /** Names among the configured time sources; asked per query, because a reload replaces them. */
  readonly timeServerNames: () => ReadonlySet<NameKey>;
  /** Upstreams over relaxed connections; never asked in another state. */
  readonly relaxed: () => Pick<UpstreamPool, 'ask'>;
  /** The cache's store: what it still has fresh was learnt under strict verification and comes first. */
  readonly store: Pick<AnswerStore, 'get'>;
  readonly limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>;
  readonly limitLog: LimitLog;
  /** Names that a resolver on the LAN answers in every state; none of them may leave. */
  readonly isForwarded: (key: NameKey) => boolean;
}

export function degrade(parts: DegradeParts): Link {
  const { clock, timeServerNames, store, isForwarded } = parts;
  let table = openTable(parts);
  clock.onStateChange(() => {
    table = openTable(parts);
  });
  const askTable = async (query: Query, context: Context, next: Resolver): Promise<Answer> => {
    const asked = table;
    context.trace?.say('degrade', "time server's name, asked for over relaxed connections");
    let why: readonly ExtendedError[] = [];
    try {
      const answer = await keeping(asked.resolve(query, withOwnTrace(context)));
      context.answeredBy = 'upstream'; // though it be from the table: there is no figure for makeshifts
      if (asked === table && !isFailure(answer)) return answer;
      why = answer.errors;
    } catch (error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      why = error.errors;
    }
    return fallBack(query, context, next, why);
  };
  return (next) => ({
    resolve(query, context) {
      if (clock.status.state !== 'untrusted') return next.resolve(query, context);
      const key = query.nameKey;
      if (!asksForAddress(query) || !isTimeServerName(key, timeServerNames()) || isForwarded(key))
        return next.resolve(query, context);
      const kept = store.get(query.key, context.receivedAtMs);
      if (kept === null) return LateAnswer.of(askTable(query, context, next));
      context.answeredBy = 'cache';
      context.trace?.say('cache', 'kept answer of the time before the clock was untrusted', {
        ttlLeftSeconds: kept.lifetimeSeconds - kept.ageSeconds,
      });
      return kept;
    },
  });
}

/** What is learnt in one stay in the state, and the way to learn it: a small cache of its own over the relaxed upstreams. */
function openTable({ clock, relaxed, limits, limitLog }: DegradeParts): Resolver {
  const store = new PackedAnswerStore(MAX_TABLE_OCTETS, NEVER_STALE_SECONDS);
  return chain(
    cache({ store, failures: new FailureMemory(), clock }),
    coalesce({ limits, limitLog }),
  )({
    resolve(query, context) {
      return askUpstreams(relaxed(), query, context).through({ answered: asMakeshift }, query, context);
    },
  });
}

/** As it is kept and given out in this state. */
function asMakeshift(answer: Answer): Answer {
  return answer.withTtls((ttlSeconds) => Math.min(ttlSeconds, MAX_TTL_SECONDS));
}

/** The table's links speak as this one: what they know is not what the cache and the upstreams have said. */
function withOwnTrace(context: Context): Context {
  const { trace } = context;
  if (trace === undefined) return context;
  return { ...context, trace: { say: (_, detail, facts) => trace.say('degrade', detail, facts) } };
}

/** A time server's other records (SRV, HTTPS, TXT) lead nobody to the time by themselves. */
function asksForAddress({ type }: Query): boolean {
  return type === TYPE.A || type === TYPE.AAAA;
}

/** A stale answer, or the clock's reason and why the relaxed upstreams could not help; in another state by now, the world. */
async function fallBack(
  query: Query,
  context: Context,
  next: Resolver,
  why: readonly ExtendedError[],
): Promise<Answer> {
  try {
    return await keeping(next.resolve(query, context));
  } catch (error) {
    if (!(error instanceof ClockNotReady)) throw error;
    context.answeredBy = 'failure';
    return Answer.ofRcode(error.rcode, ...error.errors, ...why);
  }
}
