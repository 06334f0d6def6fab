// The series behind the charts: which minute a point belongs to, while the time is known and while it is not.

import { beforeEach, describe, expect, it } from 'vitest';
import { LifeTime } from '../../../src/history/life-time.ts';
import { valuesBy } from '../../../src/history/point.ts';
import { Series } from '../../../src/history/series.ts';
import { MemoryHistory, SPANS } from '../../../src/history/store.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../../support/simulated-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A moment after a full hour: a minute has just ended. */
const TRUTH_MS = Date.parse('2026-12-24T18:00:00Z') + 200;

const of = (perSecond: number) => valuesBy((field) => (field === 'perSecond' ? perSecond : null));

let store: MemoryHistory;
beforeEach(() => {
  store = new MemoryHistory();
});

function begin(options: SimulatedClockOptions) {
  const clock = new SimulatedClock({ epochMs: TRUTH_MS, state: 'synchronized', ...options });
  const series = new Series(store, new LifeTime(clock, null));
  const minutes = (...values: readonly number[]) => {
    for (const value of values) {
      clock.advance(MINUTE_MS);
      series.add(of(value));
    }
  };
  const shown = (span: 'day' | 'week' = 'day') =>
    series
      .view(span)
      .points.map(({ atMs, values }) => `${new Date(atMs).toISOString().slice(11, 16)} ${values.perSecond}`);
  return { clock, series, minutes, shown };
}

it('a point is of the minute that has just ended', () => {
  const { minutes, shown, series } = begin({});
  minutes(1, 2, 3);
  expect(shown()).toEqual(['18:00 1', '18:01 2', '18:02 3']);
  expect(series.view('day')).toMatchObject({
    ...{ of: 'day', stepMs: MINUTE_MS },
    ...{ fromMs: TRUTH_MS - 200 - 24 * HOUR_MS + 4 * MINUTE_MS, toMs: TRUTH_MS - 200 + 4 * MINUTE_MS },
  });
});

it('ten minutes are one in the week, as far as they have come', () => {
  const { minutes, shown } = begin({});
  minutes(1, 1, 1, 1, 1, 1, 1, 1, 1, 11, 5);
  expect(shown('week')).toEqual(['18:00 2', '18:10 5']);
});

it('a day and a week, and what is older goes', () => {
  const { minutes, series } = begin({});
  for (let hour = 0; hour < 24 * 8; hour += 1) minutes(...Array(60).fill(hour));
  const day = series.view('day').points;
  const week = series.view('week').points;
  // The step that runs has no point yet.
  expect([day.length, week.length]).toEqual([SPANS.minutes.points - 1, SPANS.tens.points - 1]);
  expect(week[0]?.values.perSecond).toBe(24);
});

describe('while the time is not known', () => {
  it('points wait, are not shown, and come where they belong', () => {
    const { clock, minutes, shown, series } = begin({ epochMs: 0, state: 'untrusted' });
    minutes(1, 2);
    expect(series.view('day')).toEqual({
      of: 'day',
      stepMs: MINUTE_MS,
      fromMs: null,
      toMs: null,
      points: [],
    });
    clock.setSystemClock(TRUTH_MS + 2 * MINUTE_MS);
    clock.setState('synchronized');
    minutes(3);
    expect(shown()).toEqual(['18:00 1', '18:01 2', '18:02 3']);
  });

  it('what is known of before is still shown', () => {
    begin({}).minutes(7);
    const { series, shown } = begin({ epochMs: 0, state: 'untrusted' });
    expect(shown()).toEqual(['18:00 7']);
    expect(series.view('day').toMs).toBe(TRUTH_MS - 200 + MINUTE_MS);
  });

  it('no more than a day waits, and the earliest goes', () => {
    const { clock, minutes, series } = begin({ epochMs: 0, state: 'untrusted' });
    minutes(...Array.from({ length: SPANS.minutes.points + 5 }, (_, at) => at));
    expect(series.waiting).toBe(SPANS.minutes.points);
    clock.setSystemClock(TRUTH_MS);
    clock.setState('synchronized');
    minutes(-1);
    expect(series.waiting).toBe(0);
    const { points } = series.view('day');
    expect(points.at(-1)?.values.perSecond).toBe(-1);
    expect(points).toHaveLength(SPANS.minutes.points - 1);
    expect(store.points('minutes', 0, 1e12)).toHaveLength(SPANS.minutes.points);
  });
});

describe('while the time is provisional', () => {
  it('points are shown where they would be, and go where they belong when it is sure', () => {
    const { clock, minutes, shown } = begin({ epochMs: TRUTH_MS - 4 * HOUR_MS, state: 'provisional' });
    minutes(1, 2);
    expect(shown()).toEqual(['14:00 1', '14:01 2']);
    expect(shown('week')).toEqual(['14:00 1.5']);
    expect(store.lastKey('minutes')).toBeNull();
    clock.setSystemClock(TRUTH_MS + 2 * MINUTE_MS);
    clock.setState('synchronized');
    minutes(3);
    expect(shown()).toEqual(['18:00 1', '18:01 2', '18:02 3']);
    expect(shown('week')).toEqual(['18:00 2']);
  });

  it('an hour waits; before that the date that there is has to do', () => {
    const { minutes } = begin({ state: 'provisional' });
    minutes(...Array(70).fill(1));
    expect(store.points('minutes', 0, 1e12)).toHaveLength(10);
  });
});

it('is the same object for as long as nothing is new in it', () => {
  const { clock, minutes, series } = begin({});
  minutes(1, 2);
  const before = series.view('day');
  clock.advance(30_000);
  expect(series.view('day')).toBe(before);
  clock.advance(30_000);
  const moved = series.view('day');
  expect(moved).not.toBe(before);
  series.add(of(3));
  expect(series.view('day')).not.toBe(moved);
});
