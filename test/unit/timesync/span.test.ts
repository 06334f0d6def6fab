// Lengths and days as a person would say them, whatever numbers come.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { day, formatSpan } from '../../../src/timesync/span.ts';

describe('a length of time', () => {
  it.each([
    [0, '0 ms'],
    [0.012, '12 µs'],
    [0.9996, '1 ms'],
    [2.128, '2.13 ms'],
    [999.4, '999 ms'],
    [999.6, '1 s'],
    [1500, '1.5 s'],
    [59_940, '59.9 s'],
    [59_990, '1 min'],
    [125_000, '2 min 5 s'],
    [3_599_600, '1 h'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
    [225_163_000, '2 d 15 h'],
    [31_556_952_000, '1.0 years'],
    [1_793_691_584_000, '56.8 years'],
    [31_556_952_000 * 120, '120 years'],
    [-2.5, '2.5 ms'],
  ])('of %d ms is %s', (ms, text) => expect(formatSpan(ms)).toBe(text));

  it('never has sixty of a smaller unit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 1000, 60_000, 3_600_000, 86_400_000),
        fc.double({ min: 0, max: 0.02, noNaN: true }),
        (unit, less) => {
          expect(formatSpan(unit * (1 - less))).not.toMatch(/\b(60 s|60 min|24 h|1000 ms|1000 µs)\b/);
        },
      ),
    );
  });

  it('is words where it is no number', () => {
    expect([formatSpan(Number.POSITIVE_INFINITY), formatSpan(Number.NaN)]).toEqual([
      'nobody knows how long',
      'nobody knows how long',
    ]);
  });
});

describe('a day', () => {
  it('is that of an instant, in any year that has one', () => {
    expect(day(0)).toBe('1970-01-01');
    expect(day(Date.UTC(2046, 10, 22, 23, 59))).toBe('2046-11-22');
    expect(day(Date.UTC(12_026, 0, 2))).toBe('+012026-01-02');
  });

  it('where no calendar holds it is none', () => {
    expect([day(Number.NaN), day(1e20)]).toEqual(['no date at all', 'no date at all']);
  });
});
