// A machine whose monotonic time, system clock, uptime and timers stand still until a test moves them.
// Due timers run in order of their instants, each at its own instant, so that an hour passes at once.
// `advance` runs them in one go; `pass` lets promises settle between them, for code that waits.

import type { Timer } from '../../src/clock/clock.ts';
import type { Machine } from '../../src/clock/machine.ts';

/** A story that schedules timers without end is a bug in the code under test, not a reason to hang. */
const MAX_TIMER_RUNS = 1_000_000;
/** It was not switched on this instant. */
const UPTIME_AT_START_MS = 12_000;

interface PendingTimer {
  dueMs: number;
  readonly periodMs: number | null;
  readonly action: () => void;
}

export class SimulatedMachine implements Machine {
  #monotonicMs = 0;
  /** The date at monotonic zero, by the system clock. */
  #systemClockAheadMs: number;
  #suspendedMs = 0;
  /** In order of creation, which settles the order of timers due at the same instant. */
  readonly #timers = new Set<PendingTimer>();

  /** @param systemClockMs what the system clock says at first, milliseconds since 1970 */
  constructor(systemClockMs: number) {
    this.#systemClockAheadMs = systemClockMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  systemClock(): number {
    return this.#systemClockAheadMs + this.#monotonicMs;
  }

  uptime(): number {
    return UPTIME_AT_START_MS + this.#monotonicMs + this.#suspendedMs;
  }

  /** How many timers wait; a test of `close()` expects 0. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Milliseconds spent asleep so far: the true time goes on meanwhile. */
  get suspendedMs(): number {
    return this.#suspendedMs;
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#schedule(delayMs, null, action);
  }

  every(periodMs: number, action: () => void): Timer {
    // A period of zero would never let time pass; node:timers makes it 1 ms too.
    const period = Math.max(1, periodMs);
    return this.#schedule(period, period, action);
  }

  /** Somebody sets the system clock forwards, or backwards where it is negative. */
  step(ms: number): void {
    this.setSystemClock(this.systemClock() + ms);
  }

  /** Somebody sets the system clock; monotonic time and timers do not notice. */
  setSystemClock(epochMs: number): void {
    this.#systemClockAheadMs = epochMs - this.#monotonicMs;
  }

  /** The machine sleeps: uptime and system clock go on, monotonic time and timers stand still. */
  suspend(ms: number): void {
    this.#suspendedMs += ms;
    this.#systemClockAheadMs += ms;
  }

  /**
   * Lets time pass: each due timer runs at its own instant, and one that a timer starts runs too, when it falls due
   * within the same stretch.
   */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let runs = 0; this.#runNext(endMs) !== null; runs++) refuseEndless(runs, ms);
    this.#monotonicMs = endMs;
  }

  /** The same, with promises settled before, after and between; what repeats (`every`) is taken to start none. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await settled();
    for (let runs = 0; ; runs++) {
      refuseEndless(runs, ms);
      const ran = this.#runNext(endMs);
      if (ran === null) break;
      if (ran.periodMs === null) await settled();
    }
    this.#monotonicMs = endMs;
    await settled();
  }

  #runNext(endMs: number): PendingTimer | null {
    const next = this.#earliest();
    if (next === null || next.dueMs > endMs) return null;
    this.#monotonicMs = next.dueMs;
    if (next.periodMs === null) this.#timers.delete(next);
    else next.dueMs += next.periodMs;
    next.action();
    return next;
  }

  #schedule(delayMs: number, periodMs: number | null, action: () => void): Timer {
    const timer: PendingTimer = { dueMs: this.#monotonicMs + Math.max(0, delayMs), periodMs, action };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  #earliest(): PendingTimer | null {
    let earliest: PendingTimer | null = null;
    for (const timer of this.#timers) if (earliest === null || timer.dueMs < earliest.dueMs) earliest = timer;
    return earliest;
  }
}

/** All promises that wait for nothing outside have settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function refuseEndless(runs: number, ms: number): void {
  if (runs > MAX_TIMER_RUNS) throw new Error(`more than ${MAX_TIMER_RUNS} timers ran within ${ms} ms`);
}
