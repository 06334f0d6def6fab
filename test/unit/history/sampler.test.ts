// The point of each minute: when one is due, and what of the status is in it.

import { describe, expect, it } from 'vitest';
import { Sampler } from '../../../src/history/sampler.ts';
import { synchronized, untrusted } from '../../support/statuses.ts';

const MINUTE_MS = 60_000;
const DATE_MS = Date.parse('2026-11-03T08:12:45Z');
const figures = { perSecond: 4, hitShare: 0.75, blockedPerSecond: 0.1, p50Ms: 0.2, p99Ms: 40 };

describe('a point is due', () => {
  it('when a minute of our own time is over, however late the look is', () => {
    const sampler = new Sampler(0, DATE_MS);
    const dues: number[] = [];
    for (let second = 1; second < 200; second += 1) {
      const nowMs = second * 1000 + (second % 7) * 90;
      if (!sampler.isDue(nowMs, DATE_MS + nowMs)) continue;
      sampler.take({ status: synchronized, figures, rssOctets: 1 }, nowMs, DATE_MS + nowMs);
      dues.push(second);
    }
    // 08:13 is 15 s after the start: too little to tell of.
    expect(dues).toEqual([75, 135, 195]);
  });

  it('after 60 s while no date is known', () => {
    const sampler = new Sampler(0, null);
    expect(sampler.isDue(59_999, null)).toBe(false);
    expect(sampler.isDue(MINUTE_MS, null)).toBe(true);
  });

  it('although the date was corrected back and forth', () => {
    const sampler = new Sampler(0, DATE_MS);
    const sample = { status: synchronized, figures, rssOctets: 1 };
    expect(sampler.isDue(40_000, DATE_MS - 9 * MINUTE_MS)).toBe(true);
    sampler.take(sample, 40_000, DATE_MS - 9 * MINUTE_MS);
    expect(sampler.isDue(50_000, DATE_MS)).toBe(false);
    expect(sampler.isDue(130_000, DATE_MS - 9 * MINUTE_MS)).toBe(true);
  });
});

describe('a point has', () => {
  it('the figures of the queries, and what the status knows', () => {
    const sampler = new Sampler(0, DATE_MS);
    expect(sampler.take({ status: synchronized, figures, rssOctets: 77 }, MINUTE_MS, DATE_MS)).toEqual({
      ...figures,
      systemClockOffsetMs: -0.62,
      uncertaintyMs: 1.04,
      upstreamRttMs: 9.7,
      upstreamFailuresPerSecond: 3 / 60,
      rssOctets: 77,
    });
  });

  it('nothing of what is not known', () => {
    const sampler = new Sampler(0, null);
    const none = { ...figures, hitShare: null, p50Ms: null, p99Ms: null };
    const status = { ...untrusted, clock: { ...untrusted.clock, uncertaintyMs: null }, upstreams: [] };
    expect(sampler.take({ status, figures: none, rssOctets: 1 }, MINUTE_MS, null)).toMatchObject({
      ...{ hitShare: null, p50Ms: null, p99Ms: null, systemClockOffsetMs: null, uncertaintyMs: null },
      ...{ upstreamRttMs: null, upstreamFailuresPerSecond: null },
    });
  });

  it('the failures since the point before, although a reload has begun the counts anew', () => {
    const sampler = new Sampler(0, null);
    const [first, second] = synchronized.upstreams;
    const failed = (...counts: readonly number[]) => ({
      ...synchronized,
      upstreams: [first!, second!].map((one, at) => ({ ...one, failed: counts[at]! })),
    });
    const take = (status: typeof synchronized, minute: number) =>
      sampler.take({ status, figures, rssOctets: 1 }, minute * MINUTE_MS, null).upstreamFailuresPerSecond;
    take(failed(10, 0), 1);
    expect(take(failed(16, 6), 2)).toBe(12 / 60);
    expect(take(failed(3, 6), 3)).toBe(3 / 60);
  });
});
