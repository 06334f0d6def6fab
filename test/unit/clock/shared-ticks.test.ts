// Timers that share their wake-ups: each keeps its own period, whatever the others do.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fitsTicks, SharedTicks } from '../../../src/clock/shared-ticks.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks(); // before the true timers are back: a spy on the others would stay in their place
  vi.useRealTimers();
});

describe('shared ticks', () => {
  it('run each action by its own period, on one timer', () => {
    const ticks = new SharedTicks();
    const [often, seldom] = [vi.fn(), vi.fn()];
    ticks.add(250, often);
    ticks.add(1000, seldom);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(often).toHaveBeenCalledTimes(40);
    expect(seldom.mock.calls.length).toBe(10); // the first one waits for a whole period and a tick, the second one less
    vi.advanceTimersByTime(1000);
    expect(seldom.mock.calls.length).toBe(11);
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

  it('run at the same instants from the second time on, whenever they began', () => {
    const ticks = new SharedTicks();
    const beganAtMs = performance.now();
    const ran = new Map<number, string[]>();
    const note = (what: string) => () => {
      const atMs = performance.now() - beganAtMs;
      ran.set(atMs, [...(ran.get(atMs) ?? []), what]);
    };
    ticks.add(1000, note('a second'));
    vi.advanceTimersByTime(300);
    ticks.add(2000, note('two'));
    vi.advanceTimersByTime(900);
    ticks.add(10_000, note('ten'));
    vi.advanceTimersByTime(22_800);
    expect(ran.get(2500)).toEqual(['two']);
    expect(ran.get(11_250)).toEqual(['ten']);
    for (const atMs of [2500, 11_250]) ran.delete(atMs);
    const seconds = Array.from({ length: 24 }, (_, at) => (at + 1) * 1000);
    expect([...ran.keys()]).toEqual(seconds);
    expect(ran.get(4000)).toEqual(['a second', 'two']);
    expect(ran.get(5000)).toEqual(['a second']);
    expect(ran.get(20_000)).toEqual(['a second', 'two', 'ten']);
  });

  it('sleep until one is due', () => {
    const ticks = new SharedTicks();
    const sleeps = vi.spyOn(globalThis, 'setTimeout');
    ticks.add(2000, () => {});
    ticks.add(10_000, () => {});
    vi.advanceTimersByTime(20_000);
    expect(sleeps.mock.calls.length).toBeLessThanOrEqual(5); // about the first time of the second one; else its timer serves again
  });

  it('do not make up for what a busy process has missed', () => {
    const ticks = new SharedTicks();
    const action = vi.fn();
    ticks.add(500, action);
    const laterMs = performance.now() + 60_000;
    const clock = vi.spyOn(performance, 'now').mockReturnValue(laterMs);
    vi.advanceTimersToNextTimer();
    clock.mockReturnValue(laterMs + 499);
    vi.advanceTimersToNextTimer();
    expect(action).toHaveBeenCalledTimes(2);
    clock.mockRestore();
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
