// What is written about findings: tables, reasons, the places between marks, what one core carries.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capacitySections } from '../../../bench/capacity.ts';
import type { Findings } from '../../../bench/findings.ts';
import { short, table, withSections } from '../../../bench/markdown.ts';
import { reasonsText, sectionsOf } from '../../../bench/report.ts';
import { REPOSITORY } from '../../support/noonmark.ts';
import { DOT, FINDINGS, figure, UDP } from './findings.ts';

describe('the report', () => {
  it('has a line a path, ours marked, and says where a target is missed', () => {
    const { cpu } = sectionsOf(FINDINGS);
    expect(cpu).toContain('| UDP, hits & more | ≤ 0.90 | **0.80** | 1.00 | 1.50 |');
    expect(cpu).toContain('| DoT, hits | ≤ 0.75 | **1.10** (missed) | 1.00 | – |');
  });

  it('has the figures behind the ratios', () => {
    const { absolute } = sectionsOf(FINDINGS);
    expect(absolute).toContain('| UDP, hits & more | 4.80 | 6.00 | 9.00 |');
    expect(absolute).toContain('| UDP, hits & more | 125,000 | 100,000 | 66,667 |');
    expect(absolute).toContain('| UDP, hits & more | 75 % | 75 % | 75 % |');
  });

  it('says once why there is a dash', () => {
    expect(reasonsText([DOT, { ...DOT, title: 'DoT again' }], FINDINGS)).toBe(
      'A dash, and why:\n\n- dnsmasq does not answer over DoT (DoT, hits; DoT again).',
    );
    expect(reasonsText([UDP], FINDINGS)).toBe('');
  });

  it('names machine, commit, rounds, versions and what was wrong', () => {
    const { run } = sectionsOf({ ...FINDINGS, warnings: ['the machine was busy'] });
    expect(run).toContain('2026-11-30 on 2 cores of Something <fast>; 3 rounds of 6 s');
    expect(run).toContain('dnsmasq 2.90');
    expect(run).toContain('- Beware: the machine was busy.');
  });

  it('tells queries that got no answer', () => {
    const lossy = { figure: { ...figureOfUdp(), lostShare: 0.02 } };
    const rows = [{ ...UDP, peers: { ...UDP.peers, unbound: lossy } }];
    expect(sectionsOf({ ...FINDINGS, rows }).cpu).toContain('unbound 2.00 % in “UDP, hits & more”');
    expect(sectionsOf(FINDINGS).cpu).not.toContain('without an answer');
  });

  it('leaves out what was not measured', () => {
    expect(Object.keys(sectionsOf(FINDINGS))).toEqual(['run', 'cpu', 'absolute']);
  });

  it('has a table for every other kind of row', () => {
    const sections = sectionsOf({ ...FINDINGS, rows: OTHERS });
    expect(sections.latency).toContain('| Noonmark | 45 | 903 | 7.00 | 20,000 |');
    expect(sections.memory).toContain('| Noonmark | 50 | 69 | **130** |');
    expect(sections.memory).toContain('| Noonmark | 5.00 | 9.00 | **1.80** (missed) | 230 |');
    expect(sections.memory).toContain('| Noonmark | 40 | 60 |');
    expect(sections.start).toContain('| Noonmark | **180** | 210 |');
    expect(sections.idle).toContain('| Noonmark | 0.130 % | 4.5 |');
  });
});

describe('what one core carries', () => {
  it('follows from CPU per query, and memory from a million names', () => {
    const udp = { ...UDP, peers: { noonmark: figure(0.75) } };
    const sections = capacitySections({ ...FINDINGS, rows: [udp, ...OTHERS] });
    // 0.6 s of CPU a second at 4.5 µs each; 5,000 queries a day, six times as many at the peak
    expect(sections.capacity).toContain('| UDP, hits & more | 4.50 | 130,000 | 380,000 |');
    expect(sections['memory of a million']).toBe('50 MB after the start, and 180 MB for each million names.');
  });

  it('counts connections by how often a client comes, not by its queries', () => {
    const connect = { ...UDP, id: 'dot-connect', title: 'DoT, connecting', peers: { noonmark: figure(100) } };
    // 600 µs each, so 1,000 a second; a client comes 0.037 times a second at worst
    expect(capacitySections({ ...FINDINGS, rows: [connect] }).capacity).toContain('| 1,000 | 27,000 |');
  });

  it('and memory of connections from what one takes', () => {
    expect(capacitySections({ ...FINDINGS, rows: OTHERS }).connections).toContain('| 10,000 | 404 | 600 |');
  });

  it('is not guessed', () => {
    expect(capacitySections({ ...FINDINGS, rows: [] })).toEqual({});
  });
});

describe('a page', () => {
  const page = 'before\n<!-- bench: cpu -->\nold\n<!-- end of bench: cpu -->\nafter\n';

  it('keeps every word outside the marks', () => {
    const once = withSections(page, { cpu: 'new' });
    expect(once).toBe('before\n<!-- bench: cpu -->\nnew\n<!-- end of bench: cpu -->\nafter\n');
    expect(withSections(once, { cpu: 'new' })).toBe(once);
  });

  it('of ours has a place for all that a full run finds', () => {
    const profiles = [{ id: 'udp-hit', title: 'UDP', places: [{ place: 'src/dns', share: 0.1 }] }];
    const everything = { ...FINDINGS, rows: [UDP, ...OTHERS], profiles };
    const read = (name: string) => readFileSync(join(REPOSITORY, 'docs', name), 'utf8');
    const performance = withSections(read('performance.md'), sectionsOf(everything));
    expect(performance).toContain('| src/dns | 10 % |');
    expect(withSections(read('scale.md'), capacitySections(everything))).toContain('| 10,000 | 404 | 600 |');
  });

  it('without a place for something is an error', () => {
    expect(() => withSections(page, { idle: 'new' })).toThrow(/no place for "idle"/);
  });
});

it('figures have three digits that count', () => {
  expect([0.0816, 1.2345, 12.34, 143.2, 0, Number.NaN].map(short)).toEqual([
    '0.082',
    '1.23',
    '12.3',
    '143',
    '0.00',
    '–',
  ]);
});

it('a table sets figures to the right', () => {
  expect(table(['a', 'b'], [['1', '2']])).toBe('| a | b |\n|---|---:|\n| 1 | 2 |');
});

function figureOfUdp() {
  const found = UDP.peers.unbound!;
  if (!('figure' in found)) throw new Error('unbound has a figure');
  return found.figure;
}

const OTHERS: Findings['rows'] = [
  {
    kind: 'latency',
    id: 'latency',
    title: 'Latency',
    target: 1,
    peers: { noonmark: { figure: { p50Us: 45, p99Us: 903, cpuUs: 7, answersPerSecond: 20_000 } } },
  },
  {
    kind: 'memory',
    id: 'memory',
    title: 'Memory',
    target: 150,
    names: 100_000,
    peers: {
      noonmark: { figure: { afterStartOctets: 50e6, withNamesOctets: 69e6, beyondWireOctets: 130 } },
    },
  },
  {
    kind: 'growth',
    id: 'growth',
    title: 'Growth',
    target: 1.5,
    fewNames: 10_000,
    manyNames: 1_000_000,
    peers: { noonmark: { figure: { fewCpuUs: 5, manyCpuUs: 9, ratio: 1.8, withManyOctets: 230e6 } } },
  },
  {
    kind: 'connections',
    id: 'connections',
    title: 'Connections',
    target: null,
    connections: 400,
    peers: { noonmark: { figure: { dotOctets: 40_400, dohOctets: 60_000 } } },
  },
  {
    kind: 'start',
    id: 'start',
    title: 'Start',
    target: 200,
    starts: 7,
    peers: { noonmark: { figure: { medianMs: 180, worstMs: 210 } } },
  },
  {
    kind: 'idle',
    id: 'idle',
    title: 'Idle',
    target: null,
    seconds: 600,
    peers: { noonmark: { figure: { cpuShare: 0.0013, switchesPerSecond: 4.5 } } },
  },
];
