// Setting up devices by the very pages that the server shows: profile, QR code, and files and lines as they stand there, done
// to real programs in a network of their own; and the test from a device, in a browser that asks us over HTTPS, in one that
// asks in plain DNS, and in one that asks somebody else.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openNetwork } from '../lab/network.ts';
import { profileViolations } from '../support/apple-keys.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  MAIN_FILE,
  NODE,
  type Noonmark,
  SERVER_NAME,
  startNoonmark,
} from '../support/noonmark.ts';
import { startBrowser } from '../support/peers/browser.ts';
import { type DeviceOptions, startDevice } from '../support/peers/device-browser.ts';
import { read } from '../support/peers/dig.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { startWrittenStubby } from '../support/peers/stubby.ts';
import { findResolved, startResolved } from '../support/peers/systemd-resolved.ts';
import { readPlist } from '../support/plist.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const peers = [
  ...(['chromium', 'certutil', 'curl', 'dig', 'dnsmasq', 'ip', 'kdig', 'plistutil'] as const),
  ...(['stubby', 'unshare', 'zbarimg'] as const),
] as const;
/** Nothing is there, so whoever asks is refused at once. */
const NOBODY = '127.0.0.77';
/** Of the root, in public; no query of these tests is for a signed name. */
const ROOT_DS = '. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D';
const FIRST_START_MS = 60_000;

describe.skipIf(!isRoot || !havePeers(...peers))('A device that is set up by our pages', () => {
  const closing = new AsyncDisposableStack();
  let noonmark: Noonmark;
  /** Ours, as the device sees us. */
  let here: string;
  let origin: string;
  let network: string;

  beforeAll(async () => {
    const opened = closing.use(await openNetwork());
    network = opened.file;
    here = opened.house.here;
    const port = await freePort();
    origin = `https://${here}:${port}`;
    noonmark = closing.use(
      await startNoonmark({
        config: {
          // The usual ports, which devices can be told no others than.
          listen: {
            dns: [`${here}:53`],
            dot: [`${here}:853`],
            doh: [`${here}:443`],
            admin: [`${here}:${port}`],
          },
          zones: {
            'home.arpa': { records: [`nas A ${INTERNAL_ADDRESS}`] },
            'example.com': { records: [`@ A ${here}`] },
          },
          log: { level: 'info', format: 'json', queries: 'full' },
        },
      }),
    );
  }, FIRST_START_MS);
  afterAll(() => closing.disposeAsync());

  /** As somebody fetches it who trusts nothing yet. */
  const get = async (path: string) => {
    const { stdout, stderr } = await run('curl', ['-sSk', '--noproxy', '*', origin + path]);
    if (stdout === '') throw new Error(`${path}: ${stderr}`);
    return stdout;
  };
  const block = async (path: string, id: string) => textOf(await get(path), id);
  const away = (...args: string[]) => ['nsenter', [`--net=${network}`, ...args]] as const;
  const asked = (name: string, transport: string) =>
    noonmark.process.lines.filter((line) => line.includes(`"${name}."`) && line.includes(`"${transport}"`));

  test.each([
    ['tls', `&ssid=${encodeURIComponent('<Küche> & "Bad" 📶')}`],
    ['https', '&where=everywhere'],
  ])(
    'gets a profile for %s that is a property list of documented keys, with the CA inside',
    async (protocol, more) => {
      const text = await get(`/devices/noonmark.mobileconfig?protocol=${protocol}${more}`);
      const file = join(temporaryDirectory('profile'), 'noonmark.mobileconfig');
      writeFileSync(file, text);
      const read = await run('plistutil', ['-i', file, '-f', 'bin', '-o', `${file}.bin`]);
      expect(read, read.stderr).toMatchObject({ code: 0 });
      const written = await run('plistutil', ['-i', `${file}.bin`, '-f', 'xml']);
      const profile = readPlist(text);
      expect(readPlist(written.stdout)).toEqual(profile);
      expect(profileViolations(profile)).toEqual([]);
      expect(text).toContain('com.apple.security.root');
      expect(text).toContain(protocol === 'tls' ? SERVER_NAME : `https://${SERVER_NAME}/dns-query`);
      const config = `${noonmark.directory}/noonmark.yaml`;
      const where = protocol === 'tls' ? ['--ssid', '<Küche> & "Bad" 📶'] : ['--everywhere'];
      const args = ['profile', 'apple', '--protocol', protocol, ...where, '--config', config];
      expect((await run(NODE, [MAIN_FILE, ...args])).stdout).toBe(text);
    },
  );

  test('finds the page by its QR code', async () => {
    await using browser = await startBrowser();
    await using window = await browser.open({ origin, trustsAnyCertificate: true });
    await window.page.goto(`${origin}/devices/apple`);
    const file = join(temporaryDirectory('qr'), 'code.png');
    await window.page.locator('.qr svg').screenshot({ path: file });
    const { stdout } = await run('zbarimg', ['--quiet', '--raw', file]);
    expect(stdout).toBe(`${origin}/devices/apple\n`);
  });

  test('copies what is to be copied by a button, which says so', async () => {
    await using browser = await startBrowser();
    await using window = await browser.open({ origin, trustsAnyCertificate: true });
    const { page, complaints } = window;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.goto(`${origin}/devices/curl`);
    const copied = () => page.evaluate('navigator.clipboard.readText()');
    await page.getByRole('button', { name: 'Copy: SHA-256 fingerprint' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor();
    expect(await copied()).toMatch(/^(?:[\dA-F]{2}:){31}[\dA-F]{2}$/);
    await page.getByRole('button', { name: 'Copy: DNS over TLS' }).click();
    await eventually(async () => (await copied()) === (await block('/devices/curl', 'kdig-tls')).trimEnd());
    expect(complaints).toEqual([]);
  });

  test('has no such button where the browser would not let it', async () => {
    await using browser = await startBrowser();
    const initScripts = ["Object.defineProperty(navigator, 'clipboard', { value: undefined })"];
    await using window = await browser.open({ origin, trustsAnyCertificate: true, initScripts });
    await window.page.goto(`${origin}/devices/curl`);
    expect(await window.page.getByRole('button', { name: /^Copy/ }).count()).toBe(0);
    expect(window.complaints).toEqual([]);
  });

  test('resolves through us by stubby, with the file of the page', async () => {
    const configuration = await block('/devices/linux', 'stubby-yml');
    await using _ = await startWrittenStubby({ configuration, caFile: noonmark.caFile, network });
    const answer = await read(...away('dig', '@127.0.0.1', INTERNAL_NAME));
    expect(answer.answer, answer.text).toEqual([expect.stringContaining(INTERNAL_ADDRESS)]);
    expect(asked(INTERNAL_NAME, 'dot')).not.toEqual([]);
  });

  test.skipIf(findResolved() === undefined)('and by systemd-resolved', async () => {
    const before = asked(INTERNAL_NAME, 'dot').length;
    const dropIn = await block('/devices/linux', 'resolved-conf');
    const options = { program: findResolved()!, network, dropIn, server: '', overTls: true };
    await using resolved = await startResolved({ ...options, caFile: noonmark.caFile, rootDs: ROOT_DS });
    const answer = await read(...resolved.ask(INTERNAL_NAME));
    expect(answer.answer, answer.text).toEqual([expect.stringContaining(INTERNAL_ADDRESS)]);
    expect(asked(INTERNAL_NAME, 'dot').length).toBeGreaterThan(before);
  });

  test('asks by the lines for curl, dig and kdig', async () => {
    const cwd = temporaryDirectory('curl');
    const html = await get('/devices/curl');
    const sh = async (lines: string) => {
      const [command, args] = away('sh', '-ec', lines);
      return run(command, args, { cwd });
    };
    const fetched = await sh(textOf(html, 'fetch-ca'));
    expect(fetched.stdout, fetched.stderr).toContain(
      textOf(html, 'fingerprint').replaceAll('\n', ':').slice(0, 40),
    );
    const json = await sh(textOf(html, 'curl-json'));
    expect(JSON.parse(json.stdout), json.stderr).toMatchObject({ Status: 0, Answer: [{ data: here }] });
    await sh(textOf(html, 'curl-doh'));
    expect(asked('example.com', 'doh')).not.toEqual([]);
    for (const id of ['dig', 'kdig-tls', 'kdig-https'])
      expect((await sh(textOf(html, id))).stdout, id).toMatch(new RegExp(`IN\\s+A\\s+${here}`));
  });

  test('is told of us by dnsmasq, which takes what the page says', async () => {
    const html = await get('/devices/routers');
    const file = join(temporaryDirectory('dnsmasq'), 'noonmark.conf');
    writeFileSync(file, textOf(html, 'dnsmasq-conf') + textOf(html, 'dnr-dnsmasq'));
    const { code, stderr } = await run('dnsmasq', ['--test', '-C', file]);
    expect(code, stderr).toBe(0);
  });

  describe('and tests itself in Chromium,', () => {
    const device = async (parts: Partial<DeviceOptions>) => {
      const trust = { line: await block('/devices/browsers', 'nss'), caPem: await get('/devices/ca.pem') };
      return startDevice({ network, resolver: here, trust, ...parts });
    };
    const VERDICT = '#test-verdict';
    const NOT_YET = 'Looking …';
    /** As browsers do whose owner has switched looking ahead off; they load the image. */
    const TAKES_NO_HINTS = `Object.defineProperty(HTMLLinkElement.prototype, 'rel', { set() {} })`;

    test('set to DNS over HTTPS by the policy of the page: encrypted, with a script and without', async () => {
      // The name of our own DoH is looked up in plain DNS at first.
      await using chromium = await device({ policy: await block('/devices/browsers', 'policy') });
      const page = await chromium.open();
      await page.goto(`${origin}/devices/browsers`);
      const verdict = page.locator(VERDICT).filter({ hasNotText: NOT_YET });
      expect(await verdict.textContent()).toBe(
        'This browser resolves through Noonmark, over DNS over HTTPS: encrypted.',
      );
      await page.getByRole('button', { name: 'Test again' }).click();
      await page.locator(VERDICT, { hasText: 'over DNS over HTTPS: encrypted.' }).waitFor();
      const bare = await chromium.open({ javaScriptEnabled: false });
      await bare.goto(`${origin}/devices/browsers`);
      await bare.getByRole('button', { name: 'See what came of it' }).click();
      expect(await bare.locator('.notice').textContent()).toContain('over DNS over HTTPS: encrypted.');
    });

    test('not set up, on a network that hands us out: not encrypted', async () => {
      await using chromium = await device({});
      const page = await chromium.open();
      await page.goto(`${origin}/devices`);
      const verdict = page.locator(VERDICT).filter({ hasNotText: NOT_YET });
      const plainly = /^This browser resolves through Noonmark, in plain DNS: not encrypted/;
      expect(await verdict.textContent()).toMatch(plainly);

      const deaf = await chromium.open();
      const complaints: string[] = [];
      deaf.on('console', (message) => void complaints.push(message.text()));
      await deaf.addInitScript(TAKES_NO_HINTS);
      await deaf.goto(`${origin}/devices`);
      const later = deaf.locator(VERDICT).filter({ hasNotText: NOT_YET });
      expect(await later.textContent()).toMatch(plainly);
      expect(complaints.filter((text) => !text.includes('ERR_NAME_NOT_RESOLVED'))).toEqual([]);
    });

    test('on a network that does not: it asks somebody else', async () => {
      await using chromium = await device({ resolver: NOBODY });
      const page = await chromium.open();
      await page.goto(`${origin}/devices`);
      const verdict = page.locator(VERDICT).filter({ hasNotText: NOT_YET });
      expect(await verdict.textContent()).toMatch(/^No look-up of the test's name has arrived here/);
    });
  });
});

/** Of what is to be copied on a page, as a browser shows it. */
function textOf(html: string, id: string): string {
  const found = new RegExp(`<pre class="copy" id="${id}"[^>]*>(.*?)</pre>`, 's')
    .exec(html)?.[1]
    ?.replace(/<[^>]*>/g, '');
  if (found === undefined) throw new Error(`the page has no ${id}`);
  return found.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name]!);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
