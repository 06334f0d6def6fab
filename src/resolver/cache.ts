// Sixth link: answers are kept as wire octets for as long as their TTLs say, on monotonic time, and given out with
// their age taken off. While the clock is untrusted nothing fresh can be had, and an answer that is past its TTL is
// better than none (RFC 8767). Failures of upstreams are kept for a moment too (RFC 9520), apart from answers, so that
// they can be forgotten the moment an upstream is back.

import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock/clock.ts';
import { Answer } from '../dns/answer.ts';
import { EDE, RCODE } from '../dns/codes.ts';
import type { ExtendedError } from '../dns/edns.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { AnswerStore } from './answer-store.ts';
import type { Link } from './resolver.ts';

/** RFC 9520 section 3.2: at least one second; no more, because a house has one line and it comes back at once. */
const FAILURE_MS = 1000;
const MAX_FAILURES = 10_000;
/** RFC 8767 section 4: the TTL of every record that is given out past its own. */
const STALE_TTL_SECONDS = 30;

/** Failed questions of the last moment. */
export class FailureMemory {
  readonly #failures = new LRUCache<string, { readonly answer: Answer; readonly untilMs: number }>({
    max: MAX_FAILURES,
  });

  recall(key: string, nowMs: number): Answer | null {
    if (this.#failures.size === 0) return null;
    const failed = this.#failures.get(key);
    return failed !== undefined && nowMs < failed.untilMs ? failed.answer : null;
  }

  remember(key: string, answer: Answer, nowMs: number): void {
    const again = answer.withError({ code: EDE.CACHED_ERROR, text: '' });
    this.#failures.set(key, { answer: again, untilMs: nowMs + FAILURE_MS });
  }

  /** After a recovery: nothing that failed before says anything about now. */
  forget(): void {
    this.#failures.clear();
  }
}

/** RFC 9520 section 2: REFUSED and the like say as little as SERVFAIL, and are as dear to ask for. */
export function isFailure({ rcode }: Answer): boolean {
  return rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN;
}

/** An answer past its lifetime as it may be given out, with the reason why there is none better. */
function staleAnswer(answer: Answer, why: readonly ExtendedError[]): Answer {
  const code = answer.rcode === RCODE.NXDOMAIN ? EDE.STALE_NXDOMAIN_ANSWER : EDE.STALE_ANSWER;
  const limited = answer.withTtls(() => STALE_TTL_SECONDS);
  return [{ code, text: '' }, ...why].reduce((stale, error) => stale.withError(error), limited);
}

export interface CacheParts {
  readonly store: AnswerStore;
  readonly failures: FailureMemory;
  readonly clock: Clock;
}

export function cache({ store, failures, clock }: CacheParts): Link {
  const keep = (key: string, answer: Answer): Answer => {
    const nowMs = clock.monotonic();
    if (answer.lifetimeSeconds > 0) store.set(key, answer, nowMs);
    else if (isFailure(answer)) failures.remember(key, answer, nowMs);
    else store.delete(key); // newer, though it may not be kept: the old one is refuted (RFC 8767 section 5)
    return answer;
  };
  const keepFailure = (key: string, error: unknown): never => {
    if (error instanceof UpstreamFailure) {
      failures.remember(key, Answer.ofRcode(error.rcode, ...error.errors), clock.monotonic());
    }
    throw error;
  };
  const recallStale = (key: string, nowMs: number): Answer | null => {
    const { state, reason } = clock.status;
    if (state !== 'untrusted') return null;
    const stale = store.getStale(key, nowMs);
    return stale === null ? null : staleAnswer(stale, new ClockNotReady(reason).errors);
  };
  return (next) => ({
    resolve(query, context) {
      const key = query.cacheKey;
      const nowMs = context.receivedAtMs;
      const stored = store.get(key, nowMs);
      if (stored !== null) return stored;
      const stale = recallStale(key, nowMs);
      if (stale !== null) return stale;
      const failed = failures.recall(key, nowMs);
      if (failed !== null) return failed;
      return Promise.resolve(next.resolve(query, context)).then(
        (answer) => keep(key, answer),
        (error) => keepFailure(key, error),
      );
    },
  });
}
