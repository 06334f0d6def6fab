// Certificates and the date: nothing is ordered before the time is known well enough, one order is placed once it is, and no
// step of the clock, before, after or in the middle of an order, makes it two. Only Noonmark's clock is wrong; the CA, the
// resolver behind and the zone have the true time.

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACME_PEERS, type AcmeHouse, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { isFull } from '../support/is-full.ts';
import { issuanceOf, SOON_MS, untilClockIs, untilSettled, untilWaiting } from '../support/issuances.ts';
import type { ConfigTree, Noonmark } from '../support/noonmark.ts';
import type { AcmeResource } from '../support/peers/acme-exchange.ts';
import { type Chronyd, startChronyd } from '../support/peers/chronyd.ts';
import { havePeers } from '../support/peers/packages.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { type UpstreamEntry, upstreamEntry } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const DAY_MS = 86_400_000;
const TRUE_TIME = '+0';
const EPOCH = '@1970-01-01 00:00:05';
const THIS_YEAR = new Date().getUTCFullYear();
/** Impossible; wrong and still within the certificate’s life; possible, and after its end. What the clock makes of each. */
const WRONG_TIMES = [
  ['1970', EPOCH, 'untrusted', undefined],
  ['+3 days', '+3d', 'provisional', undefined],
  ['2045', '@2045-01-01 00:00:00', 'provisional', 2045],
] as const;

/** The others take as long each. */
const SHORTLY = ['2045 certificate'];

describe.skipIf(!havePeers(...ACME_PEERS, 'chronyd', 'libfaketime'))('A certificate of a CA, where', () => {
  let house: AcmeHouse;
  let chronyd: Chronyd;
  /** Nobody is there: its certificate would bear witness against 2045. */
  let upstreams: readonly UpstreamEntry[];
  beforeAll(async () => {
    [house, chronyd] = await Promise.all([startAcmeHouse(), startChronyd()]);
    upstreams = [upstreamEntry(await freePort(), house.pki.rootFile)];
  });
  afterAll(async () => {
    await house?.[Symbol.asyncDispose]();
    await chronyd?.stop();
  });
  let before = { requests: 0, orders: 0, issued: 0 };
  afterEach(() => house.front.heal());

  const certificate = (): ConfigTree => ({
    names: [OWN_NAME],
    acme: { ...house.acme, challenge: 'http-01' },
  });
  /** What this CA has seen of it since the start of this server. */
  const seen = () => ({
    requests: house.front.requests.length - before.requests,
    orders: house.front.orders.length - before.orders,
    issued: house.pebble.issued().length - before.issued,
  });
  const start = async (time: string) => {
    before = { requests: 0, orders: 0, issued: 0 };
    before = seen();
    const clock = wrongClock(time);
    const noonmark = await house.start(certificate(), { env: clock.env, config: { upstreams } });
    return { noonmark, clock, stateDir: join(noonmark.directory, 'state') };
  };
  const timeSourceComes = (noonmark: Noonmark) => {
    const sources = [{ url: `ntp://127.0.0.1:${chronyd.port}`, trusted: true }];
    noonmark.writeConfig({ upstreams, certificate: certificate(), time: { sources } });
    noonmark.process.signal('SIGHUP');
  };
  const pinOf = async (noonmark: Noonmark) =>
    (await servedCertificate(noonmark.endpoint('DoT'), OWN_NAME)).pin;
  const expectOneOrder = async (stateDir: string) => {
    await untilSettled(stateDir);
    await eventually(() => seen().issued > 0, { what: "Pebble's log" });
    expect(seen()).toMatchObject({ orders: 1, issued: 1 });
  };

  test('the clock wakes up in 1970: the CA hears nothing until the time is known', async () => {
    const { noonmark, stateDir } = await start(EPOCH);
    await using _ = noonmark;
    const reason = await untilWaiting(stateDir, /the time is not known/);
    await noonmark.process.waitForLine((line) => line.includes(`a certificate waits: ${reason}`));
    expect(seen().requests).toBe(0);
    timeSourceComes(noonmark);
    await untilClockIs(stateDir, 'synchronized');
    await expectOneOrder(stateDir);
  });

  test('the clock wakes up in 2045, which is possible: the failure costs no time when a source comes', async () => {
    const { noonmark, stateDir } = await start('@2045-01-01 00:00:00');
    await using _ = noonmark;
    await untilWaiting(stateDir, /cannot be connected to/);
    await untilClockIs(stateDir, 'provisional', 2045);
    expect(seen()).toEqual({ requests: 0, orders: 0, issued: 0 });
    timeSourceComes(noonmark);
    await untilClockIs(stateDir, 'synchronized', THIS_YEAR);
    await expectOneOrder(stateDir);
  });

  test("nobody but the system clock vouches for the time: the CA's own Date has to", async () => {
    house.front.date(new Date(Date.now() - DAY_MS));
    const { noonmark, clock, stateDir } = await start(TRUE_TIME);
    await using _ = noonmark;
    await untilWaiting(stateDir, /over an hour apart/);
    house.front.date(null);
    clock.set('+5s'); // a step has it asked anew
    await untilWaiting(stateDir, /sent no date/);
    expect(seen()).toMatchObject({ orders: 0, issued: 0 });
    expect((await issuanceOf(stateDir)).isServed).toBe(false);
    house.front.date(undefined);
    clock.set(TRUE_TIME);
    await expectOneOrder(stateDir);
  });

  test('one is held, and the clock steps to and fro: it stays, and no other is ordered', async () => {
    const { noonmark, clock, stateDir } = await start(TRUE_TIME);
    await using _ = noonmark;
    await expectOneOrder(stateDir);
    const pin = await pinOf(noonmark);
    const renewed = ['+75 days', '+75d', 'provisional', undefined] as const;
    for (const [what, time, state, year] of [...WRONG_TIMES, renewed]) {
      clock.set(time);
      await untilClockIs(stateDir, state, year);
      if (what === '+75 days') await untilWaiting(stateDir, /over an hour apart/);
      expect(await pinOf(noonmark), what).toBe(pin);
      clock.set(TRUE_TIME);
      await untilClockIs(stateDir, 'provisional', THIS_YEAR);
      await expectOneOrder(stateDir);
      expect(await pinOf(noonmark), what).toBe(pin);
    }
  });

  /** The answer to `resource` is held back until the clock is wrong, and the clock is right once that order has stopped. */
  const cases = (['authorization', 'finalize', 'certificate'] as const).flatMap((resource) =>
    WRONG_TIMES.map((wrong) => [wrong[0], resource, wrong] as const),
  );
  const played = isFull ? cases : cases.filter(([year, resource]) => SHORTLY.includes(`${year} ${resource}`));
  test.each(played)(
    'the clock steps to %s while the answer to %s is under way: one order',
    async (...story) => {
      const [, resource, [, time, state, year]] = story;
      const { promise: isStepped, resolve: stepped } = Promise.withResolvers<void>();
      const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
      const unhook = house.front.onRequest(async (asked: AcmeResource, when) => {
        if (asked !== resource || when !== 'after') return;
        held();
        await isStepped;
      });
      const { noonmark, clock, stateDir } = await start(TRUE_TIME);
      await using _ = noonmark;
      await isHeld;
      clock.set(time);
      await untilClockIs(stateDir, state, year);
      stepped();
      const hasStopped = async () => (await issuanceOf(stateDir)).phase !== 'ordering';
      await eventually(hasStopped, { withinMs: SOON_MS, what: 'the end of that order' });
      clock.set(TRUE_TIME);
      await untilClockIs(stateDir, 'provisional', THIS_YEAR);
      await expectOneOrder(stateDir);
      unhook();
    },
  );
});
