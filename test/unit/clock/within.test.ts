// Waiting that has an end.

import { expect, it } from 'vitest';
import { within } from '../../../src/clock/within.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

it('is over when the thing is done, and leaves no timer', async () => {
  const clock = new SimulatedClock();
  await within(1000, Promise.resolve(), clock);
  expect(clock.pendingTimers).toBe(0);
});

it('is over after its time although the thing is not done', async () => {
  const clock = new SimulatedClock();
  const waiting = within(1000, new Promise(() => {}), clock);
  clock.advance(1000);
  await waiting;
  expect(clock.pendingTimers).toBe(0);
});

it('fails as the thing fails', async () => {
  const clock = new SimulatedClock();
  await expect(within(1000, Promise.reject(new Error('no')), clock)).rejects.toThrow('no');
  expect(clock.pendingTimers).toBe(0);
});
