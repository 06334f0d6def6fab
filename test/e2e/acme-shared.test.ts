// Two servers of one house with one certs_dir between them: one of them orders, both serve; and what one leaves behind when
// it dies in the middle, the other takes up.

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACME_PEERS, type AcmeHouse, OWN_NAME, rfc2136, startAcmeHouse } from '../support/acme-house.ts';
import { eventually } from '../support/eventually.ts';
import { ageLedger, renewNow, SOON_MS, untilSettled } from '../support/issuances.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const DAY_MS = 86_400_000;

describe.skipIf(!havePeers(...ACME_PEERS))('Two servers that share a directory', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse();
  });
  afterAll(() => house?.[Symbol.asyncDispose]());
  let certsDir: string;
  let before = { orders: 0, issued: 0 };
  beforeEach(() => {
    certsDir = join(temporaryDirectory('certs'), 'certs');
    before = { orders: house.front.orders.length, issued: house.pebble.issued().length };
  });

  const seen = () => ({
    orders: house.front.orders.length - before.orders,
    issued: house.pebble.issued().length - before.issued,
  });
  const options = () => ({
    certificate: { names: [OWN_NAME], acme: { ...house.acme, dns: rfc2136(house) } },
    config: { certs_dir: certsDir },
  });
  /** The one that the CA asks for names. */
  const startFirst = () => house.start(options().certificate, { config: options().config });
  const startSecond = () => {
    const { certificate, config } = options();
    return startNoonmark({ config: { upstreams: house.upstreams, certificate, ...config } });
  };
  const stateOf = ({ directory }: Noonmark) => join(directory, 'state');
  const pinOf = async (noonmark: Noonmark) =>
    (await servedCertificate(noonmark.endpoint('DoT'), OWN_NAME)).pin;
  const expectSeen = async (count: number) => {
    await eventually(() => seen().issued >= count, { what: "Pebble's log" });
    expect(seen()).toEqual({ orders: count, issued: count });
  };

  test('place one order, and one renewal, and both serve the same', async () => {
    const [first, second] = await Promise.all([startFirst(), startSecond()]);
    await using _ = first;
    await using __ = second;
    await Promise.all([untilSettled(stateOf(first)), untilSettled(stateOf(second))]);
    const pin = await pinOf(first);
    expect(await pinOf(second)).toBe(pin);
    await expectSeen(1);

    ageLedger(certsDir, 2 * DAY_MS);
    expect(await renewNow(stateOf(first), OWN_NAME)).toContain('A new certificate is served');
    const renewed = await pinOf(first);
    expect(renewed).not.toBe(pin);
    const hasFollowed = async () => (await pinOf(second)) === renewed;
    await eventually(hasFollowed, { withinMs: SOON_MS, what: 'the new one at the other' });
    await Promise.all([untilSettled(stateOf(first)), untilSettled(stateOf(second))]);
    await expectSeen(2);
  });

  test('lose one by kill -9 in the middle of an order, and the other takes that order up', async () => {
    const { promise: isHeld, resolve: held } = Promise.withResolvers<void>();
    const { promise: isDead, resolve: dead } = Promise.withResolvers<void>();
    const unhook = house.front.onRequest((resource, when) => {
      if (resource !== 'authorization' || when !== 'before') return undefined;
      held();
      return isDead;
    });
    const second = await startSecond();
    await isHeld;
    await using first = await startFirst();
    second.process.signal('SIGKILL');
    await second.process.ended;
    unhook();
    dead();
    await untilSettled(stateOf(first));
    await expectSeen(1);
    await second.stop();
  });
});
