// Overlaps against a slow and plain definition, and the one promise that the rest is built on: what the majority shares
// lies inside the stretch.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Interval, largestOverlap, majorityStretch } from '../../../src/timesync/intervals.ts';

const interval = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([lowMs, width]): Interval => ({ lowMs, highMs: lowMs + width }));
const intervals = fc.array(interval, { minLength: 1, maxLength: 8 });
const depthAt = (all: readonly Interval[], atMs: number) =>
  all.filter(({ lowMs, highMs }) => lowMs <= atMs && atMs <= highMs).length;
/** All whole points and the halves between them, which is as fine as whole ends can tell apart. */
const POINTS = Array.from({ length: 170 }, (_, index) => index / 2);

describe('the largest overlap', () => {
  it('is as deep as the deepest point, lies in each of its members, and reaches as far as they do', () => {
    fc.assert(
      fc.property(intervals, (all) => {
        const { lowMs, highMs, members } = largestOverlap(all)!;
        expect(members.length).toBe(Math.max(...POINTS.map((atMs) => depthAt(all, atMs))));
        expect(lowMs).toBe(Math.max(...members.map((one) => one.lowMs)));
        expect(highMs).toBe(Math.min(...members.map((one) => one.highMs)));
      }),
    );
  });

  it('is the same in whatever order the intervals come', () => {
    fc.assert(
      fc.property(intervals, (all) => {
        const { lowMs, highMs } = largestOverlap(all)!;
        expect(largestOverlap(all.toReversed())).toMatchObject({ lowMs, highMs });
      }),
    );
  });

  it('is the narrowest of several as deep, and of equals the earliest', () => {
    const wide = { lowMs: 0, highMs: 30 };
    const found = largestOverlap([
      { lowMs: 20, highMs: 24 },
      { lowMs: 10, highMs: 14 },
      { lowMs: 1, highMs: 9 },
      wide,
    ]);
    expect(found).toMatchObject({ lowMs: 10, highMs: 14 });
  });

  it('of no intervals is none', () => {
    expect(largestOverlap([])).toBeNull();
  });
});

describe('the stretch of the majority', () => {
  it('begins and ends with the first and the last point that more than half share', () => {
    fc.assert(
      fc.property(intervals, (all) => {
        const shared = POINTS.filter((atMs) => depthAt(all, atMs) * 2 > all.length);
        const expected = shared.length === 0 ? null : { lowMs: shared[0], highMs: shared.at(-1) };
        expect(majorityStretch(all)).toEqual(expected);
      }),
    );
  });

  it('holds the truth of two exact and one wide honest interval, where two liars make a larger overlap without it', () => {
    const honest = [
      { lowMs: 49, highMs: 51 },
      { lowMs: 0, highMs: 100 },
      { lowMs: 0, highMs: 100 },
    ];
    const liars = [
      { lowMs: 90, highMs: 91 },
      { lowMs: 90, highMs: 91 },
    ];
    expect(largestOverlap([...honest, ...liars])).toMatchObject({ lowMs: 90 });
    expect(majorityStretch([...honest, ...liars])).toEqual({ lowMs: 49, highMs: 91 });
  });

  it('counts those who are left out, where it is told of them', () => {
    expect(majorityStretch([{ lowMs: 1, highMs: 2 }], 2)).toBeNull();
    expect(majorityStretch([{ lowMs: 1, highMs: 2 }], 1)).toEqual({ lowMs: 1, highMs: 2 });
  });
});
