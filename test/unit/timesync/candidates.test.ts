// The order of the candidates and the bounds of each; what they lead to is in transitions-stories.test.ts.

import { describe, expect, it } from 'vitest';
import { CEILING_MS, FLOOR_SLACK_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import {
  type CandidateInputs,
  chooseCandidate,
  systemClockObjection,
} from '../../../src/timesync/candidates.ts';
import { select } from '../../../src/timesync/selection.ts';
import { BOUNDS, heardFrom, TRUTH_MS } from '../../support/time-sources.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = 5000;

/** Each candidate says another time, so that a judge can tell them apart. */
const QUORUM_MS = TRUTH_MS + DAY_MS;
const SYSTEM_MS = TRUTH_MS + 2 * DAY_MS;
const SAMPLE_MS = TRUTH_MS + 3 * DAY_MS;
const STAMP_MS = TRUTH_MS - DAY_MS;

const EVERYTHING: CandidateInputs = {
  bounds: BOUNDS,
  nowMs: NOW_MS,
  systemClockMs: SYSTEM_MS,
  lastQuorum: { epochMs: QUORUM_MS, uncertaintyMs: 20, atMs: 0 },
  singles: select([heardFrom({ name: 'a' }, SAMPLE_MS, NOW_MS)], BOUNDS, NOW_MS).singles,
  noSample: 'nobody answers',
  stamp: { epochMs: STAMP_MS, uncertaintyMs: 0, atMs: 0 },
  judge: () => 'unjudged',
};
const except = (...refused: number[]) =>
  chooseCandidate({
    ...EVERYTHING,
    judge: (epochMs) =>
      refused.some((ms) => Math.abs(ms - epochMs) < HOUR_MS) ? 'contradicted' : 'borne-out',
  });

describe('the first candidate that is not contradicted', () => {
  it('is the last agreement, the system clock, one source, the stamp, in this order', () => {
    expect(except().basis).toBe('last-quorum');
    expect(except(QUORUM_MS).basis).toBe('system-clock');
    expect(except(QUORUM_MS, SYSTEM_MS).basis).toBe('one-source');
    expect(except(QUORUM_MS, SYSTEM_MS, SAMPLE_MS).basis).toBe('stamp');
    expect(except(QUORUM_MS, SYSTEM_MS, SAMPLE_MS, STAMP_MS)).toMatchObject({ basis: null });
  });

  it('is carried on to now from where it stood', () => {
    expect(except()).toMatchObject({
      base: { epochMs: QUORUM_MS + NOW_MS, atMs: NOW_MS, uncertaintyMs: 21.5 },
    });
    expect(except(QUORUM_MS, SYSTEM_MS, SAMPLE_MS)).toMatchObject({
      base: { epochMs: STAMP_MS + NOW_MS, atMs: NOW_MS, uncertaintyMs: Number.POSITIVE_INFINITY },
    });
  });

  it('is the next single sample where the best one is contradicted', () => {
    const heard = [
      heardFrom({ name: 'trusted', isTrusted: true }, QUORUM_MS, NOW_MS),
      heardFrom({ name: 'plain' }, SAMPLE_MS, NOW_MS),
    ];
    const chosen = chooseCandidate({
      ...EVERYTHING,
      lastQuorum: null,
      systemClockMs: 0,
      singles: select(heard, BOUNDS, NOW_MS).singles,
      judge: (epochMs) => (epochMs === QUORUM_MS ? 'contradicted' : 'unjudged'),
    });
    expect(chosen.reason).toContain('taken from plain alone');
  });

  it('is never a plain sample against an authenticated one, though that is contradicted', () => {
    const heard = [
      heardFrom({ name: 'keyed', isAuthenticated: true }, QUORUM_MS, NOW_MS),
      heardFrom({ name: 'accomplice' }, SAMPLE_MS, NOW_MS),
    ];
    const chosen = chooseCandidate({
      ...EVERYTHING,
      lastQuorum: null,
      stamp: null,
      systemClockMs: 0,
      singles: select(heard, BOUNDS, NOW_MS).singles,
      judge: (epochMs) => (epochMs === QUORUM_MS ? 'contradicted' : 'borne-out'),
    });
    expect(chosen.basis).toBeNull();
    expect(chosen.reason).toContain('accomplice says');
  });

  it('where there is none is an explanation, each reason once', () => {
    const heard = ['a', 'b'].map((name) => heardFrom({ name }, SAMPLE_MS, NOW_MS));
    const { reason, basis } = chooseCandidate({
      ...EVERYTHING,
      lastQuorum: null,
      systemClockMs: 0,
      singles: select(heard, BOUNDS, NOW_MS).singles,
      stamp: null,
      judge: () => 'contradicted',
    });
    expect(basis).toBeNull();
    expect(reason.split('; ')).toEqual([
      'the system clock says 1970-01-01, before this release was made (2026-11-22)',
      "a time source says 2027-06-13, but the upstreams' certificates are not valid then",
      'there is no stamp of an earlier time',
    ]);
  });
});

describe('the system clock', () => {
  const floors = { ...BOUNDS, stampMs: TRUTH_MS, chainFloorMs: TRUTH_MS - 30 * DAY_MS };

  it('may be a day below a floor, since a fake hardware clock restores the last hour, and no more', () => {
    expect(systemClockObjection(HARD_FLOOR_MS - FLOOR_SLACK_MS, BOUNDS)).toBeNull();
    expect(systemClockObjection(HARD_FLOOR_MS - FLOOR_SLACK_MS - 1, BOUNDS)).toContain('before this release');
    expect(systemClockObjection(TRUTH_MS - FLOOR_SLACK_MS, floors)).toBeNull();
    expect(systemClockObjection(TRUTH_MS - FLOOR_SLACK_MS - 1, floors)).toContain(
      'before the stamp (2027-06-10)',
    );
    expect(systemClockObjection(TRUTH_MS - 32 * DAY_MS, floors)).toContain('before a public certificate');
  });

  it('may be at the ceiling and not above it, and is a number', () => {
    expect(systemClockObjection(CEILING_MS, BOUNDS)).toBeNull();
    expect(systemClockObjection(CEILING_MS + 1, BOUNDS)).toContain('more than 20 years after');
    expect(systemClockObjection(Number.NaN, BOUNDS)).toContain('no date at all');
  });
});
