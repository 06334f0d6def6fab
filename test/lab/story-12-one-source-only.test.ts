// Story 12. One source and no other: a pool by name, one server in the house, an upstream's Date because NTP is blocked, or
// nothing but the stamp. The clock says 1970. Each is enough to go by: names of the world resolve within five seconds, under
// certificates that are judged strictly at that time.

import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import { havePeers } from '../support/peers/packages.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { liveBefore } from './first-life.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

const DATE_NEAR_MS = 1_000;
const FOUR_HOURS_MS = 4 * 3_600_000;
const MINUTE_MS = 60_000;
const POOL = 'pool.time.example';
const POOL_ADDRESSES = ['127.0.0.31', '127.0.0.32', '127.0.0.33', '127.0.0.34'];

describe.skipIf(!canPlay)('Story 12, one source only', () => {
  test('a pool by name', async () => {
    await using house = await House.open({
      records: POOL_ADDRESSES.map((address) => `${POOL}. 60 A ${address}`),
    });
    const port = await freePort();
    for (const address of POOL_ADDRESSES) await house.chronyd({ address, port });
    const config = { upstreams: house.upstreams, time: { sources: [{ url: `ntp://${POOL}:${port}` }] } };
    const server = { config, clock: wrongClock(EPOCH) };
    const story = { number: '12', title: 'a pool by name alone', server, secrets: ['pool'] };
    await play(story, async ({ world, becomes }) => {
      await world();
      expect(Math.abs(errorMs(await becomes('synchronized', null)))).toBeLessThan(NEAR_MS);
    });
  });

  test('one server in the house', async () => {
    await using house = await House.open();
    const sources = [ntpSource(await house.chronyd())];
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '12', title: 'one local server alone', server }, async ({ world, becomes }) => {
      await world();
      expect(Math.abs(errorMs(await becomes('provisional', 'one-source')))).toBeLessThan(NEAR_MS);
    });
  });

  test.skipIf(!havePeers('dnsdist'))('NTP blocked and one DoH upstream', async () => {
    await using house = await House.open();
    const doh = await house.doh();
    const sources = [ntpSource(await house.hungChronyd())];
    const config = { upstreams: [doh.upstream], time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '12', title: 'one DoH upstream alone', server }, async ({ world, becomes }) => {
      await world();
      expect(Math.abs(errorMs(await becomes('provisional', 'one-source')))).toBeLessThan(DATE_NEAR_MS);
    });
  });

  test('nothing but a stamp', async () => {
    await using house = await House.open();
    const home = await liveBefore(house, '-4h');
    const config = { upstreams: house.upstreams, time: { sources: [] } };
    const server = { config, clock: wrongClock(EPOCH), home };
    await play(
      { number: '12', title: 'a stamp of four hours ago alone', server },
      async ({ world, becomes }) => {
        await world();
        const status = await becomes('provisional', 'stamp');
        expect(Math.abs(errorMs(status) + FOUR_HOURS_MS)).toBeLessThan(MINUTE_MS);
      },
    );
  });
});
