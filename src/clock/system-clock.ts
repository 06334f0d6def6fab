// The clock of this release: the system clock, judged against the hard floor and the ceiling.
// Plausible gives `provisional` on the basis `system-clock`, anything else `untrusted`; time sources that can say
// more than that have a room of their own in src/timesync, which is not built yet.
// Everything that the rest of the house may not touch (Date.now, performance.now, setTimeout) is touched here.

import type { Clock, ClockStatus, Instant, Timer } from './clock.ts';
import { CEILING_MS, FLOOR_SLACK_MS, HARD_FLOOR_MS } from './hard-floor.ts';

/** How often the system clock is judged anew, so that a person's repair is noticed (milliseconds). */
const JUDGE_EVERY_MS = 250;

/** Node's timers hold 31 bits and fire at once beyond; nothing here waits for 24 days, so the cap is only a guard. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export interface SystemClockParts {
  /** Milliseconds since 1970 by the machine; default Date.now. */
  readonly readSystemClock?: () => number;
  /** Milliseconds that never jump; default performance.now. */
  readonly readMonotonic?: () => number;
}

/** What the system clock's reading alone is worth (pure). */
export function judgeSystemClock(epochMs: number): Omit<ClockStatus, 'sinceMs'> {
  const says = `the system clock says ${describeDate(epochMs)}`;
  if (!(epochMs >= HARD_FLOOR_MS - FLOOR_SLACK_MS)) {
    const reason = `${says}, before this release was made (${describeDate(HARD_FLOOR_MS)})`;
    return { state: 'untrusted', basis: null, reason };
  }
  if (epochMs > CEILING_MS) {
    const reason = `${says}, more than 20 years after this release was made (${describeDate(HARD_FLOOR_MS)})`;
    return { state: 'untrusted', basis: null, reason };
  }
  return {
    state: 'provisional',
    basis: 'system-clock',
    reason: `${says}, which is plausible; no time source confirms it`,
  };
}

/** The day of an instant, as RFC 3339 writes it; readable even for dates that no calendar holds. */
function describeDate(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? 'no date at all' : date.toISOString().slice(0, 10);
}

export class SystemClock implements Clock {
  readonly #readSystemClock: () => number;
  readonly #readMonotonic: () => number;
  readonly #listeners = new Set<(status: ClockStatus) => void>();
  #status: ClockStatus;

  constructor(parts: SystemClockParts = {}) {
    this.#readSystemClock = parts.readSystemClock ?? Date.now;
    this.#readMonotonic = parts.readMonotonic ?? (() => performance.now());
    this.#status = { ...judgeSystemClock(this.#readSystemClock()), sinceMs: this.monotonic() };
  }

  monotonic(): number {
    return this.#readMonotonic();
  }

  now(): Instant {
    return { epochMs: this.#readSystemClock(), uncertaintyMs: Number.POSITIVE_INFINITY };
  }

  get status(): ClockStatus {
    return this.#status;
  }

  /** Judges the system clock now and from then on regularly, until the returned timer is cancelled. */
  watch(): Timer {
    this.judge();
    return this.every(JUDGE_EVERY_MS, () => this.judge());
  }

  /** Judges the system clock once; tells the listeners when state or basis changed. */
  judge(): void {
    const judged = judgeSystemClock(this.#readSystemClock());
    const isSame = judged.state === this.#status.state && judged.basis === this.#status.basis;
    this.#status = { ...judged, sinceMs: isSame ? this.#status.sinceMs : this.monotonic() };
    if (isSame) return;
    for (const listener of this.#listeners) listener(this.#status);
  }

  onStateChange(listener: (status: ClockStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  after(delayMs: number, action: () => void): Timer {
    const handle = setTimeout(action, Math.min(delayMs, MAX_DELAY_MS));
    return { cancel: () => clearTimeout(handle) };
  }

  every(periodMs: number, action: () => void): Timer {
    const handle = setInterval(action, Math.min(periodMs, MAX_DELAY_MS));
    return { cancel: () => clearInterval(handle) };
  }
}
