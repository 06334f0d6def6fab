// When the sources are asked again: fast while nobody knows the time, seldom when all is well, for the servers are other
// people's. Pure; docs/time.md has the table.

import type { ClockState } from '../clock/clock.ts';

/** After the clock has been moved by hand, or a dissent was heard, the next round comes no sooner (milliseconds). */
export const SOON_MS = 2000;
/** Untrusted: all is waiting for this. Backs off only while sources answer and disagree, since then haste changes nothing. */
const UNTRUSTED_MS = [15_000, 30_000, 60_000] as const;
/** Provisional: works, but would rather be certain. 16 and 64 s are RFC 5905's MINPOLL and a common client's first poll. */
const PROVISIONAL_MS = [16_000, 32_000, 64_000] as const;
/** Something is not as it should be. */
const WATCHFUL_MS = 64_000;
/** RFC 5905's and chrony's usual slowest poll. */
const CALM_MS = 1_024_000;

export interface Circumstances {
  readonly state: ClockState;
  /** Rounds since the state was entered. */
  readonly rounds: number;
  /** Did sources give fit answers in the last round that contradict each other? */
  readonly haveDisagreed: boolean;
  /** Rounds for which the sources have said another time than ours. */
  readonly dissentRounds: number;
  readonly roundsWithoutEnough: number;
  /** How far the system clock is from our time, milliseconds. */
  readonly systemClockOffMs: number;
}

/** Milliseconds from the beginning of one round to that of the next. */
export function nextRoundAfterMs(now: Circumstances): number {
  const { state, rounds, haveDisagreed, dissentRounds, roundsWithoutEnough, systemClockOffMs } = now;
  if (state === 'untrusted') return haveDisagreed ? nth(UNTRUSTED_MS, rounds) : UNTRUSTED_MS[0];
  if (state === 'provisional') return nth(PROVISIONAL_MS, rounds);
  if (dissentRounds === 1 && roundsWithoutEnough === 0) return SOON_MS;
  const isUneasy = dissentRounds > 0 || roundsWithoutEnough > 0 || state === 'holdover';
  return isUneasy || Math.abs(systemClockOffMs) > 1000 ? WATCHFUL_MS : CALM_MS;
}

function nth(delays: readonly number[], rounds: number): number {
  return delays[Math.min(Math.max(rounds - 1, 0), delays.length - 1)]!;
}
