// The table of the rhythm in docs/time.md, row by row, and what holds for any circumstances.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Circumstances, nextRoundAfterMs, SOON_MS } from '../../../src/timesync/rhythm.ts';

const CALM: Circumstances = {
  state: 'synchronized',
  rounds: 5,
  haveDisagreed: true,
  dissentRounds: 0,
  roundsWithoutEnough: 0,
  systemClockOffMs: 0,
};

const ROWS: readonly [when: string, circumstances: Partial<Circumstances>, seconds: number][] = [
  ['all is well', {}, 1024],
  ['the system clock is a little off', { systemClockOffMs: -1000 }, 1024],
  ['the system clock is over a second behind', { systemClockOffMs: -1001 }, 64],
  ['the system clock is over a second ahead', { systemClockOffMs: 1001 }, 64],
  ['there was a round without enough', { roundsWithoutEnough: 1 }, 64],
  ['it is holdover', { state: 'holdover' }, 64],
  ['a first dissent was heard', { dissentRounds: 1 }, 2],
  ['a first dissent was heard in holdover', { state: 'holdover', dissentRounds: 1 }, 2],
  ['a first dissent was heard, and then too few', { dissentRounds: 1, roundsWithoutEnough: 1 }, 64],
  ['a dissent lasts', { dissentRounds: 2 }, 64],
  ['it is untrusted, first round', { state: 'untrusted', rounds: 1 }, 15],
  ['it is untrusted, and they disagree again', { state: 'untrusted', rounds: 2 }, 30],
  ['it is untrusted, and they disagree for ever', { state: 'untrusted', rounds: 99 }, 60],
  ['it is untrusted, and nobody answers', { state: 'untrusted', rounds: 99, haveDisagreed: false }, 15],
  ['it became untrusted between rounds', { state: 'untrusted', rounds: 0 }, 15],
  ['it is provisional, first round', { state: 'provisional', rounds: 1 }, 16],
  ['it is provisional, second round', { state: 'provisional', rounds: 2 }, 32],
  ['it is provisional for long', { state: 'provisional', rounds: 99 }, 64],
];

describe('the pause before the next round', () => {
  it.each(ROWS)('when %s', (_when, circumstances, seconds) => {
    expect(nextRoundAfterMs({ ...CALM, ...circumstances })).toBe(seconds * 1000);
  });

  it('is short for one round only, in whatever circumstances a dissent is left alone', () => {
    const any = fc.record({
      state: fc.constantFrom('synchronized', 'holdover', 'provisional', 'untrusted'),
      rounds: fc.nat(),
      haveDisagreed: fc.boolean(),
      dissentRounds: fc.nat(9),
      roundsWithoutEnough: fc.nat(9),
      systemClockOffMs: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(any, (circumstances) => {
        const pauseMs = nextRoundAfterMs(circumstances as Circumstances);
        const isFirstDissent = circumstances.dissentRounds === 1 && circumstances.roundsWithoutEnough === 0;
        if (!isFirstDissent) expect(pauseMs).toBeGreaterThanOrEqual(15_000);
        expect(pauseMs).toBeGreaterThanOrEqual(SOON_MS);
        expect(pauseMs).toBeLessThanOrEqual(1_024_000);
      }),
    );
  });
});
