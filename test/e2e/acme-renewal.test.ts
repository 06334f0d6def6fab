// A certificate's later life: renewed when its CA says so (RFC 9773), under clients that stay connected; several of them by
// SNI; taken over from another client; and gone with its directory at each start.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ACME_PEERS, type AcmeHouse, OTHER_NAME, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import { type Client, openDoh, openDot } from '../support/dns-client.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { isFull } from '../support/is-full.ts';
import {
  ageLedger,
  issuanceOf,
  renewNow,
  SOON_MS,
  untilSettled,
  untilWaiting,
} from '../support/issuances.ts';
import { type ConfigTree, INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark } from '../support/noonmark.ts';
import type { AcmeResource } from '../support/peers/acme-exchange.ts';
import type { Recommendation } from '../support/peers/acme-front-renewal.ts';
import { havePeers } from '../support/peers/packages.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PEM_BLOCK = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n/g;
const FILES_NAME = 'nas.home.example';

const fromNow = (ms: number) => new Date(Date.now() + ms);
const window = (startMs: number, endMs: number): Recommendation => ({
  start: fromNow(startMs),
  end: fromNow(endMs),
});
/** It is over: renew now. */
const PAST = window(-2 * HOUR_MS, -HOUR_MS);
/** Null: the question fails. The first three are asked for in short runs. */
const REFUSED: readonly (readonly [string, Recommendation | null])[] = [
  ['in a month', window(30 * DAY_MS, 31 * DAY_MS)],
  ['of 1970', { start: '1970-01-01T00:00:00Z', end: '1970-01-02T00:00:00Z' }],
  ['that fails', null],
  ['that ends before it begins', window(HOUR_MS, -HOUR_MS)],
  ['longer than the life of the certificate', window(-HOUR_MS, 400 * DAY_MS)],
  ['that begins after the certificate', window(91 * DAY_MS, 92 * DAY_MS)],
  ['without dates', { start: 'soon', end: 'later' }],
];

describe.skipIf(!havePeers(...ACME_PEERS, 'libfaketime'))('A certificate of a CA', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse();
  });
  afterAll(() => house?.[Symbol.asyncDispose]());
  /** Of one server over all its lives. */
  let certsDir: string;
  let stateDir: string;
  let before = { orders: 0, certIds: 0 };
  const makeHome = () => {
    certsDir = join(temporaryDirectory('certs'), 'certs');
    stateDir = temporaryDirectory('state');
  };
  beforeEach(() => {
    makeHome();
    before = { orders: house.front.orders.length, certIds: house.front.certIds().length };
  });
  afterEach(() => house.front.heal());

  const ordersSince = () => house.front.orders.slice(before.orders);
  const certIdsSince = () => house.front.certIds().slice(before.certIds);
  const http01 = () => ({ ...house.acme, challenge: 'http-01' });
  const start = (
    certificate: ConfigTree = { names: [OWN_NAME], acme: http01() },
    env: NodeJS.ProcessEnv = {},
  ) => house.start(certificate, { env, config: { certs_dir: certsDir, state_dir: stateDir } });
  const pinOf = async (noonmark: Noonmark, name = OWN_NAME) =>
    (await servedCertificate(noonmark.endpoint('DoT'), name)).pin;
  /** The hook's requests wait until the result is called. */
  const holdBack = (resource: AcmeResource) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unhook = house.front.onRequest((asked, when) =>
      asked === resource && when === 'before' ? promise : undefined,
    );
    return () => {
      unhook();
      resolve();
    };
  };
  const answerOn = async (client: Client) => {
    const reply = await client.ask(makeQuery(INTERNAL_NAME, 'A'));
    return reply === null ? null : readReply(reply).answers;
  };

  test('is renewed in its window, once, and nobody who is connected notices', async () => {
    {
      await using _ = await start();
      await untilSettled(stateDir);
    }
    ageLedger(certsDir, 2 * DAY_MS);
    house.front.recommend(PAST);
    const [certId] = certIdsSince();
    const goOn = holdBack('renewalInfo');
    await using second = await start();
    const pin = await pinOf(second);
    const trust = { ca: readFileSync(house.pebble.rootFile, 'utf8'), name: OWN_NAME };
    const clients = [
      await openDot(second.endpoint('DoT'), trust),
      await openDoh(second.endpoint('DoH'), trust),
    ];
    for (const client of clients) expect(await answerOn(client)).toEqual([`A ${INTERNAL_ADDRESS}`]);
    goOn();
    const isNew = async () => (await pinOf(second)) !== pin;
    await eventually(isNew, { withinMs: SOON_MS, what: 'another certificate' });
    for (const client of clients) {
      expect(await answerOn(client)).toEqual([`A ${INTERNAL_ADDRESS}`]);
      client.close();
    }
    await untilSettled(stateDir);
    expect(ordersSince()).toMatchObject([{ status: 201 }, { status: 201, replaces: certId }]);
  });

  test('is not renewed for a window that is far away, makes no sense or cannot be had', async () => {
    let pin: string;
    {
      await using first = await start();
      await untilSettled(stateDir);
      pin = await pinOf(first);
    }
    ageLedger(certsDir, 2 * DAY_MS);
    const asked = () => house.front.requests.filter(({ resource }) => resource === 'renewalInfo').length;
    for (const [what, recommendation] of isFull ? REFUSED : REFUSED.slice(0, 3)) {
      house.front.heal();
      if (recommendation === null) house.front.fail('renewalInfo', { status: 500 });
      else house.front.recommend(recommendation);
      const askedBefore = asked();
      await using noonmark = await start(); // the CA is asked at each start
      await eventually(() => asked() > askedBefore, {
        withinMs: SOON_MS,
        what: 'a question about the window',
      });
      await untilSettled(stateDir);
      expect(ordersSince(), what).toHaveLength(1);
      expect(await pinOf(noonmark), what).toBe(pin);
    }
  });

  test('is one of several: each name is shown its own, and who asks for another the first', async () => {
    const { certificateFile, keyFile, pin } = house.pki.issue({ names: [FILES_NAME] });
    const further = [
      { names: [OTHER_NAME], acme: {} },
      { names: [FILES_NAME], files: { certificate: certificateFile, key: keyFile } },
    ];
    const goOn = holdBack('newOrder');
    await using noonmark = await start({ names: [OWN_NAME], acme: http01(), more: further });
    const namesShown = async (name: string) =>
      (await servedCertificate(noonmark.endpoint('DoT'), name)).names.split(', ');
    const localCa = await pinOf(noonmark);
    for (const name of [OTHER_NAME, 'unknown.example', '']) expect(await pinOf(noonmark, name)).toBe(localCa);
    expect(await pinOf(noonmark, FILES_NAME)).toBe(pin);
    goOn();
    await untilSettled(stateDir);
    for (const name of [OWN_NAME, 'unknown.example', '']) {
      expect(await namesShown(name)).toEqual([`DNS:${OWN_NAME}`]);
    }
    expect(await namesShown(OTHER_NAME)).toEqual([`DNS:${OTHER_NAME}`]);
    expect(await pinOf(noonmark, FILES_NAME)).toBe(pin);
    expect(ordersSince()).toHaveLength(2);
  });

  test('is taken over from certbot, and ordered when two thirds of its life are over', async () => {
    let pin: string;
    {
      await using giver = await start();
      await untilSettled(stateDir);
      pin = await pinOf(giver);
    }
    const certbot = temporaryDirectory('certbot');
    const lineage = join(certbot, 'live', OWN_NAME);
    mkdirSync(lineage, { recursive: true });
    const place = join(certsDir, 'acme/certificates');
    const [file] = readdirSync(place).filter((name) => name.endsWith('.pem'));
    const blocks = readFileSync(join(place, file!), 'utf8').match(PEM_BLOCK)!;
    const isKey = (block: string) => block.includes('PRIVATE KEY');
    writeFileSync(join(lineage, 'privkey.pem'), blocks.filter(isKey).join(''), { mode: 0o600 });
    writeFileSync(join(lineage, 'fullchain.pem'), blocks.filter((block) => !isKey(block)).join(''));

    makeHome();
    const certificate = { names: [OWN_NAME], acme: { ...http01(), take_over: certbot } };
    {
      await using taker = await start(certificate);
      expect(await pinOf(taker)).toBe(pin);
      await untilSettled(stateDir);
      expect(ordersSince()).toHaveLength(1);
    }
    const old = house.pki.issue({
      names: [OWN_NAME],
      notBefore: fromNow(-70 * DAY_MS),
      notAfter: fromNow(20 * DAY_MS),
    });
    cpSync(old.certificateFile, join(lineage, 'fullchain.pem'));
    cpSync(old.keyFile, join(lineage, 'privkey.pem'));
    const goOn = holdBack('newOrder');
    await using renewer = await start(certificate);
    expect(await pinOf(renewer)).toBe(old.pin);
    goOn();
    const isNew = async () => (await pinOf(renewer)) !== old.pin;
    await eventually(isNew, { withinMs: SOON_MS, what: 'one of our own' });
    await untilSettled(stateDir);
    const placed = ordersSince().filter(({ status }) => status === 201);
    expect(placed, 'of which one is the giver’s').toHaveLength(2);
  });

  test('is not ordered at each start of a server that loses it', async () => {
    {
      await using _ = await start();
      await untilSettled(stateDir);
    }
    rmSync(certsDir, { recursive: true });
    await using again = await start();
    const reason = await untilWaiting(stateDir, /found empty more than once within a day/);
    await again.process.waitForLine((line) => line.includes('"warn"') && line.includes('give it a volume'));
    expect(reason).toContain(fromNow(HOUR_MS).toISOString().slice(0, 10));
    expect((await servedCertificate(again.endpoint('DoT'), OWN_NAME)).names).toContain('localhost');
    expect(ordersSince()).toHaveLength(1);
    expect(await renewNow(stateDir, OWN_NAME)).toContain('A new certificate is served');
    expect((await issuanceOf(stateDir)).isServed).toBe(true);
    expect(ordersSince()).toHaveLength(2);
  });
});
