// A clock that stands still until a test moves it: monotonic time, the system clock and the state are three knobs.
// Time and timers are those of a simulated machine; the date is what its system clock says.
// It decides nothing: which state a time deserves is src/timesync/transitions.ts.

import type { Clock, ClockBasis, ClockState, ClockStatus, Instant, Timer } from '../../src/clock/clock.ts';
import { HARD_FLOOR_MS } from '../../src/clock/hard-floor.ts';
import { SimulatedMachine } from './simulated-machine.ts';

const DAY_MS = 86_400_000;
/** A plausible today: 30 days after the release. */
const PLAUSIBLE_MS = HARD_FLOOR_MS + 30 * DAY_MS;

/** Monotonic: the first state has stood for a day. */
const LONG_AGO_MS = -DAY_MS;

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

export class SimulatedClock implements Clock {
  readonly #machine: SimulatedMachine;
  #uncertaintyMs: number | undefined;
  #status: ClockStatus;
  readonly #listeners = new Set<(status: ClockStatus) => void>();

  constructor(options: SimulatedClockOptions = {}) {
    const state = options.state ?? 'provisional';
    this.#machine = new SimulatedMachine(options.epochMs ?? PLAUSIBLE_MS);
    this.#uncertaintyMs = options.uncertaintyMs;
    this.#status = {
      state,
      basis: options.basis === undefined ? defaultBasis(state) : options.basis,
      reason: 'a test says so',
      sinceMs: LONG_AGO_MS,
    };
  }

  monotonic(): number {
    return this.#machine.monotonic();
  }

  now(): Instant {
    const byState = this.#status.state === 'synchronized' ? 0 : Number.POSITIVE_INFINITY;
    return { epochMs: this.#machine.systemClock(), uncertaintyMs: this.#uncertaintyMs ?? byState };
  }

  get status(): ClockStatus {
    return this.#status;
  }

  get floorMs(): number {
    return HARD_FLOOR_MS;
  }

  /** How many timers wait; a test of `close()` expects 0. */
  get pendingTimers(): number {
    return this.#machine.pendingTimers;
  }

  onStateChange(listener: (status: ClockStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#machine.after(delayMs, action);
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#machine.every(periodMs, action);
  }

  /** Lets time pass: monotonic time and the date move together, and each due timer runs at its own instant. */
  advance(ms: number): void {
    this.#machine.advance(ms);
  }

  /** Somebody sets the date; monotonic time and timers do not notice, and the state stays what it is. */
  setSystemClock(epochMs: number): void {
    this.#machine.setSystemClock(epochMs);
  }

  /** Changes state and basis, and tells the listeners when either is new. */
  setState(state: ClockState, basis: ClockBasis = defaultBasis(state), reason = 'a test says so'): void {
    if (state === this.#status.state && basis === this.#status.basis) return;
    this.#status = { state, basis, reason, sinceMs: this.monotonic() };
    for (const listener of [...this.#listeners]) listener(this.#status);
  }
}

function defaultBasis(state: ClockState): ClockBasis {
  return state === 'provisional' ? 'system-clock' : null;
}
