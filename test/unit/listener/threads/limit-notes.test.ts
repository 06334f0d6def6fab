// Limits that a thread has seen reached: told at once, and then as a number a second.

import { expect, it } from 'vitest';
import { LimitNotes } from '../../../../src/listener/threads/limit-notes.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

function scene() {
  const clock = new SimulatedClock();
  const told: unknown[] = [];
  const notes = new LimitNotes(clock, (limit, times, facts) => told.push([limit, times, facts]));
  return { clock, told, notes };
}

it('tells the first at once, and those of each second after it together, with the last of them', () => {
  const { clock, told, notes } = scene();
  for (const client of ['a', 'b', 'c']) notes.reached('one', { client });
  expect(told).toEqual([['one', 1, { client: 'a' }]]);
  notes.reached('other', {});
  clock.advance(1000);
  expect(told.slice(1)).toEqual([
    ['one', 2, { client: 'c' }],
    ['other', 1, {}],
  ]);
});

it('is at rest after a second without any, and leaves nothing untold when it is closed', () => {
  const { clock, told, notes } = scene();
  notes.reached('one', {});
  clock.advance(1000);
  expect(clock.pendingTimers).toBe(0);
  notes.reached('one', {});
  notes.reached('one', {});
  notes.close();
  expect(told).toHaveLength(3);
  expect(clock.pendingTimers).toBe(0);
});
