// The dashboard in a real browser, Debian's Chromium: every page on a phone and on a desk, light and dark, by keyboard alone and
// without a script; nothing asked of any other place, nothing that its own policy stops, nothing that axe-core finds. Names
// that were made to hurt have been asked for before, and one page stays open while an upstream dies.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hashPassword } from '../../src/admin/access/password.ts';
import { formatPasswordHash } from '../../src/config/admin-secrets.ts';
import { openNetwork } from '../lab/network.ts';
import { eventually } from '../support/eventually.ts';
import { freePort, freePorts } from '../support/free-ports.ts';
import { visit } from '../support/http-visit.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { startNtpServer } from '../support/ntp-server.ts';
import {
  AUDIT_SCRIPTS,
  axeFindings,
  keyboardFindings,
  overflowFindings,
  structureFindings,
} from '../support/page-audit.ts';
import { type Browser, COLD_START_MS, startBrowser, WIDTHS, type Window } from '../support/peers/browser.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

/** Octets as they are: a label is a string of UTF-8. */
const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '\u202egpj\u2066rtl',
  '</title></script><base href=//evil>',
  'x'.repeat(63),
];
/** More are of the same kind: a link for each name that was asked for. */
const LINKS_MAX = 120;
const PASSWORD = 'noon is when it is';
const LONGEST = `${'x'.repeat(63)}.`.repeat(3) + 'x'.repeat(61);
const BLOCKED = `ads.${WILD_ZONE}`;

/** Every kind of page that somebody may open, by what it is called here. */
const PAGES = {
  now: '/',
  history: '/history',
  queries: '/queries',
  names: '/names',
  'names, of the world': `/names?name=www.${WILD_ZONE}&type=TXT&client=192.168.1.30`,
  devices: '/devices',
  'devices, apple': '/devices/apple',
  'devices, android': '/devices/android',
} as const;
const HOSTILE_PAGE = `/names?name=${encodeURIComponent(`${HOSTILE[0]}.${WILD_ZONE}`)}`;
/** Pages of the same kinds, looked at where it is narrowest. */
const MORE = ['/names?name=nas.home.arpa', `/names?name=${BLOCKED}`, HOSTILE_PAGE, `/names?name=${LONGEST}`];
/** Those that are refused as they should be, and are pages for people all the same. */
const REFUSALS = { 'no name': ['/names?name=a..b', 400] } as const;

describe.skipIf(!havePeers('unbound', 'chromium'))('The dashboard', () => {
  const closing = new AsyncDisposableStack();
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;
  let browser: Browser;
  /** Without scripts. */
  let bare: Window;
  let origin: string;
  let admin: number;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    closing.defer(async () => void (await upstream.unbound.stop()));
    const clocks = await Promise.all([startNtpServer(), startNtpServer(), startNtpServer()]);
    for (const clock of clocks) closing.use(clock);
    admin = await freePort();
    origin = `http://127.0.0.1:${admin}`;
    noonmark = closing.use(
      await startNoonmark({
        listenAdmin: admin,
        config: {
          upstreams: upstream.upstreams,
          zones: {
            'home.arpa': { records: ['nas A 192.168.1.20', 'printer A 192.168.1.30', 'files CNAME nas'] },
          },
          filter: { lists: [{ name: '<i>mine</i>', file: 'mine.txt' }] },
          time: {
            sources: clocks.map(({ port }, at) => ({ url: `ntp://127.0.0.1:${port}`, operator: `<b>${at}` })),
          },
          log: { level: 'info', format: 'json', queries: 'full' },
        },
        prepare: (directory) => writeFileSync(join(directory, 'mine.txt'), `||${BLOCKED}^\n`),
      }),
    );
    await eventually(async () => (await visit(admin, '/readyz')).status === 200);
    for (const label of HOSTILE) await noonmark.ask(`${label}.${WILD_ZONE}`);
    for (const name of [LONGEST, BLOCKED, 'nas.home.arpa']) await noonmark.ask(name);
    browser = closing.use(await startBrowser());
    bare = closing.use(await browser.open({ origin, width: WIDTHS.phone, javaScriptEnabled: false }));
  }, COLD_START_MS);
  afterAll(() => closing.disposeAsync());

  const open = (options: Partial<Parameters<Browser['open']>[0]> = {}): Promise<Window> =>
    browser.open({ origin, initScripts: AUDIT_SCRIPTS, ...options });

  test.each(Object.entries(PAGES))('%s', async (_name, path) => {
    await using window = await open();
    const { page, complaints, requests } = window;
    expect((await page.goto(origin + path))?.status()).toBe(200);
    await expectFine(page);
    const scripted = await headingsOf(page);

    await bare.page.goto(origin + path);
    expect(await headingsOf(bare.page)).toEqual(scripted);
    expect([...complaints, ...bare.complaints]).toEqual([]);
    expect(requests.length).toBeGreaterThan(1);
  });

  test('pages of the same kinds', async () => {
    await using window = await open({ width: WIDTHS.phone, colorScheme: 'dark' });
    const { page, complaints } = window;
    await page.goto(origin + PAGES.devices);
    const cards = await page
      .locator('a.card')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')!));
    expect(cards.length).toBeGreaterThan(4);
    for (const path of [...MORE, ...cards]) {
      expect((await page.goto(origin + path))?.status(), path).toBe(200);
      expect(await structureFindings(page), path).toEqual([]);
      expect(await overflowFindings(page), path).toEqual([]);
      expect(await axeFindings(page), path).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  test.each(Object.entries(REFUSALS))('%s is a page too', async (_name, [path, status]) => {
    await using window = await open({ width: WIDTHS.phone });
    window.expectStatus(status);
    expect((await window.page.goto(origin + path))?.status()).toBe(status);
    expect(await structureFindings(window.page)).toEqual([]);
    expect(await axeFindings(window.page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });

  test('names are looked up and forgotten by keyboard alone', async () => {
    await using window = await open();
    const { page, complaints } = window;
    await page.goto(`${origin}/names`);
    await tabTo(page, 'name');
    await page.keyboard.type(`keyboard.${WILD_ZONE}`);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/names\?name=keyboard\./);
    expect(await page.textContent('.verdict')).toMatch(/^Answered by the upstream tls:\/\//);
    await tabTo(page, 'below');
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/flushed=/);
    expect(await page.textContent('[role=status]')).toContain('1 answer was forgotten');
    expect(await page.textContent('.verdict')).toMatch(/^Answered by the upstream tls:\/\//);
    expect(complaints).toEqual([]);
  });

  test('names that were made to hurt are text, wherever they stand', async () => {
    await using window = await open();
    const { page, complaints } = window;
    for (const path of [PAGES.now, PAGES.queries, PAGES.history, HOSTILE_PAGE]) {
      await page.goto(origin + path);
      expect(await page.locator('img, base, main i, main b b, iframe, object').count(), path).toBe(0);
      expect(await page.textContent('body')).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    }
    expect(complaints).toEqual([]);
  });

  test('leads nowhere in vain: every link on every page, and on those that it leads to', async () => {
    const seen = new Set<string>(Object.values(PAGES));
    const wrong: string[] = [];
    for (const path of seen) {
      const { status, headers, body } = await visit(admin, path);
      if (status >= 400) wrong.push(`${path} is answered with ${status}`);
      if (!headers['content-type']?.startsWith('text/html') || seen.size > LINKS_MAX) continue;
      for (const [, href] of body.matchAll(/<(?:a|link)[^>]*\shref="(\/(?!\/)[^"#]*)/g))
        seen.add(href!.replaceAll('&amp;', '&'));
    }
    expect(wrong).toEqual([]);
    expect(seen.size).toBeGreaterThan(20);
  });

  test('is closed to who has not signed in, says how to open it, and lets in who knows the password', async () => {
    const port = await freePort();
    const closed = `http://127.0.0.1:${port}`;
    await using server = await startNoonmark({
      listenAdmin: port,
      config: { admin: { loopback: 'closed' } },
    });
    await using window = await browser.open({ origin: closed, initScripts: AUDIT_SCRIPTS });
    const { page, complaints } = window;
    for (const status of [401, 403]) window.expectStatus(status);
    expect((await page.goto(closed))?.status()).toBe(403);
    expect(await headingsOf(page)).toContain('These pages are closed');
    await expectFine(page);

    await setPassword(server.directory);
    server.writeConfig({ admin: { loopback: 'closed', password_file: 'password' } });
    await eventually(async () => (await page.goto(`${closed}/names?name=nas.home.arpa`))?.status() === 200);
    expect(await headingsOf(page)).toEqual(['Sign in']);
    await expectFine(page);
    await signIn(page, 'not the password');
    expect(await page.textContent('[role=alert]')).toBe('That is not the password.');
    expect(await axeFindings(page)).toEqual([]);
    await signIn(page, PASSWORD);
    await page.waitForURL(`${closed}/names?name=nas.home.arpa`);
    expect(await page.textContent('.verdict')).toContain('by your own zone home.arpa');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${closed}/login`);
    await page.goto(closed);
    expect(await headingsOf(page)).toEqual(['Sign in']);
    expect(complaints).toEqual([]);
  });

  test.skipIf(!isRoot || !havePeers('ip'))(
    'is signed in to over TLS from other machines, and stays up to date there',
    async () => {
      await using network = await openNetwork();
      const { here } = network.house;
      const [dns, port] = (await freePorts(2)) as [number, number];
      const elsewhere = `https://${here}:${port}`;
      const directory = temporaryDirectory('e2e');
      await setPassword(directory);
      await using _server = await startNoonmark({
        directory,
        config: {
          listen: { dns: [`127.0.0.1:${dns}`], admin: [`${here}:${port}`] },
          admin: { password_file: 'password' },
        },
      });
      await using window = await browser.open({ origin: elsewhere, trustsAnyCertificate: true });
      const { page, complaints } = window;
      await eventually(async () => (await page.goto(elsewhere))?.status() === 200);
      await signIn(page, PASSWORD);
      await page.waitForURL(`${elsewhere}/`);
      expect(await page.context().cookies()).toMatchObject([
        { name: '__Host-noonmark', secure: true, httpOnly: true, sameSite: 'Strict' },
      ]);
      const seen = await page.textContent('#as-of');
      await eventually(async () => (await page.textContent('#as-of')) !== seen);
      expect(complaints).toEqual([]);
    },
  );

  // The last one: it takes the upstream away, and then the server.
  test('says that an upstream has died while somebody looks, without a new page, and at last the server', async () => {
    await using window = await open();
    const { page, complaints } = window;
    await page.goto(origin);
    const before = await headingsOf(page);
    await page.evaluate(() => Object.assign(globalThis, { isTheSamePage: true }));
    await upstream.unbound.stop();
    await eventually(async () => {
      await noonmark.ask(`gone${performance.now()}.${WILD_ZONE}`).catch(() => null);
      return (await headingsOf(page))[0] !== before[0];
    });
    expect(await headingsOf(page)).toContain('What needs attention');
    await eventually(async () => (await page.title()) === '(!) Now · Noonmark');
    expect(await page.locator('#brand .mark').getAttribute('class')).toBe('mark down');
    expect(await page.evaluate(() => 'isTheSamePage' in globalThis)).toBe(true);
    await expectFine(page);
    expect(complaints).toEqual([]);

    await noonmark.process.stop();
    await page.getByRole('alert').filter({ hasText: 'The server does not answer' }).waitFor();
    expect(await page.title()).toBe('No answer · Noonmark');
    expect(await headingsOf(page)).toContain('What needs attention');
  });
});

/** On a phone and on a desk, in light and dark, and by keyboard. */
async function expectFine(page: Page): Promise<void> {
  expect(await structureFindings(page)).toEqual([]);
  for (const width of Object.values(WIDTHS)) {
    await page.setViewportSize({ width, height: 900 });
    expect(await overflowFindings(page), `at ${width}`).toEqual([]);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await axeFindings(page), `${colorScheme} at ${width}`).toEqual([]);
    }
    expect(await keyboardFindings(page), `at ${width}`).toEqual([]);
  }
}

async function setPassword(directory: string): Promise<void> {
  const line = formatPasswordHash(await hashPassword(PASSWORD));
  writeFileSync(join(directory, 'password'), line, { mode: 0o600 });
}

async function signIn(page: Page, password: string): Promise<void> {
  await page.getByLabel('Password').fill(password);
  await page.keyboard.press('Enter');
  await page.waitForLoadState();
}

/** Figures change by the second. */
async function headingsOf(page: Page): Promise<string[]> {
  const headings = await page.locator('h1, main h2').allTextContents();
  return headings.map((text) => text.replace(/\d[\d.,]*/g, 'N'));
}

/** Presses Tab until the control of that name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let stops = 0; stops < 60; stops += 1) {
    await page.keyboard.press('Tab');
    if ((await page.locator(`[name="${name}"]:not([type=hidden]):focus`).count()) === 1) return;
  }
  throw new Error(`Tab does not lead to ${name}`);
}
