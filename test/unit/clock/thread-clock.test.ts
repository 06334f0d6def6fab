// The monotonic time of one thread in another.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { thisMachine } from '../../../src/clock/machine.ts';
import { monotonicZeroMs, threadClock } from '../../../src/clock/thread-clock.ts';

const IN_A_THREAD = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.file).then(({ threadClock }) => {
    const [here, earlier] = workerData.zerosMs.map(threadClock);
    parentPort.postMessage([here.monotonic(), earlier.monotonic()]);
  });`;

it('is the same in another thread, wherever that one’s own begins', async () => {
  const file = new URL('../../../src/clock/thread-clock.ts', import.meta.url).href;
  const zeroMs = monotonicZeroMs();
  const workerData = { file, zerosMs: [zeroMs, zeroMs - 5000] };
  const before = thisMachine.monotonic();
  const worker = new Worker(IN_A_THREAD, { eval: true, workerData });
  const [[here, earlier]] = (await once(worker, 'message')) as [[number, number]];
  const after = thisMachine.monotonic();
  expect(here).toBeGreaterThanOrEqual(before - 0.1);
  expect(here).toBeLessThanOrEqual(after + 0.1);
  expect(earlier - here).toBeGreaterThanOrEqual(5000);
});

it('is this thread’s own by its own zero', () => {
  expect(Math.abs(threadClock(monotonicZeroMs()).monotonic() - thisMachine.monotonic())).toBeLessThan(1);
});
