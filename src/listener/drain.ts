// Waiting, for a bounded time, until what was in flight is done: how every listener stops.
// It counts nothing; who counts says when nothing is left.

import type { DurationClock } from '../clock/thread-clock.ts';

export class Drain {
  readonly #clock: DurationClock;
  #finish: (() => void) | null = null;

  constructor(clock: DurationClock) {
    this.#clock = clock;
  }

  /** Resolves when `finished` is called, or after `graceMs`. */
  wait(graceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const grace = this.#clock.after(graceMs, resolve);
      this.#finish = () => {
        grace.cancel();
        resolve();
      };
    });
  }

  /** Nothing is in flight any more; without anybody waiting it means nothing. */
  finished(): void {
    this.#finish?.();
  }
}
