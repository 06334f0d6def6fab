// From no certificate to DoT and DoH that strict clients trust, by each challenge and each provider of dns-01, with a real
// CA that looks where it would look in the world: Pebble, refusing some nonces, its validation asking Noonmark itself.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetwork } from '../lab/network.ts';
import {
  ACME_PEERS,
  type AcmeHouse,
  CLOUD_NAME,
  DELEGATED_NAME,
  nsupdateProgram,
  OTHER_NAME,
  OWN_NAME,
  rfc2136,
  startAcmeHouse,
  WILDCARD,
} from '../support/acme-house.ts';
import { type ConfigTree, INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark } from '../support/noonmark.ts';
import { newBrowser } from '../support/peers/chromium.ts';
import { kdig } from '../support/peers/dig.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** Of a machine on which a browser starts for the first time. */
const COLD_START_MS = 200_000;

/** The log's line when a certificate of the CA is served. */
export const isServed = (line: string) => line.includes('serving a certificate') && line.includes('"acme"');

describe.skipIf(!havePeers(...ACME_PEERS, 'kdig', 'curl'))('A certificate of a CA, by', () => {
  let house: AcmeHouse;
  beforeAll(async () => {
    house = await startAcmeHouse();
  });
  afterAll(() => house[Symbol.asyncDispose]());

  const names = [OWN_NAME, OTHER_NAME];
  test.each<[string, readonly string[], (house: AcmeHouse) => ConfigTree]>([
    ['http-01', names, () => ({ challenge: 'http-01' })],
    ['tls-alpn-01', names, () => ({ challenge: 'tls-alpn-01' })],
    ['dns-01 at BIND over TCP', [WILDCARD, 'home.example'], (it) => ({ dns: rfc2136(it) })],
    ['dns-01 at BIND over TLS', names, (it) => ({ dns: rfc2136(it, 'tls') })],
    ['dns-01 where a CNAME leads', [DELEGATED_NAME], (it) => ({ dns: rfc2136(it) })],
    ['dns-01 at Cloudflare', [CLOUD_NAME], (it) => ({ dns: it.cloudflare })],
    [
      'dns-01 by a program',
      names,
      (it) => ({ dns: { exec: { program: nsupdateProgram(it, temporaryDirectory('hook')) } } }),
    ],
  ])('%s', async (_how, wanted, challenge) => {
    const certificate = { names: wanted, acme: { ...house.acme, ...challenge(house) } };
    await using noonmark = await house.start(certificate);
    await noonmark.process.waitForLine(isServed);
    const name = wanted.find((one) => !one.startsWith('*'))!;
    await expectTrusted(noonmark, name, house.pebble.rootFile);
    const { names: carried } = await servedCertificate(noonmark.endpoint('DoT'), name);
    for (const name of wanted) expect(carried).toContain(`DNS:${name}`);
    expect(noonmark.process.lines.filter((line) => line.includes('"error"'))).toEqual([]);
  });
});

const browserPeers = ['chromium', 'certutil', 'unshare', 'ip'] as const;
describe.skipIf(!isRoot || !havePeers(...ACME_PEERS, ...browserPeers))(
  'Chromium with our DoH template',
  () => {
    test('trusts us by the certificate of the CA', { timeout: COLD_START_MS }, async () => {
      await using opened = await openNetwork();
      const { here } = opened.house;
      await using house = await startAcmeHouse();
      const zones = { 'home.arpa': { records: [`page A ${here}`] } };
      const certificate = { names: [OWN_NAME], acme: { ...house.acme, challenge: 'http-01' } };
      await using noonmark = await house.start(certificate, { listenAlso: here, config: { zones } });
      await noonmark.process.waitForLine(isServed);
      const pages = createServer((_request, response) => response.end('the page'));
      await new Promise<void>((resolve) => pages.listen(0, here, resolve));
      const { port } = pages.address() as AddressInfo;
      const resolvConf = join(temporaryDirectory('resolv'), 'resolv.conf');
      writeFileSync(resolvConf, '');
      const template = `https://${OWN_NAME}:${noonmark.ports.doh}/dns-query`;
      const how = {
        template,
        address: here,
        resolvConf,
        network: opened.file,
        caFile: house.pebble.rootFile,
      };
      const loaded = await (await newBrowser(how)).open(`http://page.home.arpa:${port}/`);
      pages.close();
      expect(loaded).toEqual({ page: expect.stringContaining('the page'), failure: undefined });
    });
  },
);

/** kdig over strict DoT and DoH, and curl, who trust nobody but the CA. */
async function expectTrusted(noonmark: Noonmark, name: string, rootFile: string): Promise<void> {
  const strictly = [`+tls-ca=${rootFile}`, `+tls-hostname=${name}`];
  const overDot = await kdig(noonmark.ports.dot, '+tls', ...strictly, INTERNAL_NAME);
  const overDoh = await kdig(noonmark.ports.doh, '+https', ...strictly, INTERNAL_NAME);
  for (const { answer, text } of [overDot, overDoh]) expect(answer.join(), text).toContain(INTERNAL_ADDRESS);
  const url = `https://${name}:${noonmark.ports.doh}/dns-query?name=${INTERNAL_NAME}`;
  const there = `${name}:${noonmark.ports.doh}:127.0.0.1`;
  const args = ['--resolve', there, '--cacert', rootFile, '-H', 'accept: application/dns-json', url];
  const { stdout, stderr } = await run('curl', ['-sS', ...args]);
  expect(stdout, stderr).toContain(INTERNAL_ADDRESS);
}
