// How old an answer is that an earlier life of this server has fetched: by the date, which is all that two lives have in
// common, and only while the date is worth it. Asked anew at every use: when the clock finds the true time, so do the ages.

import type { Clock } from '../../clock/clock.ts';
import type { AgeOfDated } from '../../dns/packed-answer.ts';
import { MAX_STALE_SECONDS } from './answer-store.ts';

/** Over a restart no answer gets older than this, fresh or stale: a week, as in one life (answer-store.ts). */
export const MAX_AGE_MS = MAX_STALE_SECONDS * 1000;

export interface RestoredAgeParts {
  readonly clock: Clock;
  /** When the last life wrote them down, milliseconds since 1970; Infinity: nobody knows. */
  readonly savedAtMs: number;
}

/** Of answers that are restored now. Where the date is not agreed on they are past their lifetime, and age from here on. */
export function restoredAge({ clock, savedAtMs }: RestoredAgeParts): AgeOfDated {
  const restoredAtMs = clock.monotonic();
  return (fetchedAtMs, lifetimeSeconds, nowMs) => {
    const dateMs = believableDateMs(clock);
    if (dateMs === null || dateMs < savedAtMs)
      return lifetimeSeconds * 1000 + Math.max(0, nowMs - restoredAtMs);
    const ageMs = dateMs - fetchedAtMs;
    return ageMs > MAX_AGE_MS ? Number.POSITIVE_INFINITY : ageMs;
  };
}

/**
 * Null unless time sources stand behind the date. One that is only plausible may be behind by as long as the power was
 * off: a stamp, but also the system clock of a board that restores the last hour at boot.
 */
function believableDateMs(clock: Clock): number | null {
  const { state, basis } = clock.status;
  const isAgreed = state === 'synchronized' || state === 'holdover' || basis === 'last-quorum';
  return isAgreed ? clock.now().epochMs : null;
}
