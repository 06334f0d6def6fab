// Every fuzz target with a fixed seed, so that a run can be repeated, and every input that once broke something.
// Longer, and with fresh seeds: `npm run fuzz`.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SEED } from '../support/arbitrary-messages.ts';
import { findingText } from './finding-text.ts';
import { FOUND } from './found.ts';
import { type FuzzTarget, must, tryTarget } from './target.ts';
import { TARGETS } from './targets.ts';

describe('a target', () => {
  it.each(TARGETS)('$name holds by $oracle', async (target) => {
    const { runs, finding } = await tryTarget(target, { seed: SEED, runs: target.runs });
    expect(finding && findingText(target, finding)).toBeNull();
    expect(runs).toBe(target.runs);
  });

  it('is one of its own name', () => {
    expect(new Set(TARGETS.map(({ name }) => name)).size).toBe(TARGETS.length);
  });
});

describe('what once broke something', () => {
  it.each(FOUND)('$target.name: $broke', async ({ target, input }) => {
    const { finding } = await tryTarget({ ...target, input: fc.constant(input) }, { seed: SEED, runs: 1 });
    expect(finding && findingText(target, finding)).toBeNull();
  });
});

describe('a target that does not hold', () => {
  const never: FuzzTarget<number> = {
    ...{ name: 'less-than-a-thousand', oracle: 'nothing', runs: 5000 },
    input: fc.nat(100_000),
    holds: (number) => must(number < 1000, 'it is less'),
  };

  it('is found, shrunk, with the seed and the path that lead there again', async () => {
    const { finding } = await tryTarget(never, { seed: SEED, runs: never.runs });
    expect(finding).toMatchObject({ input: '1000', seed: SEED });
    const again = await tryTarget(never, { seed: SEED, runs: never.runs, path: finding!.path });
    expect(again.finding!.input).toBe('1000');
    expect(findingText(never, finding!)).toContain("row(lessThanAThousand, 'what it broke', 1000),");
  });
});
