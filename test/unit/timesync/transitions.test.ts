// What holds for the states of the clock after any sequence of rounds, sleeps, steps and certificates.
// Single stories are in transitions-stories.test.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agedBase } from '../../../src/clock/true-clock.ts';
import type { Selection } from '../../../src/timesync/selection.ts';
import { type ClockMemory, DISSENT, HOLDOVER_MS, TOLERANCE_MS } from '../../../src/timesync/transitions.ts';
import { judgeTime } from '../../../src/timesync/witnesses.ts';
import { type Says, TimeHouse, TRUTH_MS, witness } from '../../support/time-sources.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const offMs = fc.constantFrom(0, 0, 0, 300, -20_000, DAY_MS, -40 * DAY_MS, 400 * DAY_MS, -TRUTH_MS);
const says = fc.record({
  offMs,
  isAuthenticated: fc.boolean(),
  isTrusted: fc.constantFrom(false, false, true),
});
/** Everybody says the same, or everybody what he likes. */
const answers = fc.oneof(
  fc
    .tuple(offMs, fc.integer({ min: 0, max: 4 }), fc.boolean())
    .map(([off, count, isAuthenticated]) =>
      Array.from({ length: count }, (): Omit<Says, 'name'> => ({ offMs: off, isAuthenticated })),
    ),
  fc.array(says, { maxLength: 5 }),
);
const named = (all: readonly Omit<Says, 'name'>[]): Says[] =>
  all.map((one, at) => ({ ...one, name: `s${at}` }));

const certificates = fc.array(
  fc.constantFrom<[number, number]>([-30, 60], [-90, -1], [-30, 60], [-400, -100]),
  {
    maxLength: 3,
  },
);

type Event = (house: TimeHouse) => void;
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: answers.map(
      (all): Event =>
        (house) =>
          house.round(named(all)),
    ),
  },
  {
    weight: 4,
    arbitrary: answers.map(
      (all): Event =>
        (house) => {
          for (let count = 0; count < DISSENT.rounds; count += 1) {
            house.round(named(all));
            house.pause();
          }
        },
    ),
  },
  { weight: 2, arbitrary: fc.constant<Event>((house) => void house.pause()) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(HOUR_MS, DAY_MS, HOLDOVER_MS).map(
      (ms): Event =>
        (house) =>
          house.pass(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(HOUR_MS, DAY_MS).map(
      (ms): Event =>
        (house) =>
          house.suspend(ms),
    ),
  },
  {
    weight: 1,
    arbitrary: offMs.map(
      (off): Event =>
        (house) =>
          house.setSystemClock(off),
    ),
  },
  {
    weight: 2,
    arbitrary: certificates.map(
      (all): Event =>
        (house) => {
          house.witnesses = all.map(([from, to], at) =>
            witness(`dns${at}`, TRUTH_MS + from * DAY_MS, TRUTH_MS + to * DAY_MS),
          );
        },
    ),
  },
);
const events = fc.array(event, { minLength: 1, maxLength: 25 });
const start = fc.record({
  systemClockOffMs: offMs,
  stampMs: fc.constantFrom(null, TRUTH_MS - HOUR_MS, TRUTH_MS - 100 * DAY_MS),
});

/** Calls `look` before and after every judgement of a random life. */
function livesSuch(look: (house: TimeHouse, before: ClockMemory, selection: Selection | null) => void): void {
  class Watched extends TimeHouse {
    override reconsider(selection: Selection | null): void {
      const before = this.memory;
      super.reconsider(selection);
      look(this, before, selection);
    }
  }
  fc.assert(
    fc.property(start, events, (given, life) => {
      const house = new Watched(given);
      for (const happens of life) {
        happens(house);
        house.reconsider(null);
      }
    }),
    { numRuns: 300 },
  );
}

const isAgreed = ({ reading }: ClockMemory) =>
  reading.state === 'synchronized' || reading.state === 'holdover';

describe('in any life of the clock', () => {
  it('a basis is what provisional has, and no other state', () => {
    livesSuch(({ memory }) => {
      expect(memory.reading.basis === null).toBe(memory.reading.state !== 'provisional');
      expect(memory.reading.reason).not.toBe('');
      expect(memory.reading.reason.split('the sources now say').length).toBeLessThanOrEqual(2);
    });
  });

  it('holdover and the last agreement never become untrusted unless certificates contradict them', () => {
    livesSuch((house, before) => {
      const wasHeld = before.reading.state === 'holdover' || before.reading.basis === 'last-quorum';
      if (!wasHeld || house.memory.reading.state !== 'untrusted') return;
      expect(before.outweighsWitnesses).toBe(false);
      expect(judgeTime(house.witnesses, agedBase(before.reading.base, house.nowMs).epochMs)).toBe(
        'contradicted',
      );
    });
  });

  it('no time is adopted that certificates contradict, unless two authenticated operators say it', () => {
    livesSuch((house, before) => {
      const { memory, selection } = house;
      const isAdopted = memory.agreedAtMs !== before.agreedAtMs || memory.reading.state === 'provisional';
      if (!isAdopted || judgeTime(house.witnesses, house.now.epochMs) !== 'contradicted') return;
      expect(memory.outweighsWitnesses).toBe(true);
      if (memory.reading.state === 'synchronized')
        expect(selection!.authenticatedVotes).toBeGreaterThanOrEqual(2);
      else expect(before.outweighsWitnesses).toBe(true);
    });
  });

  it('a time that certificates contradict is left as soon as it is judged between two rounds', () => {
    livesSuch((house, _before, selection) => {
      const { memory } = house;
      if (selection !== null || memory.reading.state === 'untrusted' || memory.outweighsWitnesses) return;
      expect(judgeTime(house.witnesses, house.now.epochMs)).not.toBe('contradicted');
    });
  });

  it('a time that is held moves by no more than both uncertainties and a second, unless a dissent is followed', () => {
    livesSuch((house, before) => {
      if (!isAgreed(before) || !isAgreed(house.memory)) return;
      const isFollowed =
        before.dissent !== null && before.dissent.rounds >= 1 && house.memory.dissent === null;
      if (isFollowed) return;
      const held = agedBase(before.reading.base, house.nowMs);
      const movedMs = Math.abs(house.now.epochMs - held.epochMs);
      expect(movedMs).toBeLessThanOrEqual(held.uncertaintyMs + house.now.uncertaintyMs + TOLERANCE_MS);
    });
  });

  it('a dissent that is followed was said twice, and eight times over an hour where nobody has authenticated it', () => {
    livesSuch((house, before) => {
      const { memory, selection } = house;
      if (!isAgreed(before) || memory.agreedAtMs === before.agreedAtMs) return;
      const held = agedBase(before.reading.base, house.nowMs);
      const movedMs = Math.abs(house.now.epochMs - held.epochMs);
      if (movedMs <= held.uncertaintyMs + house.now.uncertaintyMs + TOLERANCE_MS) return;
      expect(before.dissent!.rounds).toBeGreaterThanOrEqual(1);
      const mayBeQuick =
        selection!.authenticatedVotes > 0 ||
        (!before.outweighsWitnesses && judgeTime(house.witnesses, held.epochMs) === 'contradicted');
      if (mayBeQuick) return;
      expect(before.dissent!.rounds).toBeGreaterThanOrEqual(DISSENT.rounds - 1);
      expect(house.nowMs - before.dissent!.sinceMs).toBeGreaterThanOrEqual(DISSENT.lastsMs);
    });
  });

  it('three honest plain servers, at whose time the certificates hold, lead to the truth within about an hour', () => {
    fc.assert(
      fc.property(start, events, (given, life) => {
        const house = new TimeHouse(given);
        for (const happens of life) happens(house);
        house.witnesses = [witness('dns', house.trueMs - DAY_MS, house.trueMs + DAY_MS)];
        const fromMs = house.nowMs;
        let pauseMs = 0;
        const honest: Says[] = ['a', 'b', 'c'].map((name) => ({ name }));
        for (house.round(honest); !isRight(house); house.round(honest)) {
          pauseMs = house.pause();
          if (house.nowMs - fromMs > 2 * HOUR_MS) break;
        }
        expect(house.memory.reading.state).toBe('synchronized');
        expect(house.nowMs - fromMs).toBeLessThanOrEqual(HOUR_MS + pauseMs);
      }),
      { numRuns: 200 },
    );
  });
});

function isRight(house: TimeHouse): boolean {
  return house.memory.reading.state === 'synchronized' && Math.abs(house.errorMs) <= house.now.uncertaintyMs;
}
