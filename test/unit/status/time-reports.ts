// What a keeper reports when all is well, for the tests of what is made of it.

import { CEILING_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import type { TimeSource } from '../../../src/timesync/source.ts';
import type { TimeReport } from '../../../src/timesync/time-report.ts';

const DAY_MS = 86_400_000;
export const TRUTH_MS = HARD_FLOOR_MS + 100 * DAY_MS;

/** At the monotonic second 1000, synchronized since second 100. */
export function report(more: Partial<TimeReport> = {}): TimeReport {
  return {
    status: { state: 'synchronized', basis: null, reason: 'three agree', sinceMs: 100_000 },
    now: { epochMs: TRUTH_MS, uncertaintyMs: 20 },
    nowMs: 1_000_000,
    systemClockMs: TRUTH_MS,
    bounds: { hardFloorMs: HARD_FLOOR_MS, stampMs: null, chainFloorMs: null, ceilingMs: CEILING_MS },
    verdict: 'three agree',
    interval: null,
    lastRoundAtMs: 940_000,
    nextRoundAtMs: 1_004_000,
    sources: [],
    unresolved: [],
    opinions: [],
    witnesses: [],
    stamp: { epochMs: null, problem: null, problemAtMs: null },
    incidents: [],
    outweighsWitnesses: false,
    ...more,
  };
}

export function sourceNamed(peer: string): TimeSource {
  return {
    ...{ url: `ntp://${peer}`, peer, vote: peer, leastPauseMs: 0 },
    ...{ isAuthenticated: false, isPreferred: false, isTrusted: false, isNear: false },
    sample: () => Promise.reject(new Error('it is not asked here')),
  };
}
