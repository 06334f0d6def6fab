// The pages for setting up devices: they read without a script, ask nothing of anybody else, and let nothing in that is
// markup, be it in a name, an issuer or an address.

import { describe, expect, it } from 'vitest';
import type { DeviceFacts } from '../../../src/devices/facts.ts';
import { FAMILIES, type Family, type Guide } from '../../../src/devices/guide.ts';
import { GUIDES } from '../../../src/devices/guides.ts';
import { testVerdict } from '../../../src/devices/test-verdict.ts';
import { testResultPage } from '../../../src/web/device-test-section.ts';
import { devicesPage } from '../../../src/web/devices-page.ts';
import type { Page } from '../../../src/web/page.ts';
import { setupPage } from '../../../src/web/setup-page.ts';
import {
  deviceFactsWith,
  LOCAL_CERTIFICATE,
  PUBLIC_CERTIFICATE,
  publicFactsWith,
} from '../../support/device-facts.ts';

const TEST = { nonce: 'abc', name: 'abc.probe.noonmark.home.arpa' };
const PAGES = 'https://192.168.1.2:8080';
const PROFILE = { canBeEverywhere: false, protocols: [{ value: 'tls', text: 'DNS over TLS' }] };

const textOf = ({ lead, sections }: Page) => lead.text + sections.map(({ body }) => body.text).join('\n');
const guidesOf = (facts: DeviceFacts, pagesUrl: string | null) =>
  Object.fromEntries(FAMILIES.map((family) => [family, GUIDES[family]({ facts, pagesUrl })])) as Record<
    Family,
    Guide
  >;
const overview = (facts = deviceFactsWith(), pagesUrl: string | null = PAGES) =>
  devicesPage({ facts, pagesUrl, test: TEST, guides: guidesOf(facts, pagesUrl) });
const page = (family: Family, facts = deviceFactsWith()) =>
  setupPage({ guide: GUIDES[family]({ facts, pagesUrl: PAGES }), test: TEST, profile: PROFILE });

describe('the overview', () => {
  it('has a card for each family, with what holds for it now', () => {
    const text = textOf(overview());
    for (const family of FAMILIES) expect(text).toContain(`href="/devices/${family}"`);
    expect(text).toContain('Automatic mode works at once, unverified; strict mode will not.');
    expect(textOf(overview(publicFactsWith()))).toContain('strict mode can work.');
  });

  it('shows the CA with its fingerprint where one has to be installed', () => {
    const { fingerprint } = LOCAL_CERTIFICATE.authority!;
    expect(textOf(overview())).toContain(
      `id="fingerprint" data-copy="${fingerprint}">${fingerprint.slice(0, 23)}\n`,
    );
    expect(textOf(overview())).toContain(
      'openssl x509 <span>-in</span> <span>certs/<wbr>ca.pem</span> <span>-noout</span> ',
    );
    expect(textOf(overview())).toContain('href="/devices/ca.der"');
    expect(textOf(overview(publicFactsWith()))).not.toContain('/devices/ca.');
  });

  it('leads a camera here, or says why it cannot', () => {
    expect(textOf(overview())).toContain('<code>https://<wbr>192.168.1.2:8080/<wbr>devices</code>');
    expect(textOf(overview(deviceFactsWith(), null))).toContain('No other device can open these pages');
  });
});

describe('a set-up page', () => {
  it.each(FAMILIES)('of %s begins with what holds, and ends with the test', (family) => {
    const { lead, sections, scripts, imagesFrom } = page(family);
    expect(lead.text).toMatch(
      /^<p class="back"><a href="\/devices">All devices<\/a><\/p><h1>.*<ul class="holds"><li class="notice/s,
    );
    expect(sections.at(-1)).toMatchObject({ id: 'device-test', title: 'Test from this device' });
    expect(scripts).toEqual(['copy.js', 'device-test.js']);
    expect(imagesFrom).toBe('*.probe.noonmark.home.arpa');
  });

  it('has what is to be copied as it is, line by line', () => {
    expect(textOf(page('linux'))).toContain(
      'id="resolved-conf">[Resolve]\nDNS=192.168.1.2#dns.home.arpa fd00::2#dns.home.arpa\nDomains=~.\nDNSOverTLS=yes\n</pre>',
    );
  });

  it('has the form of the profile on one page alone', () => {
    expect(textOf(page('apple'))).toContain('action="/devices/noonmark.mobileconfig"');
    expect(
      textOf(page('apple'))
        .match(/name="(ssid|protocol)"/g)!
        .join(' '),
    ).toBe('name="ssid" name="ssid" name="ssid" name="protocol"');
    expect(textOf(page('apple'))).not.toContain('everywhere');
    for (const family of FAMILIES.filter((one) => one !== 'apple'))
      expect(textOf(page(family))).not.toContain('mobileconfig"');
  });

  it('needs no script for the test: a hint, a button, and a line to type', () => {
    const text = textOf(page('curl'));
    expect(text).toContain(`<noscript><link rel="dns-prefetch" href="//${TEST.name}">`);
    expect(text).toMatch(
      /<form method="get" action="\/devices\/test"><input type="hidden" name="nonce" value="abc">/,
    );
    expect(text).toContain(`nslookup ${TEST.name}\n</pre>`);
  });

  it('lets no markup in, from wherever it comes', () => {
    const evil = `<script>alert("x")</script>`;
    const authority = { ...LOCAL_CERTIFICATE.authority!, name: evil };
    const facts = deviceFactsWith({
      name: evil,
      dot: { port: 853, addresses: [evil] },
      certificate: { ...PUBLIC_CERTIFICATE, trust: 'private', issuer: evil, dateProblem: evil, authority },
    });
    for (const family of ['apple', 'android', 'windows', 'linux', 'browsers', 'curl'] as const) {
      const text = textOf(page(family, facts));
      expect(text).not.toContain('<script');
      expect(text).toContain('&lt;script&gt;');
    }
    const issued = deviceFactsWith({ certificate: { ...facts.certificate!, trust: 'private' } });
    expect(textOf(overview(issued))).not.toContain('<script');
  });
});

describe('the result without a script', () => {
  const verdict = testVerdict({
    seen: [],
    asker: '192.168.1.50',
    isForwarded: false,
    isThisHost: () => false,
    name: TEST.name,
  });

  it('is the same sentence', () => {
    expect(textOf(testResultPage(verdict))).toContain(`<code>nslookup ${TEST.name}</code>`);
  });

  it('of a test that is not known is not found', () => {
    expect(testResultPage(null)).toMatchObject({ status: 404 });
  });
});
