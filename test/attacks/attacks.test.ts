// What the server must survive, row by row: every trial at every door that it goes at. The trials of a row attack one
// server in turn, so that what one of them leaves behind is felt by the next.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFull } from '../support/is-full.ts';
import { NOONMARK, startWorld, type Target, type World } from './target.ts';
import { runTrial, type Trial } from './trial.ts';
import { TRIALS } from './trials.ts';

const trials = TRIALS.filter(({ isLong }) => isFull || !isLong);
const hasOwn = ({ config, upstream }: Trial) => config !== undefined || upstream !== undefined;
const [shared, own] = [trials.filter((trial) => !hasOwn(trial)), trials.filter(hasOwn)];
const ofRows = Object.entries(Object.groupBy(shared, ({ row }) => row)) as [string, Trial[]][];

const runsOf = (some: readonly Trial[]) =>
  some.flatMap((trial) => trial.over.map((transport) => ({ trial, transport, ...trial })));

describe.each(ofRows)('Row %s:', (_row, ofRow) => {
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

  test.each(runsOf(ofRow))('$name, over $transport', async ({ trial, transport }) => {
    expect((await runTrial({ target, world }, trial, transport)).complaints).toEqual([]);
  });
});

test.concurrent.each(runsOf(own))(
  'Row $row: $name, over $transport',
  async ({ trial, transport, config, upstream }) => {
    await using world = await startWorld(upstream);
    await using target = await NOONMARK.start(world, config);
    expect((await runTrial({ target, world }, trial, transport)).complaints).toEqual([]);
  },
);
