// Time within one run of the server, a life: milliseconds since its start, on a scale that goes on while the machine sleeps.
// Whatever happens is recorded on it, because it is known always; the date is not. A date is worked out backwards from
// when our own clock knows it, and is never the system clock's.

import type { Clock } from '../clock/clock.ts';
import type { Machine } from '../clock/machine.ts';
import { JumpDetector } from '../timesync/jumps.ts';

/** When something was, as far as it is known. */
export interface Moment {
  /** The run of the server, counted from 1. */
  readonly life: number;
  /** Milliseconds since that life began. */
  readonly ms: number;
  /** Milliseconds since 1970; null: not known, or not yet. */
  readonly dateMs: number | null;
  /** Whether sources had agreed on the time; a date that is not sure is worked out anew when they have, in the same life. */
  readonly isSure: boolean;
}

/** The keeper adds a sleep to our own time within two seconds of waking; until then a date is not sure (milliseconds). */
const AFTER_SLEEP_MS = 2000;
/** One look of the history asks for the time several times, and the machine once: it takes a file to know of sleep (milliseconds). */
const LOOK_AGAIN_MS = 20;

export class LifeTime {
  /** Known once the record of the lives before is read. */
  life = 1;
  readonly #clock: Clock;
  readonly #jumps: JumpDetector | null;
  #sleptMs = 0;
  #unsureUntilMs = Number.NEGATIVE_INFINITY;
  #lookedAtMs: number;

  /** @param machine who knows of sleep; null: there is none */
  constructor(clock: Clock, machine: Machine | null) {
    this.#clock = clock;
    this.#jumps = machine === null ? null : new JumpDetector(machine);
    this.#lookedAtMs = clock.monotonic();
  }

  /** Milliseconds since the process started. */
  get nowMs(): number {
    const monotonicMs = this.#clock.monotonic();
    if (monotonicMs - this.#lookedAtMs >= LOOK_AGAIN_MS) this.#lookForSleep(monotonicMs);
    return monotonicMs + this.#sleptMs;
  }

  #lookForSleep(monotonicMs: number): void {
    this.#lookedAtMs = monotonicMs;
    const suspendedMs = this.#jumps?.look()?.suspendedMs ?? 0;
    if (suspendedMs === 0) return;
    this.#sleptMs += suspendedMs;
    this.#unsureUntilMs = monotonicMs + AFTER_SLEEP_MS;
  }

  /** The date at which this life began, by what our clock says now, in milliseconds since 1970; null: not known. */
  get beganAtMs(): number | null {
    if (this.#clock.status.state === 'untrusted') return null;
    const nowMs = this.nowMs;
    return this.#clock.now().epochMs - nowMs;
  }

  get isSure(): boolean {
    const { state } = this.#clock.status;
    const isAgreed = state === 'synchronized' || state === 'holdover';
    return isAgreed && this.#clock.monotonic() >= this.#unsureUntilMs;
  }

  /** The moment `ms` of this life, dated if that is possible now. */
  at(ms: number): Moment {
    const beganAtMs = this.beganAtMs;
    const dateMs = beganAtMs === null ? null : beganAtMs + ms;
    return { life: this.life, ms, dateMs, isSure: dateMs !== null && this.isSure };
  }

  /** On this scale, what the clock's monotonic time says; of something since the machine last slept. */
  msOf(monotonicMs: number): number {
    return monotonicMs + this.#sleptMs;
  }
}

/** `moment` of the life `life` that began at `beganAtMs`; one whose date is sure stays as it is. */
export function dated(
  moment: Moment,
  {
    life,
    beganAtMs,
    isSure,
  }: { readonly life: number; readonly beganAtMs: number; readonly isSure: boolean },
): Moment {
  if (moment.life !== life || moment.isSure) return moment;
  return { ...moment, dateMs: beganAtMs + moment.ms, isSure };
}
