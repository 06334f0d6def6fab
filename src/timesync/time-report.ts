// All that the keeper knows at one moment, as values: what the dashboard, `noonmark time` and `explain` are made of.
// Vocabulary only.

import type { ClockStatus, Instant } from '../clock/clock.ts';
import type { Asking } from './asking.ts';
import type { Interval } from './intervals.ts';
import type { Bounds, Opinion } from './selection.ts';
import type { Witness } from './witnesses.ts';

/** `step`: the system clock was set; `sleep`: the machine was suspended; `stamp`: it is withdrawn or forgotten. */
export interface TimeIncident {
  readonly kind: 'step' | 'sleep' | 'stamp';
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly what: string;
}

export interface TimeReport {
  readonly status: ClockStatus;
  /** Null while untrusted. */
  readonly now: Instant | null;
  /** Monotonic milliseconds of this report; all `…AtMs` are on the same scale. */
  readonly nowMs: number;
  /** Milliseconds since 1970. */
  readonly systemClockMs: number;
  readonly bounds: Bounds;
  /** What the last round came to, in words. */
  readonly verdict: string;
  /** What the last round agreed on, carried on to now; null where it was not enough. */
  readonly interval: Interval | null;
  readonly lastRoundAtMs: number | null;
  readonly nextRoundAtMs: number;
  readonly sources: readonly Pick<Asking, 'source' | 'sample' | 'lastSample' | 'failure'>[];
  /** Configured sources whose name led nowhere. */
  readonly unresolved: readonly { readonly url: string; readonly reason: string }[];
  readonly opinions: readonly Opinion[];
  readonly witnesses: readonly Witness[];
  readonly stamp: {
    readonly epochMs: number | null;
    readonly problem: string | null;
    readonly problemAtMs: number | null;
  };
  /** Latest first. */
  readonly incidents: readonly TimeIncident[];
  /** Two authenticated operators say the time that the upstreams' certificates deny: those have expired. */
  readonly outweighsWitnesses: boolean;
}
