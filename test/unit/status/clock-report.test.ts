// From what the keeper knows to what is shown: offsets against our own time, dates as texts, and a row for everybody.

import { describe, expect, it } from 'vitest';
import { clockReport, rfc3339 } from '../../../src/status/clock-report.ts';
import type { TimeReport } from '../../../src/timesync/time-report.ts';
import { report, sourceNamed, TRUTH_MS } from './time-reports.ts';

const DAY_MS = 86_400_000;
const at = (offMs: number) => new Date(TRUTH_MS + offMs).toISOString();
const sample = { utcMs: TRUTH_MS - 60_000 + 7, atMs: 940_000, boundMs: 12, delayMs: 3, isProvenAt: null };

describe('the clock', () => {
  it('says since when it is in its state, and what the system clock is off by', () => {
    const shown = clockReport(report({ systemClockMs: TRUTH_MS - 2 * DAY_MS }));
    expect(shown).toMatchObject({
      state: 'synchronized',
      now: at(0),
      since: at(-900_000),
      sinceMs: 900_000,
      uncertaintyMs: 20,
      systemClock: at(-2 * DAY_MS),
      systemClockOffsetMs: -2 * DAY_MS,
    });
  });

  it('while untrusted has no date and no offset, but lengths of time', () => {
    const status = { state: 'untrusted', basis: null, reason: 'it is 1970', sinceMs: 0 } as const;
    const shown = clockReport(report({ now: null, status }));
    expect(shown).toMatchObject({ now: null, since: null, sinceMs: 1_000_000, uncertaintyMs: null });
    expect(shown).toMatchObject({ systemClockOffsetMs: null, interval: null });
  });

  it('has no number for an uncertainty without end, and none for a date that no calendar holds', () => {
    const now = { epochMs: TRUTH_MS, uncertaintyMs: Number.POSITIVE_INFINITY };
    const shown = clockReport(report({ now, systemClockMs: 9e15 }));
    expect(shown).toMatchObject({ uncertaintyMs: null, systemClock: null });
    expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
    expect([rfc3339(Number.NaN), rfc3339(0)]).toEqual([null, '1970-01-01T00:00:00.000Z']);
  });

  it.each<[string, Partial<TimeReport['bounds']>, number]>([
    ['the date of this release', {}, -100 * DAY_MS],
    ['the stamp of the last agreement', { stampMs: TRUTH_MS - 9 }, -9],
    [
      'the beginning of a public certificate that was seen',
      { stampMs: TRUTH_MS - 9, chainFloorMs: TRUTH_MS - 8 },
      -8,
    ],
  ])('has its floor at %s', (floorReason, more, offMs) => {
    const { bounds } = report();
    expect(clockReport(report({ bounds: { ...bounds, ...more } }))).toMatchObject({
      floor: at(offMs),
      floorReason,
    });
  });

  it('shows the agreed interval against our own time, and the rounds before and after', () => {
    const interval = { lowMs: TRUTH_MS - 4, highMs: TRUTH_MS + 6 };
    expect(clockReport(report({ interval }))).toMatchObject({
      interval: { fromMs: -4, toMs: 6 },
      lastRound: 'three agree',
      lastRoundAgoMs: 60_000,
      nextRoundInMs: 4000,
    });
    expect(clockReport(report({ lastRoundAtMs: null, nextRoundAtMs: 0 }))).toMatchObject({
      lastRound: null,
      lastRoundAgoMs: null,
      nextRoundInMs: 0,
    });
  });
});

describe('a source', () => {
  const source = sourceNamed('192.0.2.1:123');
  const row = (more: Partial<TimeReport>) => clockReport(report(more)).sources[0];

  it('that was kept has its sample carried on to now, against our own time', () => {
    const asked = { source, sample, lastSample: sample, failure: null };
    const opinions = [{ source, isKept: true, reason: 'agrees' }];
    expect(row({ sources: [asked], opinions })).toEqual({
      ...{ url: 'ntp://192.0.2.1:123', peer: '192.0.2.1:123', operator: '192.0.2.1:123' },
      ...{ authenticated: false, preferred: false, trusted: false },
      ...{ offsetMs: 7, boundMs: 12, delayMs: 3, kept: true, reason: 'agrees' },
      ...{ lastAt: at(-60_000), lastAgoMs: 60_000 },
    });
  });

  it('that is silent now shows its last sample and why it is silent, and is not kept', () => {
    const asked = { source, sample: null, lastSample: sample, failure: 'no answer within 1.5 s' };
    const opinions = [{ source, isKept: true, reason: 'agrees' }];
    expect(row({ sources: [asked], opinions })).toMatchObject({
      offsetMs: 7,
      kept: false,
      reason: 'no answer within 1.5 s',
    });
  });

  it('that was never asked says so', () => {
    const asked = { source, sample: null, lastSample: null, failure: null };
    expect(row({ sources: [asked] })).toMatchObject({
      ...{ offsetMs: null, boundMs: null, delayMs: null, kept: false, reason: 'not asked yet' },
      ...{ lastAt: null, lastAgoMs: null },
    });
  });

  it('is held against the system clock while our own time is unknown', () => {
    const asked = { source, sample, lastSample: sample, failure: null };
    expect(row({ sources: [asked], now: null, systemClockMs: TRUTH_MS - 1000 })).toMatchObject({
      offsetMs: 1007,
      lastAt: null,
      lastAgoMs: 60_000,
    });
  });

  it('whose name leads nowhere has a row as well', () => {
    const unresolved = [{ url: 'ntp://nowhere.example', reason: 'it has no address' }];
    expect(row({ unresolved })).toMatchObject({
      ...{ url: 'ntp://nowhere.example', peer: 'ntp://nowhere.example', kept: false },
      reason: 'not asked: it has no address',
    });
  });
});

describe('a witness', () => {
  const witness = {
    ...{
      who: 'dns.example',
      notBeforeMs: TRUTH_MS - DAY_MS,
      notAfterMs: TRUTH_MS + DAY_MS,
      heardAtMs: 999_000,
    },
    isValidAt: (epochMs: number) => Math.abs(epochMs - TRUTH_MS) < DAY_MS,
  };

  it.each([
    ['agrees', TRUTH_MS, true],
    ['does not agree', TRUTH_MS + 2 * DAY_MS, false],
  ])('%s with our own time', (_, epochMs, agrees) => {
    const shown = clockReport(report({ witnesses: [witness], now: { epochMs, uncertaintyMs: 1 } }));
    expect(shown.witnesses).toEqual([
      { who: 'dns.example', notBefore: at(-DAY_MS), notAfter: at(DAY_MS), agrees, lastAgoMs: 1000 },
    ]);
  });

  it('says nothing yet where there is no time', () => {
    expect(clockReport(report({ witnesses: [witness], now: null })).witnesses[0]).toMatchObject({
      agrees: null,
    });
  });
});

it('the stamp and what has happened are told with dates and lengths of time', () => {
  const stamp = { epochMs: TRUTH_MS - 5, problem: 'the disk is full', problemAtMs: 999_000 };
  const incidents = [{ kind: 'stamp', atMs: 400_000, what: 'something happened' } as const];
  expect(clockReport(report({ stamp, incidents }))).toMatchObject({
    stamp: { at: at(-5), problem: 'the disk is full', problemForMs: 1000 },
    incidents: [{ agoMs: 600_000, what: 'something happened' }],
  });
});
