// A jump of the date is seen through every state that lies between the wrong date and the right one.

import { describe, expect, it } from 'vitest';
import { BelievedDate } from '../../../src/app/believed-date.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const HOUR_MS = 3_600_000;

describe('the believed date', () => {
  it('has not jumped while it goes on, however long', () => {
    const clock = new SimulatedClock();
    const date = new BelievedDate(clock);
    clock.advance(1000 * HOUR_MS);
    clock.setState('synchronized');
    expect(date.hasJumped()).toBe(false);
  });

  it.each([-HOUR_MS, HOUR_MS, 61_000])('has jumped by %i ms, once', (jumpMs) => {
    const clock = new SimulatedClock();
    const date = new BelievedDate(clock);
    clock.advance(HOUR_MS);
    clock.setSystemClock(clock.now().epochMs + jumpMs);
    expect([date.hasJumped(), date.hasJumped()]).toEqual([true, false]);
  });

  it('has not jumped by the few seconds by which a clock is set', () => {
    const clock = new SimulatedClock();
    const date = new BelievedDate(clock);
    clock.setSystemClock(clock.now().epochMs - 59_000);
    expect(date.hasJumped()).toBe(false);
  });

  it('has jumped also when there was none between the wrong one and the right one', () => {
    const clock = new SimulatedClock();
    const date = new BelievedDate(clock);
    clock.setState('untrusted');
    expect(date.hasJumped()).toBe(false);
    clock.setSystemClock(clock.now().epochMs + 30 * 24 * HOUR_MS);
    clock.setState('synchronized');
    expect(date.hasJumped()).toBe(true);
  });

  it('has not jumped where none was believed before', () => {
    const clock = new SimulatedClock({ state: 'untrusted', epochMs: 0 });
    const date = new BelievedDate(clock);
    clock.setSystemClock(new SimulatedClock().now().epochMs);
    clock.setState('synchronized');
    expect(date.hasJumped()).toBe(false);
  });
});
