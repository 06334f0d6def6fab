// What the machine itself has to say about time: its monotonic clock, its system clock, its uptime, its timers.
// Everything that the rest of the house may not touch (Date.now, performance.now, setTimeout) is touched here,
// so that a test or a rehearsal can put another machine in its place. It judges nothing.

import { uptime } from 'node:os';
import type { Timer } from './clock.ts';
import { onClockSet } from './clock-set.ts';
import { fitsTicks, SharedTicks } from './shared-ticks.ts';

export interface Machine {
  /** Milliseconds on a clock that never jumps and stands still while the machine is suspended. */
  monotonic(): number;
  /** Milliseconds since 1970 by the system clock, right or wrong. */
  systemClock(): number;
  /** Milliseconds since boot, suspends included; its steps are coarse (10 ms to 1 s). */
  uptime(): number;
  after(delayMs: number, action: () => void): Timer;
  every(periodMs: number, action: () => void): Timer;
  /**
   * Calls `listener` at once when the system clock was set or the machine has slept, if it is one that tells; returns how to
   * stop that, null or absent where it is none.
   */
  onClockSet?(listener: () => void): (() => void) | null;
}

/** Node's timers hold 31 bits and fire at once beyond; nothing here waits for 24 days, so the cap is only a guard. */
const MAX_DELAY_MS = 2 ** 31 - 1;

const ticks = new SharedTicks();
/** Read once: the global of this name is a getter of Node's, which each query would go through. */
const clockOfNode = performance;

export const thisMachine: Machine = {
  monotonic: () => clockOfNode.now(),
  systemClock: () => Date.now(),
  uptime: () => uptime() * 1000,
  after(delayMs, action) {
    const handle = setTimeout(action, Math.min(delayMs, MAX_DELAY_MS));
    return { cancel: () => clearTimeout(handle) };
  },
  every(periodMs, action) {
    if (fitsTicks(periodMs)) return { cancel: ticks.add(periodMs, action) };
    const handle = setInterval(action, Math.min(periodMs, MAX_DELAY_MS));
    return { cancel: () => clearInterval(handle) };
  },
  onClockSet,
};
