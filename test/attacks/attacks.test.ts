// What the server must survive, row by row: every trial at every door that it goes at. The trials of a row attack one
// server in turn, so that what one of them leaves behind is felt by the next.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runsOf, SHARING } from './chosen-trials.ts';
import { NOONMARK, startWorld, type Target, type World } from './target.ts';
import { runTrial } from './trial.ts';

describe.each(SHARING)('Row %s:', (_row, trials) => {
  let world: World;
  let target: Target;

  beforeAll(async () => {
    world = await startWorld();
    target = await NOONMARK.start(world);
  });

  afterAll(async () => {
    await target?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test.each(runsOf(trials))('$name, over $transport', async ({ trial, transport }) => {
    expect((await runTrial({ target, world }, trial, transport)).complaints).toEqual([]);
  });
});
