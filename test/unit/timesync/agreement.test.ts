// Who decides, who is preferred and what is said about it, where the properties of selection.test.ts leave a choice.

import { describe, expect, it } from 'vitest';
import { type Selection, select } from '../../../src/timesync/selection.ts';
import { BOUNDS, heardFrom, type Says, TRUTH_MS } from '../../support/time-sources.ts';

const DAY_MS = 86_400_000;

function selectFrom(...all: Says[]): Selection {
  return select(
    all.map((says) => heardFrom(says, TRUTH_MS, 0)),
    BOUNDS,
    0,
  );
}
const offMs = ({ epochMs }: Selection) => epochMs! - TRUTH_MS;
const reasonOf = ({ opinions }: Selection, name: string) =>
  opinions.find(({ source }) => source.peer === name)!.reason;

describe('the offset that is used inside the agreed interval', () => {
  const three: Says[] = [
    { name: 'a', offMs: 4, boundMs: 10 },
    { name: 'b', offMs: -8, boundMs: 5 },
    { name: 'c', offMs: 20, boundMs: 30 },
  ];

  it('is that of the most exact source', () => {
    expect(offMs(selectFrom(...three))).toBe(-8);
  });

  it('is that of the earliest of those as exact, in whatever order they answer', () => {
    const equals: Says[] = ['a', 'b', 'c'].map((name, at) => ({ name, offMs: 7 * at }));
    expect([offMs(selectFrom(...equals)), offMs(selectFrom(...equals.toReversed()))]).toEqual([0, 0]);
  });

  it('is that of the preferred one, where one is', () => {
    expect(offMs(selectFrom(...three.slice(0, 2), { ...three[2]!, isPreferred: true }))).toBe(20);
  });

  it('is never outside the interval, for preference does not decide who is right', () => {
    const far: Says = { name: 'far', offMs: 4900, boundMs: 4950, isPreferred: true };
    const selection = selectFrom(...three, far);
    expect(selection.isEnough).toBe(true);
    expect(selection.epochMs).toBe(selection.interval!.highMs);
    expect(Math.abs(offMs(selection))).toBeLessThan(150);
  });

  it('is not that of a preferred one who lies', () => {
    expect(offMs(selectFrom(...three, { name: 'liar', offMs: DAY_MS, isPreferred: true }))).toBe(-8);
  });

  it('is found where most overlap, not at the narrowest sample that touches the edge', () => {
    const edge: Says = { name: 'edge', offMs: 140, boundMs: 0 };
    const wide: Says[] = ['d', 'e', 'f'].map((name) => ({ name, boundMs: 600 }));
    expect(offMs(selectFrom(...three, ...wide, edge))).toBe(-8);
  });
});

describe('plain samples inside what authenticated ones have decided', () => {
  const dates: Says[] = ['x', 'y'].map((name) => ({ name, boundMs: 700, isAuthenticated: true }));

  it('narrow it by their majority', () => {
    const { interval, uncertaintyMs } = selectFrom(
      ...dates,
      { name: 'a' },
      { name: 'b' },
      { name: 'c', offMs: 600 },
    );
    expect(interval).toEqual({ lowMs: TRUTH_MS - 60, highMs: TRUTH_MS + 60 });
    expect(uncertaintyMs).toBe(60);
  });

  it('leave it as it is where they have none', () => {
    const { interval } = selectFrom(...dates, { name: 'a' }, { name: 'b', offMs: 600 });
    expect(interval).toEqual({ lowMs: TRUTH_MS - 750, highMs: TRUTH_MS + 750 });
  });

  it('count those outside as voices against narrowing', () => {
    const away: Says[] = ['b', 'c'].map((name) => ({ name, offMs: DAY_MS }));
    const { interval, isEnough } = selectFrom(...dates, { name: 'a' }, ...away);
    expect({ interval, isEnough }).toEqual({
      interval: { lowMs: TRUTH_MS - 750, highMs: TRUTH_MS + 750 },
      isEnough: true,
    });
  });
});

describe('trusted sources', () => {
  it('of whom there are several decide by their own majority, else by the rules for all', () => {
    const t = (name: string, off: number): Says => ({ name, offMs: off, isTrusted: true });
    expect(selectFrom(t('t1', 0), t('t2', 0), t('t3', DAY_MS)).verdict).toContain(
      'the trusted source t1, t2 says so',
    );
    expect(selectFrom(t('t1', 0), t('t2', DAY_MS))).toMatchObject({ isEnough: false, interval: null });
  });

  it('are narrowed by authenticated ones before plain ones are heard', () => {
    const wide: Says = { name: 't', boundMs: 4000, isTrusted: true };
    const date: Says = { name: 'x', boundMs: 700, isAuthenticated: true };
    const liars: Says[] = ['a', 'b', 'c', 'd'].map((name) => ({ name, offMs: 3000 }));
    expect(selectFrom(wide, date, ...liars).interval).toEqual({
      lowMs: TRUTH_MS - 750,
      highMs: TRUTH_MS + 750,
    });
  });
});

describe('the opinion about a sample', () => {
  it('says by how much it is outside', () => {
    const away: Says = { name: 'away', offMs: 3 * DAY_MS };
    expect(reasonOf(selectFrom({ name: 'a' }, { name: 'b' }, { name: 'c' }, away), 'away')).toBe(
      'outside the agreed interval by 3 d',
    );
  });

  it('says that too few agree, whether some do or nobody', () => {
    const two = selectFrom({ name: 'a' }, { name: 'b' });
    expect(two).toMatchObject({ isEnough: false, verdict: expect.stringContaining('it takes 3') });
    expect(reasonOf(two, 'a')).toBe('agrees, but too few do');
    const split = selectFrom(
      { name: 'a' },
      { name: 'b' },
      { name: 'c', offMs: DAY_MS },
      { name: 'd', offMs: DAY_MS },
    );
    expect(split.verdict).toBe('no majority: at most 2 of 4 sources agree');
    expect(reasonOf(split, 'a')).toBe('too few others say the same');
  });

  it('says that another sample of its operator counts', () => {
    const selection = selectFrom(
      { name: 'plain', operator: 'o' },
      { name: 'keyed', operator: 'o', isAuthenticated: true },
      { name: 'b' },
    );
    expect(selection.isEnough).toBe(true);
    expect(reasonOf(selection, 'plain')).toBe('another sample of its operator counts');
  });

  it('says what is missing to one authenticated source', () => {
    const keyed: Says = { name: 'gps', isAuthenticated: true };
    expect(selectFrom(keyed).verdict).toBe('gps is the only source that answered; a second one is needed');
    expect(selectFrom(keyed, { name: 'b', offMs: DAY_MS }).verdict).toBe(
      'no other source agrees with the authenticated source gps',
    );
    expect(selectFrom().verdict).toBe('no source gave an answer that is fit');
  });
});
