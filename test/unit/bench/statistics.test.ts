// Medians, percentiles, and the figures of the machine that go beside them.

import { describe, expect, it } from 'vitest';
import { since, treeOf, warningsOf } from '../../../bench/measure.ts';
import { rotated } from '../../../bench/rows/row.ts';
import { median, medianRatio, percentile } from '../../../bench/statistics.ts';

describe('a median', () => {
  it('is the middle one, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 9, 1, 5])).toBe(7);
    expect(median([])).toBeNaN();
  });

  it('of ratios pairs what was measured in the same round', () => {
    expect(medianRatio([2, 40, 9], [1, 10, 3])).toBe(3);
    expect(medianRatio([2, 40], [])).toBeNaN();
  });
});

it('a percentile is the nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect(percentile(hundred, 0.5)).toBe(50);
  expect(percentile(hundred, 0.99)).toBe(99);
  expect(percentile([7], 0.99)).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

it('the servers take turns at being first', () => {
  expect([0, 1, 2, 3].map((round) => rotated(['a', 'b', 'c'], round).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ]);
  expect(rotated([], 1)).toEqual([]);
});

it('a busy machine is told, a quiet one is not', () => {
  expect(warningsOf(0.2, 0.01)).toEqual([]);
  expect(warningsOf(1.25, 0)).toEqual([expect.stringContaining('1.25')]);
  expect(warningsOf(0, 0.05)).toEqual([expect.stringContaining('5.0 %')]);
});

it('what was used is the difference, and a process is in its own tree', () => {
  expect(since({ userUs: 10, systemUs: 20 }, { userUs: 15, systemUs: 40 })).toEqual({
    userUs: 5,
    systemUs: 20,
  });
  expect(treeOf(process.ppid)).toContain(process.pid);
});
