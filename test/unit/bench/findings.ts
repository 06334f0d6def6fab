// Findings of a bench that never ran, for the tests of what is written about them.

import type { Findings, LoadFigure, LoadFinding } from '../../../bench/findings.ts';

export const figure = (ratio: number): { readonly figure: LoadFigure } => ({
  figure: { cpuUs: ratio * 6, ratio, kernelShare: 0.75, answersPerSecond: 100_000 / ratio, lostShare: 0 },
});

export const UDP: LoadFinding = {
  kind: 'load',
  id: 'udp-hit',
  title: 'UDP, hits & more',
  target: 0.9,
  peers: { noonmark: figure(0.8), unbound: figure(1), dnsmasq: figure(1.5) },
};

export const DOT: LoadFinding = {
  ...UDP,
  id: 'dot-single',
  title: 'DoT, hits',
  target: 0.75,
  peers: { noonmark: figure(1.1), unbound: figure(1), dnsmasq: { why: 'dnsmasq does not answer over DoT' } },
};

export const FINDINGS: Findings = {
  machine: '2 cores of Something <fast>',
  commit: '2026-11-30',
  isQuick: false,
  rounds: 3,
  seconds: 6,
  peers: ['noonmark', 'unbound', 'dnsmasq'],
  titles: { noonmark: 'Noonmark', unbound: 'unbound', dnsmasq: 'dnsmasq' },
  versions: { noonmark: '0.1.0', unbound: '1.17.1', dnsmasq: '2.90' },
  warnings: [],
  rows: [UDP, DOT],
  profiles: [],
};
