// Timers that share their wake-ups: each keeps its own period, whatever the others do.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fitsTicks, SharedTicks } from '../../../src/clock/shared-ticks.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('shared ticks', () => {
  it('run each action by its own period, on one timer', () => {
    const ticks = new SharedTicks();
    const [often, seldom] = [vi.fn(), vi.fn()];
    ticks.add(250, often);
    ticks.add(1000, seldom);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(often).toHaveBeenCalledTimes(40);
    expect(seldom.mock.calls.length).toBe(9); // the first one waits for a whole period, and for the beat
    vi.advanceTimersByTime(1000);
    expect(seldom.mock.calls.length).toBe(10);
  });

  it.each([0, 100, 249])('never run one early, though it begins %i ms after a beat', (lateMs) => {
    const ticks = new SharedTicks();
    ticks.add(250, () => {});
    vi.advanceTimersByTime(250 + lateMs);
    const action = vi.fn();
    ticks.add(1000, action);
    vi.advanceTimersByTime(999);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(251);
    expect(action).toHaveBeenCalledTimes(1);
  });

  it('rest when nothing repeats', () => {
    const ticks = new SharedTicks();
    const [one, other] = [ticks.add(250, () => {}), ticks.add(500, () => {})];
    one();
    expect(vi.getTimerCount()).toBe(1);
    other();
    other();
    expect(vi.getTimerCount()).toBe(0);
    const again = vi.fn();
    ticks.add(250, again);
    vi.advanceTimersByTime(250);
    expect(again).toHaveBeenCalledTimes(1);
  });

  it('do not run what another action has cancelled in the same beat', () => {
    const ticks = new SharedTicks();
    const second = vi.fn();
    let cancel = () => {};
    ticks.add(500, () => cancel());
    cancel = ticks.add(250, second);
    vi.advanceTimersByTime(500);
    expect(second).not.toHaveBeenCalled();
  });

  it('run the others when one throws, which is then told', () => {
    const ticks = new SharedTicks();
    const other = vi.fn();
    ticks.add(250, () => {
      throw new Error('a bug');
    });
    ticks.add(250, other);
    expect(() => vi.advanceTimersByTime(250)).toThrow('a bug');
    expect(() => vi.advanceTimersByTime(250)).toThrow('a bug');
    expect(other).toHaveBeenCalledTimes(1);
  });

  it.each([
    [250, true],
    [2000, true],
    [200, false],
    [0, false],
  ])('fit a period of %i ms: %s', (periodMs, fits) => {
    expect(fitsTicks(periodMs)).toBe(fits);
  });
});
