// Questions that failed lately (RFC 9520), apart from answers, so that they can be forgotten the moment an upstream is
// back; and whether the upstreams are out as a whole, so that nobody waits to find out once more.

import { LRUCache } from 'lru-cache';
import type { Answer } from '../../dns/answer.ts';
import { EDE } from '../../dns/codes.ts';
import type { ExtendedError } from '../../dns/edns.ts';

const MAX_FAILURES = 10_000;

/** RFC 9520 section 3.2: at least one second; no more, because a house has one line and it comes back at once. */
export const FAILURE_MS = 1000;

/**
 * The same where there is a stale answer to give: RFC 8767 section 5 advises 30 s between tries. It costs nobody an answer,
 * and a recovery is noticed before: upstreams that failed are probed every second (upstream/pool.ts), and `forget` follows.
 */
export const STALE_RECHECK_MS = 30_000;

/** So many different questions in a row without an answer say that it is the upstreams, and not one slow name. */
const OUT_AFTER_QUESTIONS = 3;

interface Outage {
  /** Cache keys. */
  readonly questions: Set<string>;
  /** Of the latest failure. */
  errors: readonly ExtendedError[];
  atMs: number;
}

export class FailureMemory {
  readonly #failures = new LRUCache<string, { readonly answer: Answer; readonly atMs: number }>({
    max: MAX_FAILURES,
  });
  /** When the last of them was remembered. */
  #latestMs = Number.NEGATIVE_INFINITY;
  readonly #unanswered: Outage = { questions: new Set(), errors: [], atMs: 0 };

  /** Nothing is known that may still count, so that whoever has to make a key first need not. */
  isEmptyAt(nowMs: number): boolean {
    if (this.#failures.size > 0 && nowMs >= this.#latestMs + STALE_RECHECK_MS) this.#failures.clear();
    return this.#failures.size === 0;
  }

  /** The failure of a question, when it is no older than `forMs`. */
  recall(key: string, nowMs: number, forMs = FAILURE_MS): Answer | null {
    const failed = this.#failures.get(key);
    return failed !== undefined && nowMs < failed.atMs + forMs ? failed.answer : null;
  }

  remember(key: string, answer: Answer, nowMs: number): void {
    const again = answer.withError({ code: EDE.CACHED_ERROR, text: '' });
    this.#failures.set(key, { answer: again, atMs: nowMs });
    this.#latestMs = nowMs;
  }

  /** An answer has come: the question fails no more. */
  answered(key: string): void {
    this.#failures.delete(key);
  }

  /** Why the upstreams are taken to be out: nobody has been heard in the latest look-ups, and not long ago. */
  outage(nowMs: number): readonly ExtendedError[] | null {
    const { questions, errors, atMs } = this.#unanswered;
    return questions.size >= OUT_AFTER_QUESTIONS && nowMs < atMs + STALE_RECHECK_MS ? errors : null;
  }

  /** The look-up of a question got no answer from any upstream. */
  upstreamsUnheard(key: string, errors: readonly ExtendedError[], nowMs: number): void {
    const unanswered = this.#unanswered;
    if (unanswered.questions.size < OUT_AFTER_QUESTIONS) unanswered.questions.add(key);
    unanswered.errors = errors;
    unanswered.atMs = nowMs;
  }

  upstreamsHeard(): void {
    if (this.#unanswered.questions.size > 0) this.#unanswered.questions.clear();
  }

  /** After a recovery: nothing that failed before says anything about now. */
  forget(): void {
    this.#failures.clear();
    this.upstreamsHeard();
  }
}
