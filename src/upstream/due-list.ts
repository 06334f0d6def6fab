// Whatever waits for an instant of its own, under one timer for all: most of it is over long before it is due, and a timer
// each would cost more than the rest of its way. The timer stands at the earliest instant that was known when it was set;
// when it runs, all that wait are looked at. No Set, for the reason that owed-exchanges.ts has.

import type { Clock, Timer } from '../clock/clock.ts';

/** All are looked at no more often than this, however many different instants they wait for. */
const LEAST_PAUSE_MS = 5;

export interface Waiting {
  /** Monotonic milliseconds; may move while it waits, but to an earlier instant only by `add`. */
  readonly dueAtMs: number;
  /** Where it stands in the list, which alone writes this; -1: nowhere. */
  slot: number;
  /** Called when it is due, again and again until it is due later or has been deleted. */
  due(nowMs: number): void;
}

export class DueList {
  readonly #clock: Clock;
  /** As many as are in flight, which `limits.pending_queries` bounds. */
  readonly #slots: (Waiting | undefined)[] = [];
  readonly #free: number[] = [];
  #timer: Timer | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Also for one that is in it already, and due earlier than it was. */
  add(one: Waiting, nowMs: number): void {
    if (one.slot < 0) {
      one.slot = this.#free.pop() ?? this.#slots.length;
      this.#slots[one.slot] = one;
    }
    if (one.dueAtMs < this.#timerAtMs) this.#setTimer(one.dueAtMs, nowMs);
  }

  delete(one: Waiting): void {
    if (one.slot < 0) return;
    this.#slots[one.slot] = undefined;
    this.#free.push(one.slot);
    one.slot = -1;
    if (this.#free.length < this.#slots.length) return;
    this.#slots.length = 0;
    this.#free.length = 0;
    this.#stopTimer();
  }

  #look(): void {
    const nowMs = this.#clock.monotonic();
    this.#stopTimer();
    let next = Number.POSITIVE_INFINITY;
    for (const one of this.#slots) {
      if (one !== undefined && one.dueAtMs <= nowMs) one.due(nowMs);
      if (one !== undefined && one.slot >= 0) next = Math.min(next, one.dueAtMs);
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
