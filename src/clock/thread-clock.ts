// The monotonic clock of this process in another of its threads. performance.now() need not begin at the same instant in each
// of them, so that what one has written down could be off for another; process.hrtime() is the same for all. It knows no dates: a thread that
// has to know one asks the main thread.

import type { Clock } from './clock.ts';
import { thisMachine } from './machine.ts';

/** Durations and timers, without dates. */
export type DurationClock = Pick<Clock, 'monotonic' | 'after'>;

/** Looks at both clocks; between the two of one look the thread may be put to sleep. */
const LOOKS = 8;

/** Of this thread: when its monotonic time was 0, in milliseconds that all threads count alike. */
export function monotonicZeroMs(): number {
  const looks = Array.from(
    { length: LOOKS },
    () => Number(process.hrtime.bigint()) / 1e6 - thisMachine.monotonic(),
  );
  return Math.max(...looks); // whatever comes between a look's two makes it too early
}

/** @param zeroMs what monotonicZeroMs says in the thread whose monotonic time is wanted here */
export function threadClock(zeroMs: number): DurationClock {
  const aheadMs = monotonicZeroMs() - zeroMs;
  return {
    monotonic: () => thisMachine.monotonic() + aheadMs,
    after: (delayMs, action) => thisMachine.after(delayMs, action),
  };
}
