// Dates of RFC 3339: what is one, and what only looks like one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRfc3339, writeRfc3339 } from '../../../src/clock/rfc3339.ts';

describe('a date of RFC 3339', () => {
  it.each([
    ['1985-04-12T23:20:50.52Z', Date.UTC(1985, 3, 12, 23, 20, 50, 520)], // the examples of its section 5.8
    ['1996-12-19T16:39:57-08:00', Date.UTC(1996, 11, 20, 0, 39, 57)],
    ['1937-01-01T12:00:27.87+00:20', Date.UTC(1937, 0, 1, 11, 40, 27, 870)],
    ['2026-11-03t08:06:20z', Date.UTC(2026, 10, 3, 8, 6, 20)],
    ['2026-11-03T08:06:20.123456789Z', Date.UTC(2026, 10, 3, 8, 6, 20, 123)],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
  ])('%s is read', (text, epochMs) => {
    expect(parseRfc3339(text)).toBe(epochMs);
  });

  it.each([
    '',
    'now',
    '2026-11-03',
    '2026-11-03T08:06:20',
    '2026-11-03 08:06:20Z',
    '2026-11-03T08:06Z',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-03T24:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-11-03T08:06:20.Z',
    '2026-11-03T08:06:20+24:00',
    '2026-11-03T08:06:20+0100',
    ' 2026-11-03T08:06:20Z',
    '2026-11-03T08:06:20Z\n',
    '+002026-11-03T08:06:20Z',
    `2026-11-03T08:06:20.${'1'.repeat(64)}Z`,
  ])('%j is none', (text) => {
    expect(parseRfc3339(text)).toBeNull();
  });

  it('comes back as it was written, without its fraction', () => {
    const first = Date.UTC(2000, 0, 1);
    fc.assert(
      fc.property(fc.integer({ min: first, max: Date.UTC(9999, 11, 31) }), (epochMs) => {
        expect(writeRfc3339(epochMs)).not.toContain('.');
        expect(parseRfc3339(writeRfc3339(epochMs))).toBe(Math.floor(epochMs / 1000) * 1000);
      }),
    );
    expect(writeRfc3339(Number.NaN)).toBe('no date');
  });
});
