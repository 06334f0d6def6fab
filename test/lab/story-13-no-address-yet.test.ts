// Story 13. The machine wakes up in 1970 and the network is not there yet: its interface to the world has no address, so
// neither time servers nor upstream can be reached, and one of the addresses that it is to listen on does not exist.
// After twenty seconds DHCP brings it. Until then the house is served on the interface that it has; then the world comes,
// without a restart, and the new address answers too.

import { describe, expect, test } from 'vitest';
import { openUdp } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually, pause } from '../support/eventually.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { openNetwork } from './network.ts';
import { BACK_WITHIN_MS, NEAR_MS, play } from './story.ts';

const WITHOUT_ADDRESS_MS = 20_000;
const SERVERS = 3;
/** RFC 8914 Not Ready. */
const NOT_READY = 14;

describe.skipIf(!canPlay || !isRoot || !havePeers('ip', 'unshare'))('Story 13', () => {
  test('no address on the interface; it appears after 20 s', async () => {
    await using network = await openNetwork();
    const { here: address, there } = network.world;
    await using house = await House.open({ address });
    const allow = [`allow ${there}`, `allow ${address}`];
    const servers = Array.from({ length: SERVERS }, () => house.chronyd({ address, lines: allow }));
    const sources = (await Promise.all(servers)).map((chronyd) => ntpSource(chronyd));
    const server = {
      config: { upstreams: house.upstreams, time: { sources } },
      clock: wrongClock(EPOCH),
      network: network.file,
      addresses: [network.house.there, there, '127.0.0.1'],
    };
    const story = { number: '13', title: 'no address on the interface; it appears after 20 s', server };
    await play(story, async ({ refusal, worldFromNow, becomes, asker, server: { ports } }) => {
      expect(await refusal()).toMatchObject({ rcode: 'SERVFAIL', codes: [NOT_READY] });
      await pause(WITHOUT_ADDRESS_MS - asker.elapsedMs);
      expect(asker.firstWorldMs).toBeNull();
      await network.bringAddress();
      await worldFromNow(BACK_WITHIN_MS);
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      const client = await openUdp({ address: there, port: ports.dns });
      const isAnswered = async () => {
        const reply = await client.ask(makeQuery(INTERNAL_NAME));
        return reply !== null && readReply(reply).answers[0] === `A ${INTERNAL_ADDRESS}`;
      };
      await eventually(isAnswered, { what: 'an answer at the new address' });
      client.close();
    });
  });
});
