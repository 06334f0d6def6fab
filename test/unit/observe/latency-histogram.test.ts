// Buckets and percentiles: every latency has its bucket, and a percentile lies in the bucket that its rank is in.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LATENCY_BOUNDS_MS,
  LATENCY_BUCKETS,
  latencyBucket,
  percentileMs,
} from '../../../src/observe/latency-histogram.ts';

const counted = (...ms: readonly number[]) => {
  const counts = new Array<number>(LATENCY_BUCKETS).fill(0);
  for (const one of ms) counts[latencyBucket(one)]! += 1;
  return counts;
};

describe('the bounds', () => {
  it('rise from a tenth of a millisecond to ten seconds, each less than twice the one before', () => {
    expect([LATENCY_BOUNDS_MS[0], LATENCY_BOUNDS_MS.at(-1)]).toEqual([0.1, 10_000]);
    for (const [at, bound] of LATENCY_BOUNDS_MS.slice(1).entries()) {
      expect(bound).toBeGreaterThan(LATENCY_BOUNDS_MS[at]!);
      expect(bound).toBeLessThan(LATENCY_BOUNDS_MS[at]! * 2);
    }
  });
});

describe('a bucket', () => {
  it.each([
    [0, 0],
    [0.1, 0],
    [0.100001, 1],
    [10_000, LATENCY_BUCKETS - 2],
    [10_001, LATENCY_BUCKETS - 1],
    [1e9, LATENCY_BUCKETS - 1],
  ])('of %s ms is number %s', (ms, bucket) => {
    expect(latencyBucket(ms)).toBe(bucket);
  });

  it('has its upper bound and not its lower one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 20_000, noNaN: true }), (ms) => {
        const bucket = latencyBucket(ms);
        const [above = Number.POSITIVE_INFINITY, below = -1] = [
          LATENCY_BOUNDS_MS[bucket],
          LATENCY_BOUNDS_MS[bucket - 1],
        ];
        return below < ms && ms <= above;
      }),
    );
  });
});

describe('a percentile', () => {
  it('of nothing is not known', () => {
    expect(percentileMs(counted(), 0.5)).toBeNull();
  });

  it('is interpolated within its bucket', () => {
    expect(percentileMs(counted(0.01, 0.02, 0.03, 0.04), 0.5)).toBeCloseTo(0.05);
    expect(percentileMs(counted(7, 8, 9, 10), 0.75)).toBeCloseTo(6.3 + 0.75 * 3.7);
    expect(percentileMs(counted(0.01, 150), 0.99)).toBeCloseTo(100 + 0.98 * 60);
  });

  it('lies at the end of what came before it where the rank is exactly that', () => {
    expect(percentileMs(counted(0.01, 150), 0.5)).toBeCloseTo(0.1);
  });

  it('beyond the last bound is that bound', () => {
    expect(percentileMs(counted(20_000), 0.5)).toBe(10_000);
  });

  it('lies in the bucket of the value that has its rank, and does not fall as the rank rises', () => {
    const latency = fc.double({ min: 0, max: 9999, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (all, share) => {
          const sorted = [...all].sort((a, b) => a - b);
          const wanted = sorted[Math.min(Math.ceil(share * all.length), all.length) - 1]!;
          const bucket = latencyBucket(wanted);
          const found = percentileMs(counted(...all), share)!;
          expect(found).toBeGreaterThanOrEqual(LATENCY_BOUNDS_MS[bucket - 1] ?? 0);
          expect(found).toBeLessThanOrEqual(LATENCY_BOUNDS_MS[bucket]! + 1e-9);
          expect(percentileMs(counted(...all), share / 2)).toBeLessThanOrEqual(found);
        },
      ),
    );
  });
});
