// What the process takes of its machine, and a start that does not move with each correction of the clock.

import { expect, it } from 'vitest';
import { ProcessWatch } from '../../../src/observe/process-figures.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

it('is what this process takes', () => {
  const { cpuMs, residentOctets, openFiles } = new ProcessWatch(new SimulatedClock()).figures();
  expect(cpuMs).toBeGreaterThan(10);
  expect(cpuMs).toBeLessThan(3_600_000);
  expect(residentOctets).toBeGreaterThan(10 * 2 ** 20);
  if (process.platform === 'linux') expect(openFiles).toBeGreaterThan(2);
  else expect(openFiles).toBeNull();
});

it('has a start while a date can be believed, and the same one while the clock is put right by little', () => {
  const clock = new SimulatedClock({ state: 'untrusted' });
  const watch = new ProcessWatch(clock);
  const startedAt = clock.now().epochMs;
  clock.advance(5000);
  expect(watch.figures().startedAtEpochMs).toBeNull();
  clock.setState('synchronized');
  expect(watch.figures().startedAtEpochMs).toBe(startedAt);
  clock.setSystemClock(clock.now().epochMs + 400);
  expect(watch.figures().startedAtEpochMs).toBe(startedAt);
  clock.setSystemClock(clock.now().epochMs + 86_400_000);
  expect(watch.figures().startedAtEpochMs).toBe(startedAt + 400 + 86_400_000);
});
