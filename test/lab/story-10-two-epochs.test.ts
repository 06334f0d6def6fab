// Story 10. Two hosts in one house, each with a resolver and a chronyd that vouches for its clock, each the other's
// time source. Both wake up in 1970. Two epochs are no quorum: neither believes the other. When one honest server appears
// both follow it, and not each other.

import { describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { startServer, whenClockIs } from './server.ts';
import { BACK_WITHIN_MS, NEAR_MS, play } from './story.ts';

/** What chrony.conf(5) suggests for `local`. */
const ORPHAN_STRATUM = 10;
const WATCHED_MS = 20_000;

describe.skipIf(!canPlay)('Story 10', () => {
  test('two resolvers boot at the epoch, each the other’s time source', async () => {
    await using house = await House.open();
    const [oneClock, otherClock] = [wrongClock(EPOCH), wrongClock('@1970-01-01 00:00:09')];
    const one = await house.chronyd({ clock: oneClock, stratum: ORPHAN_STRATUM });
    const other = await house.chronyd({ clock: otherClock, stratum: ORPHAN_STRATUM });
    const honest = (await freePorts(3)).map((port) => ({ address: '127.0.0.1', port }));
    const configWith = (peer: { address: string; port: number }) => ({
      upstreams: house.upstreams,
      time: { sources: [peer, ...honest].map((source) => ntpSource(source)) },
    });
    await using twin = await startServer({ config: configWith(one), clock: otherClock });
    const server = { config: configWith(other), clock: oneClock };
    const story = { number: '10', title: 'two resolvers at the epoch, each the other’s source', server };
    await play(story, async ({ becomes, worldFromNow, asker }) => {
      await pause(WATCHED_MS);
      await becomes('untrusted', null);
      await whenClockIs(twin, 'untrusted', null, NEAR_MS);
      expect(asker.firstWorldMs).toBeNull();
      for (const { port } of honest) await house.chronyd({ port });
      await worldFromNow(BACK_WITHIN_MS);
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      await whenClockIs(twin, 'synchronized', null, BACK_WITHIN_MS);
    });
  });
});
