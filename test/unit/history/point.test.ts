// How the points of ten minutes become one.

import { describe, expect, it } from 'vitest';
import {
  joined,
  POINT_COLUMNS,
  POINT_FIELDS,
  type PointValues,
  valuesBy,
} from '../../../src/history/point.ts';

const nothing: PointValues = valuesBy(() => null);

it('nothing known is nothing', () => {
  expect(joined([])).toEqual(nothing);
  expect(joined([nothing, nothing])).toEqual(nothing);
});

it('one is itself', () => {
  const one = valuesBy((_, at) => at + 0.5);
  expect(joined([one])).toEqual(one);
});

describe('several', () => {
  const join = (...points: Partial<PointValues>[]) => joined(points.map((one) => ({ ...nothing, ...one })));

  it('are a mean of what is known', () => {
    expect(join({ perSecond: 1, upstreamRttMs: 10 }, { perSecond: 3 }, {})).toMatchObject({
      ...{ perSecond: 2, upstreamRttMs: 10 },
    });
  });

  it('weigh shares and medians by how many queries there were', () => {
    const busy = { perSecond: 9, hitShare: 1, p50Ms: 2 };
    expect(join(busy, { perSecond: 1, hitShare: 0, p50Ms: 12 })).toMatchObject({ hitShare: 0.9, p50Ms: 3 });
    expect(join({ perSecond: 0, hitShare: 0.5 }, { perSecond: 0, hitShare: 1 }).hitShare).toBe(0.75);
  });

  it('keep the worst of what is looked at for its peaks', () => {
    const joined = join(
      { p99Ms: 5, uncertaintyMs: 1, rssOctets: 7, systemClockOffsetMs: 3 },
      { p99Ms: 900, uncertaintyMs: 4, rssOctets: 6, systemClockOffsetMs: -40 },
    );
    expect(joined).toMatchObject({ p99Ms: 900, uncertaintyMs: 4, rssOctets: 7, systemClockOffsetMs: -40 });
  });
});

it('every field has a column of its own', () => {
  expect(new Set(POINT_COLUMNS).size).toBe(POINT_FIELDS.length);
});
