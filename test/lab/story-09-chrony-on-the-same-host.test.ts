// Story 9. A resolver and chrony on one host, each depending on the other: chrony knows its servers by name only and
// resolv.conf sends it to us; our only source is that chrony. Both wake up in 1970. The names of time servers are
// answered while the clock is untrusted, so chrony finds its servers; it steps the clock of the host, and both are well.
// The chronyd of this story must not touch the machine's clock, so the story makes the step that it asks for.

import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { isRoot } from '../support/peers/packages.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { BACK_WITHIN_MS, play } from './story.ts';

/** What Debian's chrony.conf has. */
const POOL = '2.debian.pool.ntp.org';
const POOL_ADDRESSES = ['127.0.0.21', '127.0.0.22', '127.0.0.23'];
/** resolv.conf can name no port, so ours must be 53 here. */
const OURS = { address: '127.0.0.54', port: 53 };
/** Half a minute until chrony looks up again what it could not at first, then four questions two seconds apart (iburst). */
const CHRONY_SETTLES_MS = 50_000;
/** It asks each second and not each minute, so that the story is short. */
const POOL_OPTIONS = `iburst minpoll 0 maxpoll 0 maxsources ${POOL_ADDRESSES.length}`;
const NEAR_MS = 1_000;

describe.skipIf(!canPlay || !isRoot)('Story 9', () => {
  test('resolver and chrony on one host, each depending on the other', async () => {
    await using house = await House.open({
      records: POOL_ADDRESSES.map((address) => `${POOL}. 60 A ${address}`),
    });
    const port = await freePort();
    for (const address of POOL_ADDRESSES) await house.chronyd({ address, port });
    const clock = wrongClock(EPOCH);
    const chrony = await house.chronyd({
      clock,
      stratum: null,
      resolvConf: `nameserver ${OURS.address}\n`,
      lines: [`pool ${POOL} port ${port} ${POOL_OPTIONS}`, 'makestep 0.1 -1'],
    });
    const config = { upstreams: house.upstreams, time: { sources: [ntpSource(chrony, { trusted: true })] } };
    const server = { config, clock, addresses: [OURS.address], dnsPort: OURS.port };
    const story = {
      number: '9',
      title: 'resolver and chrony on one host, each depending on the other',
      server,
    };
    await play(story, async ({ world, becomes, asker, server: { run } }) => {
      const isStepping = () => chrony.log.some((line) => /System clock wrong by/.test(line));
      await eventually(isStepping, { withinMs: CHRONY_SETTLES_MS, what: 'a step of chrony' });
      clock.set('+0');
      await world(asker.elapsedMs + BACK_WITHIN_MS);
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      expect((await run('check')).code).toBe(0);
    });
  });
});
