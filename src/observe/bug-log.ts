// Tells of bugs of ours where a client may bring them about: a few lines a minute, and how many were left out. Whoever has found
// a request that fails fills no log with it.

import type { Clock } from '../clock/clock.ts';
import type { Log } from './log.ts';

/** Of a minute: enough for several bugs at once (limits of our own). */
const LINES_MAX = 5;
const MINUTE_MS = 60_000;

export class BugLog {
  readonly #log: Log;
  readonly #clock: Clock;
  /** Monotonic. */
  #minuteEndMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  #leftOut = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  tell(error: unknown): void {
    const nowMs = this.#clock.monotonic();
    if (nowMs >= this.#minuteEndMs) {
      this.#minuteEndMs = nowMs + MINUTE_MS;
      this.#lines = 0;
    }
    if (this.#lines === LINES_MAX) {
      this.#leftOut += 1;
      return;
    }
    this.#lines += 1;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    this.#log.error('a bug in Noonmark: please report this line', {
      stack,
      ...(leftOut > 0 && { leftOut }),
    });
  }
}
