// Story 6. Some time servers lie. One of four is outvoted. Two of four make a tie, in which nobody wins: the clock is never
// synchronized by it, and nothing is written down. An attacker on the path moves all plain NTP by a year, while a keyed
// server and the Date of an HTTPS upstream tell the truth: they decide. With nothing authenticated the attacker has
// the clock as far as the upstreams' certificates reach, and no further: here it is shown how far that is.

import { describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import type { Chronyd } from '../support/peers/chronyd.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { hasStamp } from './first-life.ts';
import { DAY_MS, EPOCH, errorMs, House, makeKey, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

const DATE_NEAR_MS = 1_000;
const MINUTE_MS = 60_000;
/** A few rounds of an unsettled clock. */
const WATCHED_MS = 20_000;
/** RFC 8914 Not Ready. */
const NOT_READY = 14;
/** Beside it, since certificates speak against every time there is. */
const NETWORK_ERROR = 23;

const sourcesOf = (chronyds: readonly Chronyd[]) => chronyds.map((chronyd) => ntpSource(chronyd));

describe.skipIf(!canPlay)('Story 6', () => {
  test.each([
    ['an hour', '+1h'],
    ['a year', '+365d'],
    ['two seconds', '+2s'],
  ])('one liar of four, by %s: it is outvoted and named', async (by, time) => {
    await using house = await House.open();
    const sources = sourcesOf([...(await house.chronyds(3)), ...(await house.chronyds(1, time))]);
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: `one liar of four, by ${by}`, server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      expect(status.clock.sources.map(({ kept }) => kept)).toEqual([true, true, true, false]);
    });
  });

  test('two liars of four, by a year: no majority, and the certificates tell which two they are', async () => {
    await using house = await House.open();
    const sources = sourcesOf([...(await house.chronyds(2, '+365d')), ...(await house.chronyds(2))]);
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: 'two liars of four, by a year', server }, async (stage) => {
      await stage.world();
      const status = await stage.becomes('provisional', 'one-source');
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
    });
  });

  test('two liars of four, by an hour: nobody wins, nothing is written down', async () => {
    await using house = await House.open();
    const sources = sourcesOf([...(await house.chronyds(2, '+1h')), ...(await house.chronyds(2))]);
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: 'two liars of four, by an hour', server }, async (stage) => {
      await stage.becomes('provisional', 'one-source');
      await pause(WATCHED_MS);
      await stage.becomes('provisional', 'one-source');
      expect(hasStamp(stage.server.home)).toBe(false);
    });
  });

  test('all plain NTP moved by a year, a keyed server and HTTPS tell the truth', async () => {
    await using house = await House.open();
    const key = makeKey();
    const doh = await house.doh();
    const keyed = await house.chronyd({ keys: key.line });
    const moved = await house.chronyds(4, '+365d');
    const sources = [...sourcesOf(moved), ntpSource(keyed, { key: key.entry })];
    const config = { upstreams: [...house.upstreams, doh.upstream], time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    const title = 'all plain NTP moved by a year, a key and HTTPS against it';
    await play({ number: '6', title, server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(DATE_NEAR_MS);
      expect(
        status.clock.sources.filter(({ kept }) => kept).every(({ authenticated }) => authenticated),
      ).toBe(true);
    });
  });

  test('all plain NTP moved by a year and nothing authenticated: the certificates refuse it', async () => {
    await using house = await House.open();
    const sources = sourcesOf(await house.chronyds(4, '+365d'));
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    const title = 'all plain NTP moved by a year, nothing authenticated';
    await play({ number: '6', title, server }, async ({ becomes, refusal, asker, server: { home } }) => {
      await becomes('untrusted', null);
      await pause(WATCHED_MS);
      const { clock } = await becomes('untrusted', null);
      expect(clock.reason).toMatch(/certificate/);
      expect(await refusal()).toMatchObject({ rcode: 'SERVFAIL', codes: [NOT_READY, NETWORK_ERROR] });
      expect(asker.firstWorldMs).toBeNull();
      expect(hasStamp(home)).toBe(false);
    });
  });

  test('the bound of that: moved within the life of the certificates, it is believed', async () => {
    const LIFE_DAYS = 90;
    const MOVED_DAYS = 80;
    await using house = await House.open({
      certificate: { notAfter: new Date(Date.now() + LIFE_DAYS * DAY_MS) },
    });
    const sources = sourcesOf(await house.chronyds(4, `+${MOVED_DAYS}d`));
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    const title = `all plain NTP moved by ${MOVED_DAYS} of the certificates' ${LIFE_DAYS} days`;
    await play({ number: '6', title, server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status) - MOVED_DAYS * DAY_MS)).toBeLessThan(MINUTE_MS);
    });
  });

  test('the year is 2040: NTP timestamps have wrapped, and the floor tells the era', async () => {
    const YEAR_2040 = '@2040-03-01 00:00:00';
    const at = Date.parse('2040-03-01T00:00:00Z');
    await using house = await House.open({ at });
    const sources = sourcesOf(await house.chronyds(3, YEAR_2040));
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play(
      { number: '6', title: 'the year is 2040, NTP is in its second era', server },
      async (stage) => {
        await stage.world();
        const { clock } = await stage.becomes('synchronized', null);
        expect(clock.now?.slice(0, 7)).toBe('2040-03');
      },
    );
  });
});
