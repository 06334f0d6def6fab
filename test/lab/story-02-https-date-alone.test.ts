// Story 2. The clock says 1970 and every NTP server is dead, or NTP is blocked. A DoH upstream is alive, and the Date of its
// answers, under a certificate that is judged again at that very date, is the only evidence. It is enough.

import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import { havePeers } from '../support/peers/packages.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { play } from './story.ts';

/** A Date has whole seconds. */
const DATE_NEAR_MS = 1_000;
const DEAD_SERVERS = 3;

describe.skipIf(!canPlay || !havePeers('dnsdist'))('Story 2', () => {
  test('every NTP source dead, a DoH upstream alive', async () => {
    await using house = await House.open();
    const doh = await house.doh();
    const ports = await Promise.all(Array.from({ length: DEAD_SERVERS }, () => freePort()));
    const sources = ports.map((port) => ntpSource({ address: '127.0.0.1', port }));
    const config = { upstreams: [doh.upstream], time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    const story = { number: '2', title: 'every NTP source dead, a DoH upstream alive', server };
    await play(story, async ({ world, becomes }) => {
      await world();
      const status = await becomes('provisional', 'one-source');
      expect(Math.abs(errorMs(status))).toBeLessThan(DATE_NEAR_MS);
      expect(status.clock.sources.some(({ authenticated, kept }) => authenticated && kept)).toBe(true);
    });
  });
});
