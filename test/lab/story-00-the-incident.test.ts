// Story 0. The incident itself. Two DNS servers without a battery-backed clock and one GPS time server lost power for
// four hours; the GPS server hung at boot. Their two chrony configurations, translated line by line:
//
//   dns1   server 192.168.1.13 key 1 prefer      dns2   server 192.168.1.13 key 1 prefer
//          pool time.operator.example                   server A, server B, server C (of that operator)
//
// Each is played with the GPS server alive, with the GPS server dead (what happened), and with the internet's dead.
// In the first the pool is a name, which can only be looked up through ourselves.

import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-ports.ts';
import type { Chronyd } from '../support/peers/chronyd.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, makeKey, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

const POOL = 'time.operator.example';
/** The operator's three servers share a port, since a name leads to addresses only. */
const OPERATOR_ADDRESSES = ['127.0.0.11', '127.0.0.12', '127.0.0.13'];

type Part = 'the GPS server' | "the internet's servers";

describe.skipIf(!canPlay)('Story 0, the incident', () => {
  describe.each(['a pool by name', 'three servers by address'] as const)('with %s', (form) => {
    test.each<[string, Part | null, string, string | null]>([
      ['everything alive', null, 'synchronized', null],
      ['the GPS server dead', 'the GPS server', 'synchronized', null],
      ["the internet's servers dead", "the internet's servers", 'provisional', 'one-source'],
    ])('%s', async (title, dead, state, basis) => {
      const records = OPERATOR_ADDRESSES.map((address) => `${POOL}. 60 A ${address}`);
      await using house = await House.open({ records });
      const key = makeKey();
      const gps =
        dead === 'the GPS server'
          ? await house.hungChronyd()
          : await house.chronyd({ keys: key.line, stratum: 1 });
      const port = await freePort();
      if (dead !== "the internet's servers") await operator(house, port);
      const internet =
        form === 'a pool by name'
          ? [{ url: `ntp://${POOL}:${port}` }]
          : OPERATOR_ADDRESSES.map((address) => ntpSource({ address, port }));
      const sources = [ntpSource(gps, { key: key.entry, prefer: true }), ...internet];
      const config = { upstreams: house.upstreams, time: { sources } };
      const server = { config, clock: wrongClock(EPOCH) };
      await play({ number: '0', title: `${form}, ${title}`, server, secrets: [POOL] }, async (stage) => {
        await stage.world();
        const status = await stage.becomes(state, basis);
        expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      });
    });
  });
});

function operator(house: House, port: number): Promise<Chronyd[]> {
  return Promise.all(OPERATOR_ADDRESSES.map((address) => house.chronyd({ address, port })));
}
