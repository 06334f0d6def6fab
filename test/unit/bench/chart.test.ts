// The picture of the ratios: what is drawn where, and that it is well formed whatever stands in titles.

import { describe, expect, it } from 'vitest';
import { drawChart } from '../../../bench/chart.ts';
import { DOT, FINDINGS, figure, UDP } from './findings.ts';

const xOf = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map((match) => Number(match[1]));
const OURS = /<circle class="ours" cx="([\d.]+)" cy="(?!80")/g;
const MEASURE = /<line class="one" x1="([\d.]+)"/g;
const TARGET = /<line class="target" x1="([\d.]+)"/g;

describe('the chart', () => {
  it('puts less than unbound to its left and more to its right', () => {
    const svg = drawChart(FINDINGS);
    const [udp, dot] = xOf(svg, OURS);
    const [one] = xOf(svg, MEASURE);
    expect(udp).toBeLessThan(one!);
    expect(dot).toBeGreaterThan(one!);
    const [udpTarget, dotTarget] = xOf(svg, TARGET);
    expect(udp).toBeLessThan(udpTarget!);
    expect(dot).toBeGreaterThan(dotTarget!);
  });

  it('has half and double equally far from one', () => {
    const rows = [
      { ...UDP, peers: { noonmark: figure(0.5) } },
      { ...UDP, peers: { noonmark: figure(2) } },
    ];
    const svg = drawChart({ ...FINDINGS, rows });
    const [half, double] = xOf(svg, OURS);
    const [one] = xOf(svg, MEASURE);
    expect(one! - half!).toBeCloseTo(double! - one!, 0);
  });

  it('keeps everything inside, from a hundredth to a hundredfold', () => {
    const rows = [0.01, 100].map((ratio) => ({ ...UDP, peers: { noonmark: figure(ratio) } }));
    for (const x of xOf(drawChart({ ...FINDINGS, rows }), OURS)) {
      expect(x).toBeGreaterThan(300);
      expect(x).toBeLessThan(880);
    }
  });

  it('draws others only where they have a figure', () => {
    const marks = (svg: string) => svg.match(/<polygon class="d"/g)?.length;
    expect(marks(drawChart({ ...FINDINGS, rows: [UDP] }))).toBe(2); // the legend's, and its own
    expect(marks(drawChart({ ...FINDINGS, rows: [DOT] }))).toBe(1);
  });

  it('escapes what would not be XML, and says in words what it shows', () => {
    const svg = drawChart(FINDINGS);
    expect(svg).toContain('UDP, hits &amp; more: 0.80');
    expect(svg).toContain('Something &lt;fast&gt;');
    expect(svg).not.toMatch(/&(?!amp;|lt;|gt;)/);
  });

  it('is legible in the dark', () => {
    expect(drawChart(FINDINGS)).toContain('prefers-color-scheme: dark');
  });

  it('is nothing without a figure of ours', () => {
    expect(drawChart({ ...FINDINGS, rows: [] })).toBe('');
    expect(drawChart({ ...FINDINGS, rows: [{ ...UDP, peers: { noonmark: { why: 'x' } } }] })).toBe('');
  });
});
