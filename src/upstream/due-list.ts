// Whatever waits for an instant of its own, under one timer for all: most of it is over long before it is due, and a timer
// each would cost more than the rest of its way. The timer stands at the earliest instant that was known when it was set;
// when it runs, all that wait are looked at.

import type { Clock, Timer } from '../clock/clock.ts';

/** All are looked at no more often than this, however many different instants they wait for. */
const LEAST_PAUSE_MS = 5;

export interface Waiting {
  /** Monotonic milliseconds; may move while it waits, but to an earlier instant only by `add`. */
  readonly dueAtMs: number;
  /** Called when it is due, again and again until it is due later or has been deleted. */
  due(nowMs: number): void;
}

export class DueList {
  readonly #clock: Clock;
  /** As many as are in flight, which `limits.pending_queries` bounds. */
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Also for one that is in it already, and due earlier than it was. */
  add(one: Waiting, nowMs: number): void {
    this.#waiting.add(one);
    if (one.dueAtMs < this.#timerAtMs) this.#setTimer(one.dueAtMs, nowMs);
  }

  delete(one: Waiting): void {
    this.#waiting.delete(one);
    if (this.#waiting.size === 0) this.#stopTimer();
  }

  #look(): void {
    const nowMs = this.#clock.monotonic();
    this.#stopTimer();
    let next = Number.POSITIVE_INFINITY;
    for (const one of this.#waiting) {
      if (one.dueAtMs <= nowMs) one.due(nowMs);
      if (this.#waiting.has(one)) next = Math.min(next, one.dueAtMs);
    }
    if (next < this.#timerAtMs) this.#setTimer(Math.max(next, nowMs + LEAST_PAUSE_MS), nowMs);
  }

  #setTimer(atMs: number, nowMs: number): void {
    this.#stopTimer();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.after(atMs - nowMs, () => this.#look());
  }

  #stopTimer(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
  }
}
