// Story 1. The power was cut, the machine has no battery for its clock and wakes up in 1970. The time server that it
// prefers, the one in the house, hangs; three others are alive, named by address. Nobody notices anything: internal
// names from the first second, the world as soon as three servers have agreed, and no person had a hand in it.

import { describe, expect, test } from 'vitest';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

describe.skipIf(!canPlay)('Story 1', () => {
  test('clock at 1970, the preferred source dead, others alive by address', async () => {
    await using house = await House.open();
    const alive = await house.chronyds(3);
    const hung = await house.hungChronyd();
    const sources = [ntpSource(hung, { prefer: true }), ...alive.map((chronyd) => ntpSource(chronyd))];
    const config = { upstreams: house.upstreams, time: { sources } };
    const story = { number: '1', title: 'clock at 1970, preferred source dead, others alive' };
    await play({ ...story, server: { config, clock: wrongClock(EPOCH) } }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      expect(status.clock.systemClockOffsetMs).toBeLessThan(0);
      expect(status.clock.sources.map(({ kept }) => kept)).toEqual([false, true, true, true]);
    });
  });
});
