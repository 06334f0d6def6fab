// Whoever sets the system clock is noticed. Nobody here may set it: the kernel's timer is made to say so by other means.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { onClockSet } from '../../../src/clock/clock-set.ts';
import { eventually } from '../../support/eventually.ts';

const YEAR_SECONDS = 365 * 86_400;
/** TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET. */
const FOR_STEPS = /^settime flags: 03$/m;
const isLinux = process.platform === 'linux';

/** Descriptors of this process that are timers. */
function timers(): number[] {
  return readdirSync('/proc/self/fd').map(Number).filter(isTimer);
}

function isTimer(descriptor: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`) === 'anon_inode:[timerfd]';
  } catch {
    return false; // the one that read the list
  }
}

function factsOf(descriptor: number): string {
  return readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1');
}

/** As a cancelled one it can be read from then on. */
function elapse(descriptor: number): void {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const settime = koffi.load(null).func('int timerfd_settime(int, int, const void *, void *)');
  expect(settime(descriptor, 0, new BigInt64Array([0n, 0n, 0n, 1n]), null)).toBe(0);
}

it.runIf(isLinux)('is told each time, once, and no more when nobody wants to hear it', async () => {
  const before = timers();
  let told = 0;
  const stop = onClockSet(() => (told += 1))!;
  const [descriptor] = timers().filter((one) => !before.includes(one));
  for (const times of [1, 2]) {
    elapse(descriptor!);
    await eventually(() => told === times);
    expect(factsOf(descriptor!)).toMatch(FOR_STEPS); // it waits for the next one
  }
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(told).toBe(2);
  stop();
  expect(timers()).toEqual(before);
});

it.runIf(isLinux)('waits for the clock to be set, and for nothing else', () => {
  const before = timers();
  const stop = onClockSet(() => {})!;
  const [descriptor] = timers().filter((one) => !before.includes(one));
  const info = factsOf(descriptor!);
  expect(info).toMatch(/^clockid: 0$/m); // CLOCK_REALTIME
  expect(info).toMatch(FOR_STEPS);
  expect(info).toMatch(/^it_interval: \(0, 0\)$/m);
  expect(Number(/^it_value: \((\d+), /m.exec(info)![1])).toBeGreaterThan(YEAR_SECONDS);
  stop();
});
