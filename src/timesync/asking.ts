// Asks one time source, round after round, and remembers what it said, why it said nothing, and whether it wants to be
// left alone: a kiss of death is obeyed (RFC 5905 section 7.4).

import type { Clock } from '../clock/clock.ts';
import { ANSWER_WITHIN_MS, type Sample, type TimeSource, TimeSourceFailure } from './source.ts';

/**
 * The first time a near source is asked, it is asked up to so often in a row (chrony's iburst has four), since a process
 * that is starting is slow to notice an answer, and half of that delay is error. Far ones are other people's.
 */
const FIRST_BURST = 3;
/** An answer that came this fast is good enough to end the burst (milliseconds). */
const FAST_ANSWER_MS = 5;

/**
 * When a source that has not answered is given up: a moment after its own patience ends, because it knows better than we
 * what it was waiting for (milliseconds).
 */
const GIVE_UP_MS = ANSWER_WITHIN_MS + 100;

/** A server that said RATE is asked this much more seldom, and at least so seldom (milliseconds). */
const RATE_PAUSE_MS = { least: 60_000, factor: 2, most: 36_000_000 } as const;

export class Asking {
  readonly source: TimeSource;
  /** What it said in the last round that asked it; null: nothing. */
  sample: Sample | null = null;
  /** Why it said nothing; null while it answers. */
  failure: string | null = null;
  /** Its last sample ever, for people. */
  lastSample: Sample | null = null;
  readonly #clock: Clock;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  #ratePauseMs = 0;
  #isBanned = false;

  constructor(source: TimeSource, clock: Clock) {
    this.source = source;
    this.#clock = clock;
  }

  /**
   * Asks, unless the source wants a pause; never rejects. In calm times a source that pauses keeps its last word.
   * @param isCalm may the source's own wish for seldom questions be heeded?
   */
  async ask(isCalm: boolean): Promise<void> {
    const nowMs = this.#clock.monotonic();
    if (this.#isBanned || nowMs < this.#notBeforeMs) {
      this.sample = null;
      return;
    }
    const isFresh = this.sample !== null && nowMs - this.#answeredAtMs < this.source.leastPauseMs;
    if (isCalm && isFresh) return;
    this.sample = null;
    const late = new AbortController();
    const timer = this.#clock.after(GIVE_UP_MS, () =>
      late.abort(new TimeSourceFailure('silent', `no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
    );
    try {
      await this.#burst(this.lastSample === null && this.source.isNear ? FIRST_BURST : 1, late.signal);
    } catch (error) {
      if (this.sample === null) this.failure = wordsOf(error);
      if (error instanceof TimeSourceFailure && error.kiss !== null) this.#obey(error.kiss);
    } finally {
      timer.cancel();
    }
  }

  /** Takes the sample with the least delay of up to `count`; a later failure does not take away an earlier sample. */
  async #burst(count: number, signal: AbortSignal): Promise<void> {
    for (let asked = 0; asked < count; asked += 1) {
      const sample = await answerOf(this.source, signal);
      this.#answeredAtMs = this.#clock.monotonic();
      this.#ratePauseMs = 0;
      this.failure = null;
      if (this.sample === null || sample.delayMs < this.sample.delayMs) this.sample = sample;
      this.lastSample = this.sample;
      if (sample.delayMs <= FAST_ANSWER_MS) return;
    }
  }

  /** Its samples lie before a suspend, so that their age is not known. */
  discard(): void {
    this.sample = null;
    this.lastSample = null;
  }

  #obey(kiss: string): void {
    if (kiss === 'DENY' || kiss === 'RSTR') {
      this.#isBanned = true;
      this.failure = `it refuses us (${kiss}), and is not asked any more until a restart`;
      return;
    }
    if (kiss !== 'RATE') return;
    const { least, factor, most } = RATE_PAUSE_MS;
    this.#ratePauseMs = Math.min(most, Math.max(least, this.#ratePauseMs * factor));
    this.#notBeforeMs = this.#clock.monotonic() + this.#ratePauseMs;
    this.failure = `it asks for fewer questions (RATE), and is left alone for ${Math.round(this.#ratePauseMs / 1000)} s`;
  }
}

/** Its answer; or the signal's reason, also where the source does not heed the signal: it must not hold up the others. */
async function answerOf(source: TimeSource, signal: AbortSignal): Promise<Sample> {
  signal.throwIfAborted();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  return Promise.race([source.sample(signal), givenUp]);
}

/** The message of whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
