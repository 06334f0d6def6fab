// Story 5. The system clock is stepped while the server serves: by hours and by decades, forwards and backwards, by
// whoever. Our own time is carried on by monotonic time and does not jump, so not one answer is lost, of the house or of
// the world, and the state stays what it was. `/api/status` says how far off the system clock is.
//
// Once more with an upstream that is restarted after each step: everybody must shake hands anew, and what is judged then is
// the certificate at our own time.

import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { errorMs, House, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';
import { RESTARTED_TITLE, STEPS } from './wrong-dates.ts';

const SERVERS = 3;
/** How long each step is lived with. */
const STAY_MS = 4_000;

describe.skipIf(!canPlay)('Story 5', () => {
  test('steps of hours and decades while serving', async () => {
    await using house = await House.open();
    const clock = wrongClock('+0');
    const sources = (await house.chronyds(SERVERS)).map((chronyd) => ntpSource(chronyd));
    const config = { upstreams: house.upstreams, time: { sources } };
    const story = {
      number: '5',
      title: 'steps of hours and decades while serving',
      server: { config, clock },
    };
    await play(story, async ({ world, becomes, server, asker }) => {
      await world();
      await becomes('synchronized', null);
      const servingMs = asker.elapsedMs;
      for (const [what, time] of STEPS) {
        clock.set(time);
        await pause(STAY_MS);
        const status = await server.status();
        expect.soft(status.clock.state, what).toBe('synchronized');
        expect.soft(Math.abs(errorMs(status)), what).toBeLessThan(NEAR_MS);
        await eventually(async () => isAsFarOff((await server.status()).clock.systemClockOffsetMs, time), {
          what: `an offset after the step ${what}`,
        });
      }
      expect(asker.worldFailedSince(servingMs)).toEqual([]);
    });
  });

  test('the same, and the upstream is restarted after each step', async () => {
    await using house = await House.open();
    const clock = wrongClock('+0');
    const sources = (await house.chronyds(SERVERS)).map((chronyd) => ntpSource(chronyd));
    const config = { upstreams: house.upstreams, time: { sources } };
    const story = { number: '5', title: RESTARTED_TITLE, server: { config, clock } };
    await play(story, async ({ world, becomes, asker, note }) => {
      await world();
      await becomes('synchronized', null);
      for (const [what, time] of STEPS) {
        clock.set(time);
        await house.restartUpstream();
        const backMs = asker.elapsedMs;
        await pause(STAY_MS);
        const tookMs = asker.worldBackAfterMs(backMs);
        note(what, tookMs);
        expect.soft(tookMs, what).not.toBeNull();
      }
    });
  });
});

/** To the sign and the order of magnitude, which is what a person looks for. */
function isAsFarOff(offsetMs: number | null, time: string): boolean {
  const HOUR_MS = 3_600_000;
  if (offsetMs === null) return false;
  if (time === '+0') return Math.abs(offsetMs) < NEAR_MS;
  const isAhead = time.startsWith('+') || time.startsWith('@2');
  return isAhead ? offsetMs > 2 * HOUR_MS : offsetMs < -2 * HOUR_MS;
}
