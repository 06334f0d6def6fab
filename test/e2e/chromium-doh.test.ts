// Chromium with our DoH template set, by the name in our certificate, loading pages that only DNS can lead it to. From its
// network there is a way to this machine and no further. Its resolv.conf points at a plain resolver that writes down what
// it hears, so that a way around us would work and be seen.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetwork } from '../lab/network.ts';
import { type Noonmark, SERVER_NAME, startNoonmark } from '../support/noonmark.ts';
import { newBrowser } from '../support/peers/chromium.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { type PlainWitness, startPlainWitness } from '../support/peers/plain-witness.ts';
import { startSignedWorld, WORLD } from '../support/peers/signed-world.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

const peers = ['chromium', 'certutil', 'unbound', 'ldns-signzone', 'unshare', 'ip', 'dig'] as const;
const INTERNAL_PAGE = 'page.home.arpa';
/** Of a machine on which this browser starts for the first time. */
const COLD_START_MS = 200_000;

describe.skipIf(!isRoot || !havePeers(...peers))('Chromium with our DoH template', () => {
  const closing = new AsyncDisposableStack();
  let noonmark: Noonmark;
  let witness: PlainWitness;
  let pagePort: number;
  let resolvConf: string;
  /** Of the browser, which sees us at `here`. */
  let network: string;
  let here: string;

  beforeAll(async () => {
    const opened = closing.use(await openNetwork());
    network = opened.file;
    here = opened.house.here;
    const pki = makePki();
    const world = await startSignedWorld(upstreamCertificate(pki), here);
    closing.defer(async () => void (await world.stop()));
    witness = await startPlainWitness(here);
    closing.defer(() => witness.stop());
    noonmark = closing.use(
      await startNoonmark({
        listenAlso: here,
        config: {
          upstreams: [upstreamEntry(world.port, pki.rootFile)],
          zones: { 'home.arpa': { records: [`page A ${here}`] } },
          log: { level: 'info', format: 'json', queries: 'full' },
        },
      }),
    );
    const pages = createServer((request, response) => response.end(`the page of ${request.headers.host}`));
    await new Promise<void>((resolve) => pages.listen(0, here, resolve));
    closing.defer(() => void pages.close());
    pagePort = (pages.address() as AddressInfo).port;
    resolvConf = join(temporaryDirectory('resolv'), 'resolv.conf');
    writeFileSync(resolvConf, `nameserver ${here}\n`);
    // By address, with nothing to resolve: what comes after it is not measured against a cold disk.
    const { page } = await (await browser(SERVER_NAME)).open(`http://${here}:${pagePort}/`);
    expect(page).toContain('the page of');
  }, COLD_START_MS);
  afterAll(() => closing.disposeAsync());

  const browser = (host: string, caFile?: string) =>
    newBrowser({
      template: `https://${host}:${noonmark.ports.doh}/dns-query`,
      address: here,
      ...{ resolvConf, network },
      caFile,
    });
  const asked = (name: string) =>
    noonmark.process.lines.filter((line) => line.includes(`"${name}."`) && line.includes('"doh"')).length;

  test.each([
    ['an internal name', INTERNAL_PAGE],
    ['a signed name of the world', WORLD.signedPage],
    ['an unsigned one', WORLD.unsignedPage],
  ])('loads the page at %s', async (_, name) => {
    const chromium = await browser(SERVER_NAME, noonmark.caFile);
    const { page, failure } = await chromium.open(`http://${name}:${pagePort}/`);
    expect(failure).toBeUndefined();
    expect(page).toContain(`the page of ${name}:${pagePort}`);
    expect(asked(name)).toBeGreaterThan(0);
  });

  test.each([
    ['a CA that nobody installed', SERVER_NAME, false],
    ['a name that our certificate does not carry', 'another.example', true],
  ])('asks us nothing under %s', async (_, host, isInstalled) => {
    const before = asked(INTERNAL_PAGE);
    const chromium = await browser(host, isInstalled ? noonmark.caFile : undefined);
    const loaded = await chromium.open(`http://${INTERNAL_PAGE}:${pagePort}/`);
    expect(loaded).toEqual({ page: '', failure: 'net::ERR_NAME_NOT_RESOLVED' });
    expect(asked(INTERNAL_PAGE)).toBe(before);
  });

  test('and has asked nobody else, who would have heard it', async () => {
    for (const name of [INTERNAL_PAGE, WORLD.signedPage, WORLD.unsignedPage])
      expect(asked(name)).toBeGreaterThan(0);
    expect(witness.names).toEqual([]);
    await run('nsenter', [`--net=${network}`, 'dig', `@${here}`, 'heard.example']);
    expect(witness.names).toEqual(['heard.example']);
  });
});
