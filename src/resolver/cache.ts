// Link: answers are kept as wire octets for as long as their TTLs say, on monotonic time, and given out with
// their age taken off. An answer that is past its TTL is better than none (RFC 8767): it is given where upstreams fail,
// are late, or cannot be asked because the clock is untrusted. Failures of upstreams are kept for a moment too (RFC 9520).

import type { Clock } from '../clock/clock.ts';
import { Answer, type AnswerView } from '../dns/answer.ts';
import { EDE, RCODE } from '../dns/codes.ts';
import type { ExtendedError } from '../dns/edns.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import type { AnswerStore } from './cache/answer-store.ts';
import { type FailureMemory, STALE_RECHECK_MS } from './cache/failure-memory.ts';
import { isNearItsEnd, Refresh } from './cache/refresh.ts';
import { CLIENT_RESPONSE_MS, freshOrStale, isFailure, isVerdict, staleAnswer } from './cache/stale.ts';
import type { LateAnswer, Step } from './late-answer.ts';
import { type Context, type Link, late, type Resolver } from './resolver.ts';

/** What is remembered of a question that nobody has answered yet. */
const LATE = Answer.ofRcode(RCODE.SERVFAIL, {
  code: EDE.NO_REACHABLE_AUTHORITY,
  text: `no answer within ${CLIENT_RESPONSE_MS / 1000} s`,
});

/** Queries since start, by what the cache had for them. */
export interface CacheCounts {
  hits: number;
  misses: number;
  /** Of the misses: those that got a stale answer. */
  stale: number;
  /** Look-ups begun before anybody had to wait for them. */
  prefetched: number;
}

export const noCacheCounts = (): CacheCounts => ({ hits: 0, misses: 0, stale: 0, prefetched: 0 });

export interface CacheParts {
  readonly store: AnswerStore;
  readonly failures: FailureMemory;
  readonly clock: Clock;
  /** Is it for a server on the own network, which needs no clock and has its own troubles? Default: none is. */
  readonly isForwarded?: (query: Pick<Query, 'nameKey'>) => boolean;
  readonly counts?: CacheCounts;
}

export function cache(parts: CacheParts): Link {
  return (next) => new CacheLink(parts, next);
}

class CacheLink implements Resolver {
  readonly #parts: Required<CacheParts>;
  readonly #next: Resolver;
  readonly #refresh: Refresh;

  constructor(parts: CacheParts, next: Resolver) {
    this.#parts = { isForwarded: () => false, counts: noCacheCounts(), ...parts };
    this.#next = next;
    this.#refresh = new Refresh(parts.clock);
  }

  resolve(query: Query, context: Context): AnswerView | LateAnswer {
    const { store, counts } = this.#parts;
    const kept = store.get(query.key, context.receivedAtMs);
    if (kept === null) return this.#miss(query, context);
    counts.hits += 1;
    context.answeredBy = 'cache';
    if (context.trace !== undefined) {
      const ttlLeftSeconds = kept.lifetimeSeconds - kept.ageSeconds;
      context.trace.say('cache', `kept answer, TTL left ${ttlLeftSeconds} s`, { ttlLeftSeconds });
    }
    if (isNearItsEnd(kept)) this.#fetchAhead(query);
    return kept;
  }

  #miss(query: Query, context: Context): Answer | LateAnswer {
    const { store, failures, isForwarded, counts } = this.#parts;
    const { receivedAtMs } = context;
    counts.misses += 1;
    const isWorld = !isForwarded(query);
    const kept = store.getStale(query.key, receivedAtMs);
    if (kept !== null) return this.#betterThanStale(kept, query, context, isWorld);
    const failed = failures.isEmptyAt(receivedAtMs) ? null : failures.recall(query.cacheKey, receivedAtMs);
    if (failed === null) return this.#lookUp(query, context, isWorld);
    context.answeredBy = 'failure';
    context.trace?.say('cache', 'remembered failure');
    return failed;
  }

  /** What is kept is past its lifetime. */
  #betterThanStale(kept: Answer, query: Query, context: Context, isWorld: boolean): Answer | LateAnswer {
    const { failures, clock, counts } = this.#parts;
    const { receivedAtMs } = context;
    const key = query.cacheKey;
    const stale = (why: readonly ExtendedError[]) => {
      counts.stale += 1;
      context.answeredBy = 'stale';
      const pastSeconds = kept.ageSeconds - kept.lifetimeSeconds;
      context.trace?.say('cache', `stale answer, ${pastSeconds} s past its lifetime`, { pastSeconds });
      return staleAnswer(kept, why);
    };
    const why = this.#whyNotAsk(key, isWorld, receivedAtMs);
    if (why !== null) return stale(why);
    const outage = isWorld ? failures.outage(receivedAtMs) : null;
    if (outage !== null) {
      this.#renew(query, isWorld); // it may be over, and nobody waits to find out
      return stale(outage);
    }
    return freshOrStale({
      fresh: this.#lookUp(query, context, isWorld),
      stale,
      onLate: () => failures.remember(key, LATE, clock.monotonic()), // others need not wait for it as well
      receivedAtMs,
      clock,
    });
  }

  /** Why a stale answer is given at once; null: something fresher can be hoped for. */
  #whyNotAsk(key: string, isWorld: boolean, nowMs: number): readonly ExtendedError[] | null {
    const { failures, clock } = this.#parts;
    const { state, reason } = clock.status;
    if (isWorld && state === 'untrusted') return new ClockNotReady(reason).errors;
    return failures.recall(key, nowMs, STALE_RECHECK_MS)?.errors ?? null;
  }

  /** A hit is what makes an answer popular: it has been asked for again. */
  #fetchAhead(query: Query): void {
    const { clock, isForwarded, counts } = this.#parts;
    const isWorld = !isForwarded(query);
    if (this.#whyNotAsk(query.cacheKey, isWorld, clock.monotonic()) !== null) return;
    if (this.#renew(query, isWorld)) counts.prefetched += 1;
  }

  /** Nobody waits for it, so that the listener reads over `query` while the look-up goes on with a copy. */
  #renew(query: Query, isWorld: boolean): boolean {
    return this.#refresh.start(query.cacheKey, (context) => this.#lookUp(query.copy(), context, isWorld));
  }

  /** Asks below, and keeps what comes of it. */
  #lookUp(query: Query, context: Context, isWorld: boolean): LateAnswer {
    return late(this.#next, query, context).through(new Keeping(this.#parts, isWorld), query, context);
  }
}

/** Keeps what a look-up brings, unless all was forgotten meanwhile: then it is of another configuration. */
class Keeping implements Step {
  readonly #parts: CacheParts;
  readonly #isWorld: boolean;
  readonly #generation: number;

  constructor(parts: CacheParts, isWorld: boolean) {
    this.#parts = parts;
    this.#isWorld = isWorld;
    this.#generation = parts.store.generation;
  }

  answered(answer: Answer, query: Query): Answer {
    const { store, failures, clock } = this.#parts;
    if (this.#generation !== store.generation) return answer;
    const nowMs = clock.monotonic();
    if (this.#isWorld) failures.upstreamsHeard();
    if (isFailure(answer)) {
      failures.remember(query.cacheKey, answer, nowMs);
      if (isVerdict(answer)) store.delete(query.key);
      return answer;
    }
    if (!failures.isEmptyAt(nowMs)) failures.answered(query.cacheKey);
    if (answer.lifetimeSeconds > 0) store.set(query.key, answer, nowMs);
    else store.delete(query.key); // newer, though it may not be kept: the old one is refuted (RFC 8767 section 5)
    return answer;
  }

  failed(error: unknown, { cacheKey: key }: Query): never {
    const { store, failures, clock } = this.#parts;
    if (this.#generation !== store.generation || !(error instanceof UpstreamFailure)) throw error;
    const nowMs = clock.monotonic();
    failures.remember(key, Answer.ofRcode(error.rcode, ...error.errors), nowMs);
    if (!this.#isWorld) throw error;
    if (error.code === 'upstream-garbled') failures.upstreamsHeard();
    else failures.upstreamsUnheard(key, error.errors, nowMs);
    throw error;
  }
}
