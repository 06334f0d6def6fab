// Story 4. The clock is wrong in every other way that clocks are: decades ahead, beyond all belief, hours, days or months
// off, or right. Four time servers by address are alive. The state at the end is the same each time, and so is the time;
// what the system clock says only decides how the first moments go.

import { describe, expect, test } from 'vitest';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { errorMs, House, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';
import { WRONG_DATES } from './wrong-dates.ts';

const SERVERS = 4;

describe.skipIf(!canPlay)('Story 4', () => {
  test.each(WRONG_DATES)('the clock is %s', async (title, time) => {
    await using house = await House.open();
    const sources = (await house.chronyds(SERVERS)).map((chronyd) => ntpSource(chronyd));
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(time) };
    await play({ number: '4', title: `clock ${title}`, server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
    });
  });
});
