// What a thread notes of limits that were reached, for the log of the main thread: at once, and then once a second how often.
// So a flood of queries is no flood of messages.

import type { Timer } from '../../clock/clock.ts';
import type { DurationClock } from '../../clock/thread-clock.ts';
import type { LimitFacts, LimitLog } from '../../observe/limit-log.ts';

const PAUSE_MS = 1000;

export class LimitNotes implements Pick<LimitLog, 'reached'> {
  readonly #clock: DurationClock;
  readonly #tell: (limit: string, times: number, facts: LimitFacts) => void;
  /** Each with what came since it was told last, and who was the last. */
  readonly #noted = new Map<string, { times: number; facts: LimitFacts }>();
  #pause: Timer | null = null;

  /** @param tell called for each limit, of which there are a few */
  constructor(clock: DurationClock, tell: (limit: string, times: number, facts: LimitFacts) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  reached(limit: string, facts: LimitFacts): void {
    const noted = this.#noted.get(limit);
    if (noted === undefined) this.#noted.set(limit, { times: 1, facts });
    else {
      noted.times += 1;
      noted.facts = facts;
    }
    if (this.#pause === null) this.flush();
  }

  /** Tells what there is, and pauses if that was anything. */
  flush(): void {
    this.#pause?.cancel();
    this.#pause = null;
    if (this.#noted.size === 0) return;
    for (const [limit, { times, facts }] of this.#noted) this.#tell(limit, times, facts);
    this.#noted.clear();
    this.#pause = this.#clock.after(PAUSE_MS, () => this.flush());
  }

  /** Tells what is left. */
  close(): void {
    this.flush();
    this.#pause?.cancel();
  }
}
