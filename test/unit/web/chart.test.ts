// The geometry of the charts: values to paths, scales and their marks, times at the foot, bands behind.

import { describe, expect, it } from 'vitest';
import {
  areaPath,
  type ChartParts,
  chart,
  linePath,
  roundUp,
  roundUpSpan,
  type ScaleKind,
  scaleOf,
  timeTicks,
} from '../../../src/web/chart.ts';

const HOUR_MS = 3_600_000;
const FROM_MS = Date.parse('2026-11-03T08:30:00Z');
const down = (value: number) => 100 - value;

describe('values as a line', () => {
  it('stand in the middle of their steps', () => {
    expect(linePath([0, 50, 100, 25], down)).toBe('M125 100L375 50L625 0L875 75');
  });

  it('have gaps where nothing is known, and one alone is as long as its step', () => {
    expect(linePath([1, 2, null, 7, null, 3, 3, null], down)).toBe(
      'M62.5 99L187.5 98M375 93h125M687.5 97L812.5 97',
    );
    expect(linePath([null, Number.NaN, Number.POSITIVE_INFINITY], down)).toBe('');
    expect(linePath([], down)).toBe('');
  });

  it('as an area go down to zero, or to their negative', () => {
    expect(areaPath([10, 20, null, 5], down, () => down(0))).toBe('M125 90L375 80L375 100L125 100Z');
    const middle = (value: number) => 50 - value;
    expect(areaPath([10, 20], middle, (value) => middle(-value))).toBe('M250 40L750 30L750 70L250 60Z');
  });
});

describe('a scale', () => {
  it.each<[ScaleKind, (number | null)[], number[]]>([
    ['linear', [0.3, 7, null], [0, 5, 10]],
    ['linear', [0, 0], [0, 0.5, 1]],
    ['linear', [], [0, 0.5, 1]],
    ['linear', [140], [0, 100, 200]],
    ['share', [0.5], [0, 0.5, 1]],
    ['around', [-0.6, 0.2], [-1, 0, 1]],
    ['around', [-3 * HOUR_MS], [-4 * HOUR_MS, 0, 4 * HOUR_MS]],
    ['around', [57 * 365 * 24 * HOUR_MS], [-50_000, 0, 50_000].map((days) => days * 24 * HOUR_MS)],
    ['log', [0.2, 48], [0.1, 1, 10, 100]],
    ['log', [0.12, 3, 4000], [0.1, 10, 1000]],
    ['log', [], [1, 10]],
    ['log', [0, 0], [1, 10]],
  ])('%s of %j has marks at %j', (kind, values, marks) => {
    const scale = scaleOf(kind, values);
    expect(scale.marks.map((mark) => Number(mark.toPrecision(6)))).toEqual(marks);
    for (const value of values) {
      if (value === null) continue;
      expect(scale.y(value)).toBeGreaterThanOrEqual(0);
      expect(scale.y(value)).toBeLessThanOrEqual(100);
    }
  });

  it('puts what is out of it at its edge', () => {
    expect(scaleOf('share', []).y(3)).toBe(0);
    expect(scaleOf('log', [5]).y(0)).toBe(100);
    expect(scaleOf('log', [5]).y(-1)).toBe(100);
  });

  it('ends at a number that is read at a glance', () => {
    expect([0, -1, Number.NaN, 0.03, 0.5, 1, 1.01, 5, 7, 999].map(roundUp)).toEqual([
      ...[1, 1, 1, 0.05, 0.5, 1, 2, 5, 10, 1000],
    ]);
    expect([0.3, 400, 700, 3100, 40_000, 13 * HOUR_MS].map(roundUpSpan)).toEqual([
      ...[0.5, 500, 1000, 5000, 60_000, 24 * HOUR_MS],
    ]);
  });
});

describe('times at the foot, in UTC', () => {
  it('are hours of a day', () => {
    const window = { fromMs: FROM_MS, toMs: FROM_MS + 24 * HOUR_MS };
    expect(timeTicks(window).map(({ name }) => name)).toEqual(['12:00', '18:00', '00:00', '06:00']);
    expect(timeTicks(window)[0]?.share).toBeCloseTo(3.5 / 24);
  });

  it.each([
    [1, ['08:45', '09:00', '09:15']],
    [2, ['09:00', '09:30', '10:00']],
    [5, ['09:00', '10:00', '11:00', '12:00', '13:00']],
    [12, ['09:00', '12:00', '15:00', '18:00']],
    [48, ['12:00', '4 Nov', '12:00', '5 Nov']],
  ])('are near together in the first %i h', (hours, names) => {
    const window = { fromMs: FROM_MS, toMs: FROM_MS + hours * HOUR_MS };
    expect(timeTicks(window).map(({ name }) => name)).toEqual(names);
  });

  it('are days of a week, the first of all and of a month with its name', () => {
    const window = { fromMs: FROM_MS - 4 * 24 * HOUR_MS, toMs: FROM_MS + 3 * 24 * HOUR_MS };
    expect(timeTicks(window).map(({ name }) => name)).toEqual([
      ...['31 Oct', '1 Nov', '2', '3', '4', '5', '6'],
    ]);
  });

  it('are left out where the edge would cut them', () => {
    const window = { fromMs: Date.parse('2026-11-03T17:50:00Z'), toMs: Date.parse('2026-11-04T18:10:00Z') };
    expect(timeTicks(window).map(({ name }) => name)).toEqual(['00:00', '06:00', '12:00']);
  });
});

describe('a chart', () => {
  const window = { fromMs: FROM_MS, toMs: FROM_MS + 4 * HOUR_MS, stepMs: HOUR_MS };
  const parts: ChartParts = {
    ...{ window, bands: [], scale: 'linear', summary: 'All "well".' },
    say: (value) => `${value} <b>`,
    lines: [{ name: 'a&b', tone: 'sun', values: [1, null, 2, 2] }],
  };

  it('says itself, and to the crosshair what is under it', () => {
    const { text } = chart(parts);
    expect(text).toContain('role="img" aria-label="All &quot;well&quot;."');
    expect(text).toContain('data-name0="a&amp;b" data-texts0="1 &lt;b&gt;||2 &lt;b&gt;|2 &lt;b&gt;"');
    expect(text).toContain(`data-from="${FROM_MS}" data-step="${HOUR_MS}"`);
  });

  it('has the words of its scale beside it, at the height of their lines', () => {
    const words = chart(parts).text.matchAll(/<text class="y" x="([^"]*)" y="([^"]*)"/g);
    expect(Array.from(words, ([, x, y]) => [Number(x) < 0, y])).toEqual([
      [true, '120'],
      [true, '70'],
      [true, '20'],
    ]);
  });

  it('shades when something was wrong, as far as it is in the window, and to be seen', () => {
    const band = (from: number, to: number) => ({
      fromMs: FROM_MS + from * HOUR_MS,
      toMs: FROM_MS + to * HOUR_MS,
    });
    const shades = (...bands: ReturnType<typeof band>[]) =>
      Array.from(
        chart({ ...parts, bands }).text.matchAll(/class="band" x="([\d.-]+)" y="0" width="([\d.]+)"/g),
      ).map(([, x, width]) => [Number(x), Number(width)]);
    expect(shades(band(1, 2), band(-5, 0.4), band(3, 99))).toEqual([
      [250, 250],
      [0, 100],
      [750, 250],
    ]);
    expect(shades(band(-9, -8), band(5, 6))).toEqual([]);
    expect(shades(band(2, 2), band(4, 4))).toEqual([
      [500, 2],
      [998, 2],
    ]);
  });
});
