// The clock of a command that lives for a moment: the system clock, judged once by floor and ceiling. It asks no time
// source; the server does that, and `noonmark time` asks the server.

import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import { TrueClock } from '../clock/true-clock.ts';
import { systemClockObjection } from '../timesync/candidates.ts';

export function commandClock(): TrueClock {
  const clock = new TrueClock();
  const epochMs = clock.machine.systemClock();
  const bounds = { hardFloorMs: HARD_FLOOR_MS, stampMs: null, chainFloorMs: null, ceilingMs: CEILING_MS };
  const objection = systemClockObjection(epochMs, bounds);
  const base = { epochMs, uncertaintyMs: Number.POSITIVE_INFINITY, atMs: clock.monotonic() };
  if (objection !== null) clock.set({ state: 'untrusted', basis: null, reason: objection, base });
  else
    clock.set({ state: 'provisional', basis: 'system-clock', reason: 'the system clock is plausible', base });
  return clock;
}
