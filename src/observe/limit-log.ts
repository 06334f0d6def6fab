// Says that a limit has been reached: counted every time, and one line in the log now and then, with what to do about it.
// Whoever floods a server floods no log.

import type { Clock } from '../clock/clock.ts';
import type { Log } from './log.ts';

/** Between two lines about one limit. */
const QUIET_MS = 60_000;
const HINT = 'raise it if these clients are yours';

/** What the line says besides the limit: who reached it, and where. */
export type LimitFacts = Readonly<Record<string, string | number>>;

interface Told {
  /** Since start. */
  times: number;
  /** Of these, those that some line has told of. */
  told: number;
  /** Monotonic. */
  quietUntilMs: number;
}

export class LimitLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits = new Map<string, Told>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * @param limit the key in the configuration, such as `limits.connections`, or a name as fixed, with a hint of its own
   * @param times how often since this was said last
   */
  reached(limit: string, facts: LimitFacts, times = 1): void {
    const nowMs = this.#clock.monotonic();
    let told = this.#limits.get(limit);
    if (told === undefined) {
      told = { times: 0, told: 0, quietUntilMs: nowMs };
      this.#limits.set(limit, told);
    }
    told.times += times;
    if (nowMs < told.quietUntilMs) return;
    const untold = told.times - told.told;
    told.told = told.times;
    told.quietUntilMs = nowMs + QUIET_MS;
    this.#log.warn('a limit is reached', { limit, times: untold, hint: HINT, ...facts });
  }

  /** How often each limit has been reached since start, those never reached left out. */
  get times(): ReadonlyMap<string, number> {
    return new Map(Array.from(this.#limits, ([limit, { times }]) => [limit, times]));
  }
}
