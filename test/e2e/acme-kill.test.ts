// Killed in the middle of an order, where it matters most: what test/full/acme-kill.test.ts does at every step.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACME_PEERS, type AcmeHouse, startAcmeHouse } from '../support/acme-house.ts';
import { killAt, surviveKill } from '../support/acme-kills.ts';
import { havePeers } from '../support/peers/packages.ts';

describe.skipIf(!havePeers(...ACME_PEERS))('A server that is killed when the CA has', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse({ front: { renewalInfo: false }, pebble: { nonceRejectPercent: 0 } });
  });
  afterAll(() => house?.[Symbol.asyncDispose]());

  test.each([
    // The order's URL was lost with the answer: that order ends unused, without a certificate.
    ['placed the order', 'newOrder', 2],
    ['made the certificate', 'finalize', 1],
    ['sent the certificate', 'certificate', 1],
  ] as const)('%s gets that one certificate when it starts again', async (_when, step, orders) => {
    expect(await surviveKill(house, killAt(house, step, 'after'))).toEqual({ orders });
  });
});
