// Story 3. The clock says 1970, every time server is dead and nothing was ever written down. Nothing can be known, so
// nothing is pretended: internal names go on, a name of the world gets SERVFAIL with EDE 14 and the reason, and the one
// thing that leaves the house is the search for time: the names of time servers, asked of the upstream over
// TLS that is judged at the one instant its own certificate names. Then a server comes back.
//
// Story 3b. The same, but four hours ago there was agreement, and it was written down. The upstream's certificate holds
// at that instant as it does now, so the world is there at once.

import { describe, expect, test } from 'vitest';
import { openUdp } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { liveBefore } from './first-life.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { BACK_WITHIN_MS, play, type Stage } from './story.ts';

/** RFC 8914. */
const NOT_READY = 14;
const HOUR_MS = 3_600_000;
const NEAR_MS = 60_000;
/** In the configuration, and on the list in the source. */
const TIME_SERVERS = ['time.house.example', 'time.cloudflare.com'];
const TIME_ADDRESS = '127.0.0.14';

describe.skipIf(!canPlay)('Story 3', () => {
  test('everything dead and no stamp; then a time server returns', async () => {
    await using house = await House.open({
      records: TIME_SERVERS.map((name) => `${name}. 60 A ${TIME_ADDRESS}`),
    });
    const port = await freePort();
    const sources = [ntpSource({ address: '127.0.0.1', port }), { url: `ntp://${TIME_SERVERS[0]}:${port}` }];
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    const story = { number: '3', title: 'everything dead, no stamp; a time server returns', server };
    await play({ ...story, secrets: TIME_SERVERS }, async (stage) => {
      const { clock, degraded } = await stage.becomes('untrusted', null);
      expect(clock.reason).not.toBe('');
      expect(degraded).not.toEqual([]);
      expect(await stage.refusal()).toMatchObject({ rcode: 'SERVFAIL', codes: [NOT_READY] });
      for (const name of TIME_SERVERS) {
        const isAnswered = async () => (await ask(stage, name))[0] === `A ${TIME_ADDRESS}`;
        await eventually(isAnswered, { what: name });
      }
      expect(stage.asker.firstWorldMs).toBeNull();
      await house.chronyd({ port });
      await stage.worldFromNow(BACK_WITHIN_MS);
      await stage.becomes('provisional', 'one-source');
    });
  });

  test('3b: everything dead but a stamp of four hours ago and the upstream', async () => {
    await using house = await House.open();
    const home = await liveBefore(house, '-4h');
    const sources = [ntpSource({ address: '127.0.0.1', port: await freePort() })];
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH), home };
    const story = { number: '3b', title: 'everything dead but a stamp of four hours ago', server };
    await play(story, async (stage) => {
      await stage.world();
      const status = await stage.becomes('provisional', 'stamp');
      expect(Math.abs(errorMs(status) + 4 * HOUR_MS)).toBeLessThan(NEAR_MS);
    });
  });
});

async function ask(stage: Stage, name: string): Promise<readonly string[]> {
  const client = await openUdp({ address: '127.0.0.1', port: stage.server.ports.dns });
  const reply = await client.ask(makeQuery(name));
  client.close();
  return reply === null ? [] : readReply(reply).answers;
}
