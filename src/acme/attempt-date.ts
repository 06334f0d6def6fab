// The date of one attempt. An order takes seconds to minutes, and the clock may step in between, there and back: what is
// judged or fails at another date than the one at which the order was placed says nothing of the CA or its certificate.

import type { Clock } from '../clock/clock.ts';

/** As the clock's own listeners are told of (true-clock.ts). */
const JUMP_MS = 1_000;

export class AttemptDate {
  /** When it began, milliseconds since 1970. */
  readonly beganMs: number;
  readonly #clock: Clock;
  readonly #beganMonotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.beganMs = clock.now().epochMs;
    this.#beganMonotonicMs = clock.monotonic();
  }

  /** What the date is now, had it not jumped. */
  get steadyMs(): number {
    return this.beganMs + this.#clock.monotonic() - this.#beganMonotonicMs;
  }

  /** The clock says another date than the one that this began with, or none. */
  get hasJumped(): boolean {
    const isSame = Math.abs(this.#clock.now().epochMs - this.steadyMs) <= JUMP_MS;
    return this.#clock.status.state === 'untrusted' || !isSame;
  }

  /** No certificate of a peer can be refused for the date's sake. */
  get isSure(): boolean {
    const { state } = this.#clock.status;
    return (state === 'synchronized' || state === 'holdover') && !this.hasJumped;
  }
}
