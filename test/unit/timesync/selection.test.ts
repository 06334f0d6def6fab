// What no set of samples may bring about, whatever liars say: properties of the selection over random houses.
// Honest samples are as wrong as they admit, and by up to 50 ms more, which is the allowance for uneven paths.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CEILING_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { ASYMMETRY_MS, type Bounds, type Selection, select } from '../../../src/timesync/selection.ts';
import { MAX_BOUND_MS } from '../../../src/timesync/source.ts';
import { BOUNDS, heardFrom, type Says, TRUTH_MS } from '../../support/time-sources.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;

// Whole milliseconds: random doubles are nearly all close to zero, where nothing overlaps by halves.
const bound = fc.oneof(fc.integer({ min: 0, max: MAX_BOUND_MS }), fc.constantFrom(5, 10, 700));
const share = fc.integer({ min: -1000, max: 1000 }).map((thousandths) => thousandths / 1000);

const honest = fc
  .tuple(bound, share)
  .map(([boundMs, part]) => ({ boundMs, offMs: part * (boundMs + ASYMMETRY_MS) }));
/** Lies near the truth are the dangerous ones: they overlap honest samples, or each other. */
const lie = fc.record({
  boundMs: bound,
  offMs: fc.oneof(
    fc.integer({ min: -2 * MAX_BOUND_MS, max: 2 * MAX_BOUND_MS }),
    fc.integer({ min: -20, max: 20 }),
    fc.constantFrom(-1024 * 7 * DAY_MS, -YEAR_MS, -DAY_MS, DAY_MS, YEAR_MS, 18 * YEAR_MS),
  ),
});

const named = (prefix: string, all: readonly Omit<Says, 'name'>[]): Says[] =>
  all.map((says, index) => ({ ...says, name: `${prefix}${index}` }));
const authenticated = (all: readonly Says[]) => all.map((says) => ({ ...says, isAuthenticated: true }));

function selectFrom(all: readonly Says[], bounds: Bounds = BOUNDS): Selection {
  return select(
    all.map((says) => heardFrom(says, TRUTH_MS, 0)),
    bounds,
    0,
  );
}

/** `count` honest votes and fewer liars. */
const majorityOfHonest = (least: number) =>
  fc
    .array(honest, { minLength: least, maxLength: 6 })
    .chain((good) => fc.tuple(fc.constant(good), fc.array(lie, { maxLength: good.length - 1 })));

function expectTruthWithin({ interval, epochMs, uncertaintyMs }: Selection): void {
  expect(interval!.lowMs).toBeLessThanOrEqual(TRUTH_MS);
  expect(interval!.highMs).toBeGreaterThanOrEqual(TRUTH_MS);
  expect(Math.abs(epochMs! - TRUTH_MS)).toBeLessThanOrEqual(uncertaintyMs);
}

describe('plain votes', () => {
  it('hold the truth between them while fewer than half of them lie, and three honest ones are enough', () => {
    fc.assert(
      fc.property(majorityOfHonest(3), ([good, bad]) => {
        const selection = selectFrom([...named('honest', good), ...named('liar', bad)]);
        expect(selection.isEnough).toBe(true);
        expectTruthWithin(selection);
      }),
    );
  });

  it('of a minority never move the time, however few the honest are', () => {
    fc.assert(
      fc.property(majorityOfHonest(1), ([good, bad]) => {
        const selection = selectFrom([...named('honest', good), ...named('liar', bad)]);
        if (selection.isEnough) expectTruthWithin(selection);
      }),
    );
  });

  it('of an operator count once, however many addresses it has', () => {
    fc.assert(
      fc.property(fc.array(lie, { minLength: 2, maxLength: 8 }), (lies) => {
        const one = named(
          'address',
          lies.map((said) => ({ ...said, offMs: YEAR_MS, operator: 'one' })),
        );
        expect(selectFrom(one).isEnough).toBe(false);
        expect(selectFrom(one).singles.every(({ agreeing }) => agreeing === 1)).toBe(true);
      }),
    );
  });

  it('of an operator who has two opinions count not at all', () => {
    const split: Says[] = [
      { name: 'a1', operator: 'a', offMs: 0 },
      { name: 'a2', operator: 'a', offMs: YEAR_MS, boundMs: 1 },
    ];
    const selection = selectFrom([...split, { name: 'b', offMs: YEAR_MS }, { name: 'c', offMs: YEAR_MS }]);
    expect(selection).toMatchObject({ isEnough: false, verdict: expect.stringContaining('2 of 2') });
  });
});

describe('authenticated truth', () => {
  it('of one source: without it there is no agreement, and what is agreed lies in its interval', () => {
    fc.assert(
      fc.property(honest, fc.array(lie, { maxLength: 12 }), (said, lies) => {
        const [truth] = authenticated(named('keyed', [said]));
        const { isEnough, interval } = selectFrom([...named('liar', lies), truth!]);
        const reach = truth!.boundMs! + ASYMMETRY_MS;
        expect(interval!.lowMs).toBeGreaterThanOrEqual(TRUTH_MS + truth!.offMs! - reach);
        expect(interval!.highMs).toBeLessThanOrEqual(TRUTH_MS + truth!.offMs! + reach);
        if (lies.length === 0) expect(isEnough).toBe(false);
      }),
    );
  });

  it('of one source and most of the plain ones is found between them', () => {
    fc.assert(
      fc.property(honest, majorityOfHonest(1), (said, [good, bad]) => {
        const truth = authenticated(named('keyed', [said]));
        const selection = selectFrom([...named('honest', good), ...named('liar', bad), ...truth]);
        expect(selection.isEnough).toBe(true);
        expectTruthWithin(selection);
      }),
    );
  });

  it('of a majority is enough and is never left, however many plain liars there are and whoever is trusted', () => {
    fc.assert(
      fc.property(
        majorityOfHonest(2),
        fc.array(lie, { maxLength: 12 }),
        fc.boolean(),
        ([good, bad], lies, isTrusted) => {
          const keyed = authenticated([...named('keyed', good), ...named('false', bad)]);
          const plain = named('liar', lies).map((says) => ({ ...says, isTrusted }));
          const alone = selectFrom(keyed);
          const selection = selectFrom([...plain, ...keyed]);
          expect(alone.isEnough && selection.isEnough).toBe(true);
          expectTruthWithin(alone);
          expect(selection.interval!.lowMs).toBeGreaterThanOrEqual(alone.interval!.lowMs);
          expect(selection.interval!.highMs).toBeLessThanOrEqual(alone.interval!.highMs);
        },
      ),
    );
  });

  it('is believed alone before anything that no key and no certificate stands behind', () => {
    fc.assert(
      fc.property(honest, fc.array(lie, { maxLength: 12 }), fc.boolean(), (said, lies, isTrusted) => {
        const truth = authenticated(named('keyed', [said]));
        const plain = named('liar', lies).map((says) => ({ ...says, offMs: YEAR_MS, isTrusted }));
        expect(selectFrom([...plain, ...truth]).singles[0]!.source.isAuthenticated).toBe(true);
      }),
    );
  });
});

const anybody = fc
  .record({
    boundMs: bound,
    offMs: lie.map(({ offMs }) => offMs),
    isAuthenticated: fc.boolean(),
    isTrusted: fc.boolean(),
    isPreferred: fc.boolean(),
    operator: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  })
  .map(({ operator, ...rest }) => (operator === undefined ? rest : { ...rest, operator }));
const anyHouse = fc.array(anybody, { maxLength: 10 }).map((all) => named('source', all));

describe('any samples at all', () => {
  it('amount to the same in any order', () => {
    const shuffled = anyHouse.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    const essence = (all: readonly Says[]) => {
      const { isEnough, epochMs, uncertaintyMs, interval, singles, withdrawsStamp, authenticatedVotes } =
        selectFrom(all, {
          ...BOUNDS,
          stampMs: TRUTH_MS + DAY_MS / 2,
        });
      const first = singles[0]?.epochMs;
      return { isEnough, epochMs, uncertaintyMs, interval, first, withdrawsStamp, authenticatedVotes };
    };
    fc.assert(
      fc.property(shuffled, ([all, other]) => {
        expect(essence(other)).toEqual(essence(all));
      }),
    );
  });

  it('never agree on anything outside floor and ceiling, nor may one be believed alone there', () => {
    const edges = fc.constantFrom(HARD_FLOOR_MS, CEILING_MS, TRUTH_MS - 100 * DAY_MS);
    const atTheEdge = fc.array(fc.tuple(edges, anybody), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(atTheEdge, fc.boolean(), (all, hasChainFloor) => {
        const chainFloorMs = hasChainFloor ? TRUTH_MS - 100 * DAY_MS : null;
        const says = all.map(([edge, said]) => ({ ...said, offMs: edge - TRUTH_MS + (said.offMs % 12_000) }));
        const { epochMs, interval, singles } = selectFrom(named('source', says), { ...BOUNDS, chainFloorMs });
        const said = [epochMs, interval?.lowMs, interval?.highMs, ...singles.map((single) => single.epochMs)];
        for (const instant of said.filter((each) => typeof each === 'number')) {
          expect(instant).toBeGreaterThanOrEqual(chainFloorMs ?? HARD_FLOOR_MS);
          expect(instant).toBeLessThanOrEqual(CEILING_MS);
        }
      }),
    );
  });

  it('say nothing where they lie wholly outside, and not that it is the floor or the ceiling', () => {
    const reasonAt = (epochMs: number) => {
      const { singles, opinions } = selectFrom([{ name: 'a', offMs: epochMs - TRUTH_MS }]);
      expect(singles).toEqual([]);
      return opinions[0]!.reason;
    };
    expect(reasonAt(HARD_FLOOR_MS - 100)).toContain('before this release was made');
    expect(reasonAt(CEILING_MS + 100)).toContain('more than 20 years after this release');
  });

  it('without a bound, or without a number, never count', () => {
    for (const boundMs of [Number.NaN, Number.POSITIVE_INFINITY, MAX_BOUND_MS + 1])
      expect(selectFrom([{ name: 'a', boundMs }]).singles).toEqual([]);
    expect(selectFrom([{ name: 'a', offMs: Number.NaN }]).singles).toEqual([]);
  });

  it('each get an opinion, and those that are kept overlap what was agreed', () => {
    fc.assert(
      fc.property(anyHouse, (all) => {
        const { opinions, interval, isEnough } = selectFrom(all);
        expect(new Set(opinions.map(({ source }) => source.peer))).toEqual(
          new Set(all.map(({ name }) => name)),
        );
        expect(opinions).toHaveLength(all.length);
        if (isEnough) expect(opinions.some(({ isKept }) => isKept)).toBe(true);
        for (const { source } of opinions.filter(({ isKept }) => isKept)) {
          const { offMs, boundMs } = all.find(({ name }) => name === source.peer)!;
          const { lowMs, highMs } = interval!;
          const saidMs = TRUTH_MS + offMs!;
          expect(Math.max(lowMs - saidMs, saidMs - highMs)).toBeLessThanOrEqual(boundMs! + ASYMMETRY_MS);
        }
      }),
    );
  });
});

describe('a stamp', () => {
  const STAMPED: Bounds = { ...BOUNDS, stampMs: TRUTH_MS + YEAR_MS };

  it('is withdrawn by two authenticated operators who agree below it, and by nothing less', () => {
    fc.assert(
      fc.property(anyHouse, (all) => {
        const below = all.filter(
          ({ isAuthenticated, offMs, boundMs }) =>
            isAuthenticated && offMs! + boundMs! + ASYMMETRY_MS < YEAR_MS,
        );
        const operators = new Set(below.map(({ operator, name }) => operator ?? name));
        const { withdrawsStamp, isEnough, authenticatedVotes } = selectFrom(all, STAMPED);
        if (withdrawsStamp) expect(operators.size).toBeGreaterThanOrEqual(2);
        if (withdrawsStamp && !all.some(({ isTrusted }) => isTrusted)) {
          expect(isEnough).toBe(true);
          expect(authenticatedVotes).toBeGreaterThanOrEqual(2);
        }
      }),
    );
    const keyed: Says = { name: 'a', isAuthenticated: true };
    expect(selectFrom([keyed, { name: 'b' }, { name: 'c' }], STAMPED).withdrawsStamp).toBe(false);
    expect(selectFrom([keyed, { ...keyed, name: 'b' }], STAMPED).withdrawsStamp).toBe(true);
    expect(selectFrom([keyed, { ...keyed, name: 'b', offMs: -DAY_MS }], STAMPED).withdrawsStamp).toBe(false);
  });

  it('stands against two authenticated operators whom as many others contradict', () => {
    const keyed = (name: string, offMs: number): Says => ({ name, offMs, isAuthenticated: true });
    const all = [keyed('a', 0), keyed('b', 0), keyed('c', 2 * YEAR_MS), keyed('d', 2 * YEAR_MS)];
    expect(selectFrom(all, STAMPED)).toMatchObject({ withdrawsStamp: false });
    expect(selectFrom(all.slice(0, 3), STAMPED)).toMatchObject({ withdrawsStamp: true, isEnough: true });
  });

  it('refuses plain samples below it, and keeps a single authenticated one from counting', () => {
    const { opinions, singles } = selectFrom([{ name: 'a' }, { name: 'b', isAuthenticated: true }], STAMPED);
    expect(singles).toEqual([]);
    expect(opinions.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/before the stamp .* and is not authenticated/),
      expect.stringMatching(/before the stamp .* second authenticated operator/),
    ]);
  });
});

describe('a Date', () => {
  const EXPIRED = { validity: [TRUTH_MS - YEAR_MS, TRUTH_MS - DAY_MS] as const, isAuthenticated: true };

  it('whose certificate does not hold at the time it tells says nothing', () => {
    const { opinions, singles } = selectFrom([{ name: 'a', ...EXPIRED }]);
    expect(singles).toEqual([]);
    expect(opinions[0]!.reason).toContain('its own certificate is not valid then');
  });

  it('whose certificate does not hold at the time agreed with it is left out, and all is asked anew', () => {
    const offMs = -DAY_MS - 400; // valid when it tells, expired 600 ms later
    const plain = ['b', 'c', 'd'].map((name) => ({ name, offMs: -DAY_MS + 10 }));
    const { isEnough, verdict, opinions } = selectFrom([
      { name: 'a', offMs, boundMs: 1000, ...EXPIRED },
      ...plain,
    ]);
    expect({ isEnough, verdict }).toEqual({
      isEnough: true,
      verdict: '3 of 3 sources agree; none is authenticated',
    });
    expect(opinions.find(({ source }) => source.peer === 'a')).toMatchObject({
      isKept: false,
      reason: 'its certificate is not valid at the time that was agreed',
    });
  });
});

describe('the age of a sample', () => {
  it('is added to it, and widens it by 300 ppm', () => {
    const hourMs = 3_600_000;
    const heard = heardFrom({ name: 'a', boundMs: 100 }, TRUTH_MS, 0);
    const { epochMs, uncertaintyMs } = select([heard], BOUNDS, hourMs).singles[0]!;
    expect(epochMs).toBe(TRUTH_MS + hourMs);
    expect(uncertaintyMs).toBeCloseTo(100 + 1080, 6);
  });
});
