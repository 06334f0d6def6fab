// Notices what monotonic time cannot feel: that somebody set the system clock, or that the machine was suspended.
// Pure but for the last readings; docs/time.md says what follows from either.

import type { Machine } from '../clock/machine.ts';

/** Less than this is a clock being steered, and the coarseness of the uptime (milliseconds). */
const JUMP_MS = 1000;

export interface Jump {
  /** How far the system clock was set, milliseconds; 0: not at all. */
  readonly stepMs: number;
  /** How long the machine was suspended, milliseconds; 0: not at all. */
  readonly suspendedMs: number;
}

export class JumpDetector {
  readonly #machine: Machine;
  #systemClockAhead: number;
  #uptimeAhead: number;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#systemClockAhead = machine.systemClock() - machine.monotonic();
    this.#uptimeAhead = machine.uptime() - machine.monotonic();
  }

  /** What has happened since the last look; null: nothing. */
  look(): Jump | null {
    const monotonicMs = this.#machine.monotonic();
    const suspended = this.#machine.uptime() - monotonicMs - this.#uptimeAhead;
    const suspendedMs = suspended > JUMP_MS ? suspended : 0;
    const moved = this.#machine.systemClock() - monotonicMs - this.#systemClockAhead - suspendedMs;
    const stepMs = Math.abs(moved) > JUMP_MS ? moved : 0;
    // Small differences are taken over too: a clock that is steered for hours has not been set.
    this.#systemClockAhead += moved + suspendedMs;
    if (suspendedMs > 0) this.#uptimeAhead += suspendedMs;
    return stepMs === 0 && suspendedMs === 0 ? null : { stepMs, suspendedMs };
  }
}
