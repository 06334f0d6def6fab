// The one object that everything depending on time asks. Two kinds of time (docs/time.md):
// durations are monotonic and never notice a wrong date; dates come from now() and say how sure they are.
// Timers hang on the clock too, so that a story in a test can let an hour pass at once.
// What the states mean, and who may change them, is decided elsewhere; this file is vocabulary only.

/** What our own idea of the date is worth. docs/time.md says what works in each. */
export type ClockState = 'synchronized' | 'holdover' | 'provisional' | 'untrusted';

/** Which candidate time a `provisional` clock stands on; null in the other states. */
export type ClockBasis = 'last-quorum' | 'system-clock' | 'one-source' | 'stamp' | null;

/** A date with its honesty: the true time lies within `uncertaintyMs` of `epochMs`, as far as we know. */
export interface Instant {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly epochMs: number;
  /** Milliseconds, `Infinity` where nothing is known. */
  readonly uncertaintyMs: number;
}

export interface ClockStatus {
  readonly state: ClockState;
  readonly basis: ClockBasis;
  /** One sentence for a person: why the clock is in this state. */
  readonly reason: string;
  /** While `untrusted`: which dates of upstreams' certificates speak against every candidate, where any do. */
  readonly contradiction?: string | undefined;
  /** Monotonic milliseconds at which the state was entered. */
  readonly sinceMs: number;
}

/** A pending timer; it keeps the process alive until it has run or is cancelled. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds on a clock that never jumps; for durations, TTLs, time-outs and nothing else. */
  monotonic(): number;
  /** The date, for certificates, renewal and logs. */
  now(): Instant;
  readonly status: ClockStatus;
  /** Milliseconds since 1970: the true time is not before this, whatever anybody says. */
  readonly floorMs: number;
  /** Calls `listener` after each change of state or basis, and after a jump of the date; returns how to stop that. */
  onStateChange(listener: (status: ClockStatus) => void): () => void;
  /** Runs `action` once after `delayMs`. */
  after(delayMs: number, action: () => void): Timer;
  /** Runs `action` every `periodMs` until cancelled. */
  every(periodMs: number, action: () => void): Timer;
}
