// A clock that stands still until a test moves it: monotonic time, the system clock and the state are three knobs.
// Due timers run in order of their instants, inside `advance`, so that an hour passes at once.
// It decides nothing: which state a reading deserves is src/clock/system-clock.ts.

import type { Clock, ClockBasis, ClockState, ClockStatus, Instant, Timer } from '../../src/clock/clock.ts';
import { HARD_FLOOR_MS } from '../../src/clock/hard-floor.ts';

const DAY_MS = 86_400_000;
/** A plausible today: 30 days after the release. */
const DEFAULT_EPOCH_MS = HARD_FLOOR_MS + 30 * DAY_MS;

/** A story that schedules timers without end is a bug in the code under test, not a reason to hang. */
const MAX_TIMER_RUNS = 1_000_000;

export interface SimulatedClockOptions {
  /** Milliseconds since 1970 at construction; default 30 days after the hard floor. */
  readonly epochMs?: number;
  /** Default `provisional`. */
  readonly state?: ClockState;
  /** Default `system-clock` where the state is `provisional`, else null. */
  readonly basis?: ClockBasis;
  /** Milliseconds; default 0 when synchronized, else Infinity. */
  readonly uncertaintyMs?: number;
}

interface PendingTimer {
  dueMs: number;
  readonly periodMs: number | null;
  readonly action: () => void;
}

export class SimulatedClock implements Clock {
  #monotonicMs = 0;
  /** The date at monotonic zero. */
  #baseEpochMs: number;
  #uncertaintyMs: number | undefined;
  #status: ClockStatus;
  readonly #listeners = new Set<(status: ClockStatus) => void>();
  /** In order of creation, which settles the order of timers due at the same instant. */
  readonly #timers = new Set<PendingTimer>();

  constructor(options: SimulatedClockOptions = {}) {
    const state = options.state ?? 'provisional';
    this.#baseEpochMs = options.epochMs ?? DEFAULT_EPOCH_MS;
    this.#uncertaintyMs = options.uncertaintyMs;
    this.#status = {
      state,
      basis: options.basis === undefined ? defaultBasis(state) : options.basis,
      reason: 'a test says so',
      sinceMs: 0,
    };
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  now(): Instant {
    const byState = this.#status.state === 'synchronized' ? 0 : Number.POSITIVE_INFINITY;
    return {
      epochMs: this.#baseEpochMs + this.#monotonicMs,
      uncertaintyMs: this.#uncertaintyMs ?? byState,
    };
  }

  get status(): ClockStatus {
    return this.#status;
  }

  /** How many timers wait; a test of `close()` expects 0. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  onStateChange(listener: (status: ClockStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#schedule(delayMs, null, action);
  }

  every(periodMs: number, action: () => void): Timer {
    // A period of zero would never let time pass; node:timers makes it 1 ms too.
    const period = Math.max(1, periodMs);
    return this.#schedule(period, period, action);
  }

  /**
   * Lets time pass: monotonic time and the date move together, and each due timer runs at its own instant.
   * A timer that a timer starts runs too, when it falls due within the same stretch.
   */
  advance(ms: number): void {
    const endMs = this.#monotonicMs + ms;
    for (let runs = 0; ; runs++) {
      if (runs > MAX_TIMER_RUNS) throw new Error(`more than ${MAX_TIMER_RUNS} timers ran within ${ms} ms`);
      const next = this.#earliest();
      if (next === null || next.dueMs > endMs) break;
      this.#monotonicMs = next.dueMs;
      if (next.periodMs === null) this.#timers.delete(next);
      else next.dueMs += next.periodMs;
      next.action();
    }
    this.#monotonicMs = endMs;
  }

  /** Somebody sets the date; monotonic time and timers do not notice, and the state stays what it is. */
  setSystemClock(epochMs: number): void {
    this.#baseEpochMs = epochMs - this.#monotonicMs;
  }

  /** Changes state and basis, and tells the listeners when either is new. */
  setState(state: ClockState, basis: ClockBasis = defaultBasis(state), reason = 'a test says so'): void {
    if (state === this.#status.state && basis === this.#status.basis) return;
    this.#status = { state, basis, reason, sinceMs: this.#monotonicMs };
    for (const listener of [...this.#listeners]) listener(this.#status);
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

function defaultBasis(state: ClockState): ClockBasis {
  return state === 'provisional' ? 'system-clock' : null;
}
