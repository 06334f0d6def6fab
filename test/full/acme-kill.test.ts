// kill -9 at every step of an order, before and after the CA has acted, and at moments that nobody has chosen.
// One certificate is made in all of them, always: key and URL of an order are on disk before its certificate is asked for.

import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACME_PEERS, type AcmeHouse, startAcmeHouse } from '../support/acme-house.ts';
import { killAt, STEPS, surviveKill } from '../support/acme-kills.ts';
import { pause } from '../support/eventually.ts';
import { havePeers } from '../support/peers/packages.ts';

const RANDOM_KILLS = 30;
/** From the first look, half a second after the start, to the certificate's place on disk. */
const ORDER_WITHIN_MS = 2_500;

describe.skipIf(!havePeers(...ACME_PEERS))('A server that is killed', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse({ front: { renewalInfo: false }, pebble: { nonceRejectPercent: 0 } });
  });
  afterAll(() => house?.[Symbol.asyncDispose]());

  const kills = STEPS.flatMap((step) => [[step, 'before'] as const, [step, 'after'] as const]);
  test.each(kills)('at %s, %s the CA has acted, gets one certificate in all', async (step, when) => {
    const { orders } = await surviveKill(house, killAt(house, step, when));
    // One more where the URL was lost with the answer, and where the CA has found nobody at the name.
    const isLost = step === 'newOrder' && when === 'after';
    const isUnseen = step === 'challenge' && when === 'after';
    expect(isUnseen ? [1, 2] : [isLost ? 2 : 1]).toContain(orders);
  });

  test(`${RANDOM_KILLS} times at random gets one certificate in all each time`, async () => {
    for (let time = 1; time <= RANDOM_KILLS; time += 1) {
      await surviveKill(house, async (noonmark) => {
        await pause(randomInt(ORDER_WITHIN_MS));
        noonmark.process.signal('SIGKILL');
      });
    }
  });
});
