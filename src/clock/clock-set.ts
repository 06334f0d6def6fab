// Whoever sets the system clock is noticed at once, and without looking: a timer of the kernel's that nobody waits for is
// cancelled by any step of CLOCK_REALTIME, and by the end of a suspend (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). Linux,
// through koffi. It says that there was something, and not what: whoever hears it compares the clocks.

import { createRequire } from 'node:module';

/** Of Linux, on both architectures (linux/time.h, linux/timerfd.h, asm-generic/fcntl.h). */
const CLOCK_REALTIME = 0;
const TFD_NONBLOCK = 0o4000;
const TFD_CLOEXEC = 0o2000000;
const TFD_TIMER_ABSTIME = 1;
const TFD_TIMER_CANCEL_ON_SET = 2;
/** struct itimerspec where all is of 64 bits: two times of seconds and nanoseconds, what repeats first. */
const TIMER_WORDS = 4;
const SECONDS_WORD = 2;
/** The kernel takes it for the last instant that it knows. */
const NEVER_SECONDS = 2n ** 62n;
const ARCHITECTURES = ['x64', 'arm64'];

/**
 * Calls `listener` whenever the system clock was set; returns how to stop that, until when the process lives on.
 * Null: this system does not tell.
 */
export function onClockSet(listener: () => void): (() => void) | null {
  if (process.platform !== 'linux' || !ARCHITECTURES.includes(process.arch)) return null;
  try {
    return watch(createRequire(import.meta.url)('koffi') as typeof import('koffi'), listener);
  } catch {
    return null; // there is no koffi for it, or not these functions
  }
}

function watch(koffi: typeof import('koffi'), listener: () => void): (() => void) | null {
  const libc = koffi.load(null);
  const create = libc.func('int timerfd_create(int, int)');
  const settime = libc.func('int timerfd_settime(int, int, const void *, void *)');
  const read = libc.func('intptr_t read(int, void *, size_t)');
  const close = libc.func('int close(int)');
  const never = new BigInt64Array(TIMER_WORDS);
  never[SECONDS_WORD] = NEVER_SECONDS;
  const times = new BigInt64Array(1);
  const descriptor = create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC) as number;
  if (descriptor < 0) return null;
  const wind = () => settime(descriptor, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, never, null) as number;
  if (wind() < 0) {
    close(descriptor);
    return null;
  }
  const watching = koffi.node.poll(descriptor, () => {
    read(descriptor, times, times.byteLength); // ECANCELED: it has been set
    wind();
    setImmediate(listener); // no promise goes on behind a call of koffi's
  });
  return () => {
    watching.close();
    close(descriptor);
  };
}
