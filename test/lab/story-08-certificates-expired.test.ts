// Story 8. The outage was long, and the upstreams' certificates have really expired. To a server whose clock is wrong
// that looks the same at first sight. Two authenticated sources agree on the time, so it is the certificates: the clock is
// synchronized, the world stays closed, and the words blame the right one.

import { describe, expect, test } from 'vitest';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { DAY_MS, EPOCH, errorMs, House, makeKey, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

const AGO_DAYS = 3;

describe.skipIf(!canPlay)('Story 8', () => {
  test.each([
    ['at 1970', EPOCH],
    ['right', '+0'],
  ])('all upstream certificates expired, the clock %s', async (title, time) => {
    const day = (offset: number) => new Date(Date.now() + offset * DAY_MS);
    const certificate = { notBefore: day(-90), notAfter: day(-AGO_DAYS) };
    await using house = await House.open({ certificate });
    const keys = [makeKey('SHA1'), makeKey('SHA256')];
    const sources = await Promise.all(
      keys.map(async ({ line, entry }) => ntpSource(await house.chronyd({ keys: line }), { key: entry })),
    );
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(time) };
    await play(
      { number: '8', title: `upstream certificates expired, clock ${title}`, server },
      async (stage) => {
        const status = await stage.becomes('synchronized', null);
        expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
        const refusal = await stage.refusal();
        expect(refusal.rcode).toBe('SERVFAIL');
        expect(refusal.text).toMatch(/certificate ended on/);
        const { code, stdout } = await stage.server.run('explain');
        expect(code).toBe(0);
        expect(stdout).toMatch(/certificates are not valid, and it is not the clock/);
        expect(stage.asker.firstWorldMs).toBeNull();
        expect(house.unbound.queries()).toEqual([]);
      },
    );
  });
});
