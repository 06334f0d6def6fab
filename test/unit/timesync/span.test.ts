// Lengths and days as a person would say them, whatever numbers come.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { day, describeSpan } from '../../../src/timesync/span.ts';

const ROWS: readonly [ms: number, words: string][] = [
  [0, '0 ms'],
  [12.4, '12 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [1540, '1.5 s'],
  [90_000, '90 s'],
  [120_000, '2 min'],
  [5_400_000, '90 min'],
  [7_200_000, '2 h'],
  [86_400_000, '24 h'],
  [172_800_000, '2 days'],
  [400 * 86_400_000, '400 days'],
  [56 * 31_557_600_000, '56 years'],
];

describe('a length of time', () => {
  it.each(ROWS)('of %d ms is %s', (ms, words) => {
    expect(describeSpan(ms)).toBe(words);
  });

  it('is a number and a unit for any finite number, and words for the others', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noDefaultInfinity: true, noNaN: true }), (ms) => {
        expect(describeSpan(ms)).toMatch(/^[\d.e+]+ (ms|s|min|h|days|years)$/);
      }),
    );
    expect(describeSpan(Number.POSITIVE_INFINITY)).toBe('nobody knows how long');
    expect(describeSpan(Number.NaN)).toBe('nobody knows how long');
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
