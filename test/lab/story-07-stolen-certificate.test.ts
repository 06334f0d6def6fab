// Story 7. The clock says 1970, and the attacker on the path holds a certificate of the upstream that was genuine once, was
// stolen and has expired (reliability row 17). He stands in for the upstream and leads the names of time servers to a server of his
// own, which says a time at which his certificate was good. How far he gets:
// not at all when it expired before this release, nor when one honest authenticated source is heard, nor beyond the life
// of that certificate; alone as far as `provisional`, never written down; with a majority of the plain sources, anywhere
// within that life, which is the bound that docs/threat-model.md states.

import { describe, expect, test } from 'vitest';
import { HARD_FLOOR_MS } from '../../src/clock/hard-floor.ts';
import { pause } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { hasStamp } from './first-life.ts';
import { at, DAY_MS, EPOCH, errorMs, House, makeKey, ntpSource } from './house.ts';
import { play } from './story.ts';

const TIME_SERVER = 'time.house.example';
/** He has as many servers as a majority takes. */
const ATTACKERS = ['127.0.0.66', '127.0.0.67', '127.0.0.68'];
const MINUTE_MS = 60_000;
/** A few rounds of an unsettled clock. */
const WATCHED_MS = 20_000;

/** The attacker's house: his upstream with the stolen certificate, his time servers that say `says`. */
async function attack(dates: readonly [number, number, number], attackers = ATTACKERS.slice(0, 1)) {
  const [notBefore, notAfter, says] = dates;
  const certificate = { notBefore: new Date(notBefore), notAfter: new Date(notAfter) };
  const house = await House.open({
    certificate,
    records: attackers.map((address) => `${TIME_SERVER}. 60 A ${address}`),
  });
  const port = await freePort();
  const clock = wrongClock(at(says));
  for (const address of attackers) await house.chronyd({ address, port, clock });
  return { house, sources: [{ url: `ntp://${TIME_SERVER}:${port}` }] };
}

/** A certificate that outlived the release and did not live to see today. */
const sinceRelease = () => {
  const ageMs = Date.now() - HARD_FLOOR_MS;
  return [HARD_FLOOR_MS - 60 * DAY_MS, HARD_FLOOR_MS + ageMs / 2, HARD_FLOOR_MS + ageMs / 4] as const;
};

describe.skipIf(!canPlay)('Story 7, a stolen, expired, once genuine certificate', () => {
  test('expired before this release: it is refused, and not one query is sent', async () => {
    const dates = [HARD_FLOOR_MS - 100 * DAY_MS, HARD_FLOOR_MS - DAY_MS, HARD_FLOOR_MS + MINUTE_MS] as const;
    const { house, sources } = await attack(dates);
    await using _ = house;
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '7', title: 'stolen, expired before the release', server }, async (stage) => {
      await stage.becomes('untrusted', null);
      await pause(WATCHED_MS);
      await stage.becomes('untrusted', null);
      expect(house.unbound.queries()).toEqual([]);
    });
  });

  test('expired after it, one honest authenticated source: it is refused', async () => {
    const { house, sources } = await attack(sinceRelease());
    await using _ = house;
    const key = makeKey();
    const honest = ntpSource(await house.chronyd({ keys: key.line }), { key: key.entry });
    const config = { upstreams: house.upstreams, time: { sources: [...sources, honest] } };
    const server = { config, clock: wrongClock(EPOCH) };
    const title = 'stolen, expired since, one honest authenticated source';
    await play({ number: '7', title, server }, async ({ becomes, asker, server: { home, status } }) => {
      await pause(WATCHED_MS);
      const { clock } = await status();
      await becomes(clock.state, clock.basis);
      if (clock.now !== null) expect(Math.abs(errorMs({ clock }))).toBeLessThan(MINUTE_MS);
      expect(asker.firstWorldMs).toBeNull();
      expect(hasStamp(home)).toBe(false);
    });
  });

  test('expired after it, nobody honest heard, one time server of his: provisional at most, never written down', async () => {
    const { house, sources } = await attack(sinceRelease());
    await using _ = house;
    const server = { config: { upstreams: house.upstreams, time: { sources } }, clock: wrongClock(EPOCH) };
    const title = 'stolen, expired since, nobody honest, one time server of his';
    await play({ number: '7', title, server }, async (stage) => {
      await stage.world();
      await pause(WATCHED_MS);
      await stage.becomes('provisional', 'one-source');
      expect(hasStamp(stage.server.home)).toBe(false);
    });
  });

  test('nobody honest heard, three plain servers of his: within the life of the certificate, that is the bound', async () => {
    const dates = sinceRelease();
    const { house, sources } = await attack(dates, ATTACKERS);
    await using _ = house;
    const server = { config: { upstreams: house.upstreams, time: { sources } }, clock: wrongClock(EPOCH) };
    const title = 'stolen, expired since, nobody honest, three plain servers of his';
    await play({ number: '7', title, server }, async (stage) => {
      await stage.world();
      const { clock } = await stage.becomes('synchronized', null);
      const [notBefore, notAfter] = dates;
      expect(Date.parse(clock.now!)).toBeGreaterThan(Math.max(notBefore, HARD_FLOOR_MS));
      expect(Date.parse(clock.now!)).toBeLessThan(notAfter);
    });
  });

  test('three plain servers of his that say a time after its end: he is caught in his own lie', async () => {
    const [notBefore, notAfter] = sinceRelease();
    const { house, sources } = await attack([notBefore, notAfter, notAfter + 30 * MINUTE_MS], ATTACKERS);
    await using _ = house;
    const server = { config: { upstreams: house.upstreams, time: { sources } }, clock: wrongClock(EPOCH) };
    const title = 'stolen, and three plain servers that say a time after its end';
    await play({ number: '7', title, server }, async (stage) => {
      await pause(WATCHED_MS);
      await stage.becomes('untrusted', null);
      expect(stage.asker.firstWorldMs).toBeNull();
      expect(hasStamp(stage.server.home)).toBe(false);
    });
  });
});
