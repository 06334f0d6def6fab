// What devices are handed over HTTP, and to whom: the profile, the CA, the test, the pages. And that docs/api.md says so.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { COMMON_FIELDS } from '../../../src/admin/admin-answer.ts';
import {
  type DevicesSubject,
  devicesPages,
  devicesRoutes,
  pagesUrl,
} from '../../../src/admin/devices-routes.ts';
import { pageAnswer } from '../../../src/admin/page-routes.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { DeviceProbe } from '../../../src/resolver/local/device-probe.ts';
import { html } from '../../../src/web/markup.ts';

import { adminVisit, answerOf } from '../../support/admin-visits.ts';
import { profileViolations } from '../../support/apple-keys.ts';
import { deviceFactsWith, LOCAL_CERTIFICATE, publicFactsWith } from '../../support/device-facts.ts';
import { documentText } from '../../support/documents.ts';
import { readPlist } from '../../support/plist.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';

const PROFILE = '/devices/noonmark.mobileconfig';

function subject(parts: Partial<DevicesSubject> = {}) {
  const deviceProbe = new DeviceProbe(new SimulatedClock());
  const own: DevicesSubject = {
    deviceFacts: () => deviceFactsWith(),
    deviceProbe,
    isThisHost: () => false,
    ...parts,
  };
  return { own, routes: devicesRoutes(own), pages: devicesPages(own), deviceProbe };
}

describe('everything', () => {
  it('is for anybody, on both doors, but what programs alone read', () => {
    const { routes, pages } = subject();
    for (const { access } of Object.values(pages)) expect(access).toBe('anybody');
    for (const [path, route] of Object.entries(routes)) {
      const access = path === '/api/devices' ? 'admitted' : 'anybody';
      expect(route, path).toMatchObject({ access, doors: 'both', method: 'GET' });
    }
  });

  it('is in docs/api.md', () => {
    const { routes, pages } = subject();
    const api = readFileSync('docs/api.md', 'utf8');
    const missing = [...Object.keys(routes), ...Object.keys(pages)].filter(
      (path) => !api.includes(`\`${path}\``) && !/^\/devices\/[a-z]+$/.test(path),
    );
    expect(missing).toEqual([]);
    expect(api).toContain('`/devices/…`');
  });
});

describe('the profile', () => {
  it('comes as Apple has it, as a file', async () => {
    const { routes } = subject();
    const answer = await answerOf(
      routes,
      'GET',
      `${PROFILE}?protocol=https&ssid=A%26B&ssid=&ssid=%F0%9F%93%B6`,
    );
    expect(answer).toMatchObject({
      status: 200,
      type: 'application/x-apple-aspen-config',
      fields: { 'content-disposition': 'attachment; filename="noonmark.mobileconfig"' },
    });
    const profile = readPlist(answer.body as string);
    expect(profileViolations(profile)).toEqual([]);
    expect(answer.body).toContain('<string>A&amp;B</string>');
    expect(answer.body).toContain('<string>📶</string>');
    expect(answer.body).toContain('<string>HTTPS</string>');
  });

  it('is of the protocol that works, unless one is asked for', async () => {
    const { routes } = subject();
    expect((await answerOf(routes, 'GET', PROFILE)).body).toContain('<string>TLS</string>');
    const high = subject({
      deviceFacts: () => deviceFactsWith({ dot: { port: 8530, addresses: ['fd00::2'] } }),
    });
    expect((await answerOf(high.routes, 'GET', PROFILE)).body).toContain('<string>HTTPS</string>');
  });

  it.each([
    ['?protocol=ftp', /`protocol` is/],
    ['?where=nowhere', /`where` is/],
    ['?where=everywhere', /public address/],
    [`?ssid=${'x'.repeat(33)}`, /more than 32 octets/],
    ['?ssid=%07', /control character/],
    [`?${'ssid=a&'.repeat(3)}${Array.from({ length: 9 }, (_, at) => `ssid=${at}`).join('&')}`, /more than 8/],
  ])('%s is refused in a sentence', async (query, message) => {
    const { routes } = subject();
    expect(await answerOf(routes, 'GET', PROFILE + query)).toMatchObject({
      ...{ status: 400, body: expect.stringMatching(message), type: 'text/plain; charset=utf-8' },
    });
  });
});

describe('the CA', () => {
  it('comes as PEM and as DER, each as a file of its kind', async () => {
    const { routes } = subject();
    const { pem, der } = LOCAL_CERTIFICATE.authority!;
    const type = 'application/x-x509-ca-cert';
    expect(await answerOf(routes, 'GET', '/devices/ca.pem')).toMatchObject({ status: 200, type, body: pem });
    expect(await answerOf(routes, 'GET', '/devices/ca.der')).toMatchObject({ status: 200, type, body: der });
  });

  it('is not there where none has to be installed', async () => {
    const { routes } = subject({ deviceFacts: () => publicFactsWith() });
    expect(await answerOf(routes, 'GET', '/devices/ca.pem')).toMatchObject({ status: 404 });
  });
});

describe('the test', () => {
  it('is issued, and judged once the look-up has come', async () => {
    const { routes, deviceProbe } = subject();
    const { nonce, name } = JSON.parse((await answerOf(routes, 'GET', '/api/device-test')).body as string);
    const verdict = async () =>
      JSON.parse((await answerOf(routes, 'GET', `/api/device-test?nonce=${nonce}`)).body as string);
    expect(await verdict()).toMatchObject({ seen: false, agoMs: null });
    deviceProbe.notes(nameKey(name), { client: '192.168.1.30', clientPort: 1, transport: 'doh' });
    expect(await verdict()).toEqual({
      ...{ seen: true, transport: 'doh', encrypted: true, client: '192.168.1.30', isSameAddress: true },
      ...{ tone: 'good', agoMs: 0, sentence: expect.stringContaining('over DNS over HTTPS: encrypted') },
    });
  });

  it('of another server, or of nobody, is not known', async () => {
    const { routes, pages } = subject();
    for (const nonce of ['', 'x', subject().deviceProbe.issue().nonce]) {
      expect(await answerOf(routes, 'GET', `/api/device-test?nonce=${nonce}`)).toMatchObject({ status: 404 });
      const page = await pages['/devices/test']!.page(adminVisit(`/devices/test?nonce=${nonce}`));
      expect(page.status).toBe(404);
    }
  });
});

describe('the facts', () => {
  it('come as JSON, without a second form of the CA', async () => {
    const { routes } = subject();
    const facts = JSON.parse((await answerOf(routes, 'GET', '/api/devices')).body as string);
    expect(facts).toMatchObject({ name: 'dns.home.arpa', template: 'https://dns.home.arpa/dns-query' });
    expect(Object.keys(facts.certificate.authority)).toEqual(['name', 'pem', 'fingerprint']);
  });
});

describe('the pages', () => {
  it.each(['/devices', '/devices/apple', '/devices/linux'])(
    '%s are given the address that was asked',
    async (path) => {
      const asked: (string | undefined)[] = [];
      const { pages } = subject({
        deviceFacts: (localAddress) => {
          asked.push(localAddress);
          return deviceFactsWith();
        },
      });
      const page = await pages[path]!.page(adminVisit(path));
      expect(asked).toEqual(['192.168.1.2']);
      const text = documentText(page, { path, target: path, isAdmitted: false, running: null, mood: null });
      expect(text).toContain('<h1>');
    },
  );

  it.each([
    ['dns.home.arpa:8080', { isEncrypted: true }, 'https://dns.home.arpa:8080'],
    ['dns.home.arpa', { isForwarded: true }, 'https://dns.home.arpa'],
    ['192.168.1.2:8080', { isEncrypted: false }, 'http://192.168.1.2:8080'],
    ['localhost:8080', {}, null],
    ['127.0.0.1:8080', {}, null],
    ['[::1]:8080', {}, null],
    ['', { isControl: true }, null],
  ])('%s (%j) are told to others as %s', (host, parts, url) => {
    expect(pagesUrl(adminVisit('/devices', { host, ...parts }), deviceFactsWith())).toBe(url);
  });

  it('that were opened on this machine are told to others by an address of the network, where they are open there', () => {
    const pages = { port: 8080, addresses: ['192.168.1.2'] };
    const visit = adminVisit('/devices', { host: 'localhost:8080' });
    expect(pagesUrl(visit, deviceFactsWith({ pages }))).toBe('https://192.168.1.2:8080');
    expect(pagesUrl(visit, deviceFactsWith({ pages: { port: 8080, addresses: ['fd00::2'] } }))).toBe(
      'https://[fd00::2]:8080',
    );
    expect(pagesUrl(visit, publicFactsWith({ pages }))).toBe('https://dns.example.com:8080');
    expect(pagesUrl(visit, deviceFactsWith({ pages: null }))).toBeNull();
  });
});

describe('the Content-Security-Policy', () => {
  it('lets an image of a test be looked for, on these pages alone, and nothing else', () => {
    const clock = new SimulatedClock();
    const policyOf = (imagesFrom?: string) => {
      const page = { title: 'x', lead: html`<h1>x</h1>`, sections: [], ...(imagesFrom && { imagesFrom }) };
      const { fields } = pageAnswer(page, adminVisit('/x'), { clock, status: () => synchronized });
      return fields?.['content-security-policy'];
    };
    expect(policyOf()).toBeUndefined();
    const common = COMMON_FIELDS['content-security-policy']!;
    expect(common).toContain("img-src 'self' data:;");
    expect(policyOf('*.probe.noonmark.home.arpa')).toBe(
      common.replace("'self' data:", "'self' data: *.probe.noonmark.home.arpa"),
    );
  });
});
