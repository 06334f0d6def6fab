// What most of the certificates say, and for how long they are listened to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeTime, TESTIMONY_MS, WitnessStand } from '../../../src/timesync/witnesses.ts';
import { TRUTH_MS, witness } from '../../support/time-sources.ts';

const DAY_MS = 86_400_000;
const valid = (who: string) => witness(who, TRUTH_MS - DAY_MS, TRUTH_MS + DAY_MS);
const expired = (who: string) => witness(who, TRUTH_MS - 9 * DAY_MS, TRUTH_MS - DAY_MS);

describe('the judgement of the certificates', () => {
  it('is that of most of them; a tie, or nobody, judges nothing', () => {
    const count = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(count, count, (inFavour, against) => {
        const all = [
          ...Array.from({ length: inFavour }, (_, at) => valid(`v${at}`)),
          ...Array.from({ length: against }, (_, at) => expired(`e${at}`)),
        ];
        const expected = inFavour > against ? 'borne-out' : against > inFavour ? 'contradicted' : 'unjudged';
        expect(judgeTime(all, TRUTH_MS)).toBe(expected);
      }),
    );
  });

  it('is about the whole chain and not only the leaf', () => {
    const chain = { ...valid('a'), isValidAt: () => false };
    expect(judgeTime([chain], TRUTH_MS)).toBe('contradicted');
  });
});

describe('the witness stand', () => {
  it('has one testimony of each upstream, the latest', () => {
    const stand = new WitnessStand();
    stand.hear(expired('a'));
    stand.hear(valid('a'));
    expect(stand.at(0)).toEqual([expect.objectContaining({ who: 'a', notAfterMs: TRUTH_MS + DAY_MS })]);
  });

  it('tells what is new from what it has heard already', () => {
    const stand = new WitnessStand();
    expect(stand.hear(valid('a'))).toBe(true);
    expect(stand.hear({ ...valid('a'), heardAtMs: 1000 })).toBe(false);
    expect(stand.hear(expired('a'))).toBe(true);
    expect(stand.hear({ ...expired('a'), notBeforeMs: TRUTH_MS - 8 * DAY_MS })).toBe(true);
  });

  it('forgets a testimony after an hour, and not before', () => {
    const stand = new WitnessStand();
    stand.hear(valid('a'));
    expect(stand.at(TESTIMONY_MS)).toHaveLength(1);
    expect(stand.at(TESTIMONY_MS + 1)).toHaveLength(0);
  });

  it('keeps those that are configured still', () => {
    const stand = new WitnessStand();
    for (const who of ['a', 'b']) stand.hear(valid(who));
    stand.keepOnly(new Set(['b']));
    expect(stand.at(0).map(({ who }) => who)).toEqual(['b']);
  });
});
