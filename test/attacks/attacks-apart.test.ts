// The attacks that need a server of their own: another configuration, or an upstream over HTTPS. A few at a time.

import { expect, test } from 'vitest';
import { ALONE, runsOf } from './chosen-trials.ts';
import { NOONMARK, startWorld } from './target.ts';
import { runTrial } from './trial.ts';

test.concurrent.each(runsOf(ALONE))(
  'Row $row: $name, over $transport',
  async ({ trial, transport, config, upstream }) => {
    await using world = await startWorld(upstream);
    await using target = await NOONMARK.start(world, config);
    expect((await runTrial({ target, world }, trial, transport)).complaints).toEqual([]);
  },
);
