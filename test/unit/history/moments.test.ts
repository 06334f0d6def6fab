// The moments of the history in words.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  noticed,
  type OwnTime,
  renewed,
  started,
  successesOf,
  timeChanged,
} from '../../../src/history/moments.ts';
import type { LifeRecord } from '../../../src/history/store.ts';
import { issued } from '../../support/statuses.ts';

const HOUR_MS = 3_600_000;
const BEGAN_MS = Date.parse('2026-11-03T08:12:45Z');
const before: LifeRecord = {
  ...{ number: 4, version: '0.4.0', isOver: true },
  seen: { life: 4, ms: 5000, dateMs: BEGAN_MS, isSure: true },
};

describe('that the server started', () => {
  it.each<[string, LifeRecord | null, number, { what: RegExp; evidence: RegExp; doThis?: RegExp }]>([
    ['for the first time', null, 5, { what: /^the server started \(0\.5\.0\)$/, evidence: /no run before/ }],
    [
      'after it was stopped, in another version',
      before,
      5,
      {
        what: /started \(0\.5\.0\), and was 0\.4\.0 before$/,
        evidence: /was stopped on 2026-11-03 08:12:45 UTC$/,
      },
    ],
    [
      'after it was stopped',
      { ...before, version: '0.5.0' },
      5,
      { what: /^the server started \(0\.5\.0\)$/, evidence: /was stopped on/ },
    ],
    [
      'after a power cut',
      { ...before, isOver: false },
      12_000,
      {
        what: /without having been stopped/,
        evidence:
          /last heard of on 2026-11-03 08:12:45 UTC; the machine itself had started 12 s before: the power/,
      },
    ],
    [
      'after a kill',
      { ...before, isOver: false },
      40 * 24 * HOUR_MS,
      {
        what: /without having been stopped/,
        evidence: /up for 40 d, so it was not the power/,
        doThis: /journalctl/,
      },
    ],
    [
      'after a life that never knew the date',
      { ...before, isOver: false, seen: { ...before.seen, dateMs: null } },
      5,
      { what: /without having been stopped/, evidence: /last heard of at a time that was not known; / },
    ],
    [
      'after a life whose dates were never sure',
      { ...before, seen: { ...before.seen, isSure: false } },
      5,
      {
        what: /^the server started/,
        evidence: /was stopped about 2026-11-03 08:12:45 UTC \(no sources had agreed on the time\)$/,
      },
    ],
  ])('%s', (_, life, machineUpMs, words) => {
    const told = started('0.5.0', life, machineUpMs);
    expect(told).toMatchObject({ kind: 'start', subject: '0.5.0' });
    expect(told.what).toMatch(words.what);
    expect(told.evidence).toMatch(words.evidence);
    expect(told.doThis ?? '').toMatch(words.doThis ?? /^$/);
  });
});

it.each([
  ['step', { kind: 'step', subject: 'system clock', evidence: /runs on without it/ }],
  ['sleep', { kind: 'sleep', subject: '', evidence: /put forward/ }],
  ['stamp', { kind: 'withdrawn', subject: 'stamp', evidence: /writes a new one/ }],
] as const)('what the keeper notices: %s', (kind, { evidence, ...more }) => {
  const told = noticed({ kind, atMs: 5, what: 'something happened' });
  expect(told).toMatchObject({ ...more, what: 'something happened' });
  expect(told.evidence).toMatch(evidence);
});

describe('a change of our own time', () => {
  const own = (state: OwnTime['status']['state'], beganAtMs: number | null): OwnTime => ({
    status: { state, basis: state === 'provisional' ? 'stamp' : null, reason: '3 sources agree' },
    beganAtMs,
  });

  it('to nothing known tells no moment: that is a trouble', () => {
    expect(timeChanged(own('untrusted', null), own('synchronized', 0), true)).toEqual([]);
  });

  it('to an agreement says that the time is known, once', () => {
    expect(timeChanged(own('synchronized', 0), null, false)).toMatchObject([
      { kind: 'time', subject: 'synchronized', evidence: '3 sources agree' },
    ]);
    expect(timeChanged(own('synchronized', 0), own('holdover', 0), true)).toEqual([]);
  });

  it.each([
    [4 * HOUR_MS, 'our own time was corrected by 4 h, forwards'],
    [-90_000, 'our own time was corrected by 1 min 30 s, backwards'],
  ])('by %d ms is a step, with what it was', (stepMs, what) => {
    const now = own('synchronized', BEGAN_MS + stepMs);
    expect(timeChanged(now, own('provisional', BEGAN_MS), true)).toEqual([
      {
        ...{ kind: 'step', subject: 'own time', what },
        evidence: 'it was provisional (stamp), and is synchronized: 3 sources agree',
      },
    ]);
  });

  it('by less than a second is none', () => {
    expect(timeChanged(own('synchronized', 999), own('provisional', 0), true)).toEqual([]);
  });
});

describe('a new certificate', () => {
  const [house] = issued.issuances;
  const success = (lastSuccess: string) => ({ ...issued, issuances: [{ ...house!, lastSuccess }] });

  it('is told once, with who issued it and its end', () => {
    const status = success('2026-11-03T08:00:00.000Z');
    expect(renewed(issued, new Map())).toEqual([]);
    expect(renewed(status, successesOf(issued))).toEqual([
      {
        ...{ kind: 'renewed', subject: 'dns.home.example' },
        what: 'a new certificate for dns.home.example, home.example was issued',
        evidence: 'by acme-v02.api.letsencrypt.org, by dns-01; it ends on 2027-01-18',
      },
    ]);
    expect(renewed(status, successesOf(status))).toEqual([]);
    expect(renewed(success('2026-12-20T08:00:00.000Z'), successesOf(status))).toHaveLength(1);
  });
});

it('what is degraded is of a kind that incidents have', () => {
  const folder = new URL('../../../src/status/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('degradation.ts'));
  const used = files.flatMap((name) =>
    Array.from(
      readFileSync(new URL(name, folder), 'utf8').matchAll(/(?:\bid:|_ID =) ['`](\w+)/g),
      ([, kind]) => kind!,
    ),
  );
  const source = readFileSync(new URL('../history/incident.ts', folder), 'utf8');
  const [kinds = ''] = source.slice(source.indexOf('export type TroubleKind')).split(';', 1);
  expect([...new Set(used)].filter((kind) => !kinds.includes(`'${kind}'`))).toEqual([]);
  expect(used.length).toBeGreaterThan(10);
});
