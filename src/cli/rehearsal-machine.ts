// The machine of a rehearsal: everything is the real one's but the system clock, which begins where the scenario says,
// runs on by monotonic time, and is set by hand. The real system clock is never touched.

import type { Timer } from '../clock/clock.ts';
import { type Machine, thisMachine } from '../clock/machine.ts';

export class RehearsalMachine implements Machine {
  readonly #real: Machine;
  /** What the system clock says less monotonic time. */
  #aheadMs: number;

  /** @param systemClockMs what it wakes up with, milliseconds since 1970 */
  constructor(systemClockMs: number, real: Machine = thisMachine) {
    this.#real = real;
    this.#aheadMs = systemClockMs - real.monotonic();
  }

  /** Somebody sets the system clock, forwards or, below zero, backwards. */
  step(ms: number): void {
    this.#aheadMs += ms;
  }

  monotonic(): number {
    return this.#real.monotonic();
  }

  systemClock(): number {
    return this.#aheadMs + this.#real.monotonic();
  }

  uptime(): number {
    return this.#real.uptime();
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#real.after(delayMs, action);
  }

  every(periodMs: number, action: () => void): Timer {
    return this.#real.every(periodMs, action);
  }
}
