// The figures of the answer path: since the start, and of the last whole seconds on a clock that a test moves.

import { describe, expect, it } from 'vitest';
import { RCODE } from '../../../src/dns/codes.ts';
import { FigureBook } from '../../../src/observe/figure-book.ts';
import { type AnsweredBy, QueryFigures } from '../../../src/observe/query-figures.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const HOUR_MS = 3_600_000;

function scene() {
  const clock = new SimulatedClock();
  const figures = new QueryFigures(clock);
  /** `count` of them, each having taken `ms`. */
  const came = (count: number, by: AnsweredBy = 'cache', ms = 0, rcode: number | null = RCODE.NOERROR) => {
    for (let at = 0; at < count; at += 1)
      figures.count(by, rcode, by === 'filter' && rcode === RCODE.NXDOMAIN, clock.monotonic() - ms);
  };
  return { clock, figures, came };
}

describe('since the start', () => {
  it('counts who answered, each response code by its name, and what was blocked or dropped', () => {
    const { figures, came } = scene();
    came(3, 'cache');
    came(2, 'upstream', 20, RCODE.NXDOMAIN);
    came(1, 'filter', 0, RCODE.NXDOMAIN);
    came(1, 'filter', 0, RCODE.NOERROR); // a rewrite
    came(1, 'failure', 0, RCODE.SERVFAIL);
    came(1, 'guard', 0, RCODE.BADVERS);
    came(4, 'guard', 0, null);
    const { answeredBy, byRcode, blocked, dropped } = figures.totals();
    expect(answeredBy).toEqual({
      ...{ guard: 5, local: 0, filter: 2, cache: 3, stale: 0, upstream: 2, failure: 1 },
    });
    expect(byRcode).toMatchObject({ NOERROR: 4, NXDOMAIN: 3, SERVFAIL: 1, BADVERS: 1, REFUSED: 0, other: 0 });
    expect([blocked, dropped]).toEqual([1, 4]);
  });

  it('has the same codes before and after, and one place for all that have no name', () => {
    const { figures, came } = scene();
    const before = Object.keys(figures.totals().byRcode);
    for (const rcode of [11, 15, 17, 23, 4095]) came(1, 'upstream', 0, rcode);
    const { byRcode } = figures.totals();
    expect(Object.keys(byRcode)).toEqual(before);
    expect(byRcode.other).toBe(5);
  });

  it('has a histogram of all that got a response', () => {
    const { figures, came } = scene();
    came(2, 'cache', 0.05);
    came(1, 'upstream', 30);
    came(1, 'guard', 0, null);
    const { counts, boundsMs, sumMs } = figures.totals().latencies;
    expect(counts).toHaveLength(boundsMs.length + 1);
    expect(counts[0]).toBe(2);
    expect(counts[boundsMs.indexOf(40)]).toBe(1);
    expect(counts.reduce((sum, count) => sum + count)).toBe(3);
    expect(sumMs).toBeCloseTo(30.1);
  });
});

describe('at this moment', () => {
  it('knows nothing in the first second', () => {
    const { figures, came } = scene();
    came(5);
    expect(figures.live()).toEqual({
      ...{ perSecond: 0, hitShare: null, p50Ms: null, p90Ms: null, p99Ms: null, lastMinute: [] },
    });
  });

  it('has a count for each whole second there was, the earliest first', () => {
    const { clock, figures, came } = scene();
    for (const count of [1, 2, 0, 4]) {
      came(count);
      clock.advance(1000);
    }
    came(9); // the second that runs
    expect(figures.live()).toMatchObject({ lastMinute: [1, 2, 0, 4], perSecond: 7 / 4 });
  });

  it('forgets what is longer ago than a minute, and a rate what is longer ago than ten seconds', () => {
    const { clock, figures, came } = scene();
    came(100);
    clock.advance(1000);
    came(10);
    clock.advance(59_000);
    expect(figures.live().lastMinute).toEqual([100, 10, ...new Array(58).fill(0)]);
    expect(figures.live().perSecond).toBe(0);
    clock.advance(1000);
    expect(figures.live().lastMinute).toEqual([10, ...new Array(59).fill(0)]);
  });

  it('has nothing left of what was before a long silence', () => {
    const { clock, figures, came } = scene();
    came(100);
    clock.advance(HOUR_MS);
    expect(figures.live().lastMinute).toEqual(new Array(60).fill(0));
    came(3);
    clock.advance(1000);
    expect(figures.live().lastMinute).toEqual([...new Array(59).fill(0), 3]);
    expect(figures.totals().answeredBy.cache).toBe(103);
  });

  it('counts as hits what the cache had fresh, of all that it was asked for', () => {
    const { clock, figures, came } = scene();
    came(6, 'cache');
    came(1, 'stale');
    came(2, 'upstream');
    came(1, 'failure', 0, RCODE.SERVFAIL);
    for (const by of ['guard', 'local', 'filter'] as const) came(50, by);
    clock.advance(1000);
    expect(figures.live().hitShare).toBe(0.6);
    expect(figures.minute().hitShare).toBe(0.6);
  });

  it('has percentiles of the last minute, without what got no response', () => {
    const { clock, figures, came } = scene();
    came(90, 'cache', 0.02);
    came(10, 'upstream', 90);
    came(1000, 'guard', 0, null);
    clock.advance(1000);
    const { p50Ms, p90Ms, p99Ms } = figures.live();
    expect(p50Ms).toBeLessThan(0.1);
    expect(p90Ms).toBeCloseTo(0.1);
    expect(p99Ms).toBeGreaterThan(90);
    expect(p99Ms).toBeLessThanOrEqual(100);
  });
});

describe('of the last minute', () => {
  it('are rates over all of it, and over what there is of it in a young server', () => {
    const { clock, figures, came } = scene();
    came(30);
    came(30, 'filter', 0, RCODE.NXDOMAIN);
    clock.advance(30_000);
    expect(figures.minute()).toMatchObject({ perSecond: 2, blockedPerSecond: 1 });
    clock.advance(30_000);
    expect(figures.minute()).toMatchObject({ perSecond: 1, blockedPerSecond: 0.5 });
    clock.advance(1000);
    expect(figures.minute()).toEqual({
      ...{ perSecond: 0, blockedPerSecond: 0, hitShare: null, p50Ms: null, p99Ms: null },
    });
  });
});

describe('of several threads', () => {
  it('are added up, since the start and second by second, whoever was idle when', () => {
    const { clock, figures, came } = scene();
    const book = new FigureBook();
    figures.include(new FigureBook(book.memory));
    const there = (count: number) => {
      const nowMs = clock.monotonic();
      for (let at = 0; at < count; at += 1) book.count('cache', RCODE.NOERROR, false, nowMs - 0.05, nowMs);
    };
    came(1, 'upstream', 50);
    there(3);
    clock.advance(1000);
    there(2);
    clock.advance(1000);
    came(4);
    clock.advance(1000);
    expect(figures.live()).toMatchObject({ lastMinute: [4, 2, 4], perSecond: 10 / 3, hitShare: 0.9 });
    expect(figures.totals()).toMatchObject({
      answeredBy: { cache: 9, upstream: 1 },
      byRcode: { NOERROR: 10 },
    });
    clock.advance(120_000); // nobody asks, and nobody turns the thread's rows
    expect(figures.live()).toMatchObject({ perSecond: 0, hitShare: null });
    there(5);
    clock.advance(1000);
    expect(figures.live().lastMinute.at(-1)).toBe(5);
    expect(figures.minute().perSecond).toBeCloseTo(5 / 60);
  });
});
