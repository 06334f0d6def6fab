// `npm run screenshots`: writes the pictures of docs/screenshots, of a house where all is well and of the same one after a power
// cut, with an upstream that is dead and a certificate that cannot be renewed. Needs root, Chromium, unbound and libfaketime.
// Options: --seconds N, how long the house lives before (65); --all, every page; --whole, in full height; --into DIR.

import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pause } from '../support/eventually.ts';
import { REPOSITORY } from '../support/noonmark.ts';
import { type Browser, startBrowser, WIDTHS } from '../support/peers/browser.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { ADMIN, AUTHORITY, houseConfig, liveFor, openWorld, startServer } from './household.ts';
import { withFewColours } from './palette.ts';
import { build, HOUSE_NETWORK, isInside } from './streets.ts';

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Of the part that is shown, in CSS pixels. */
  readonly height?: number;
}

const WELL: readonly Picture[] = [
  { name: 'now', path: '/' },
  { name: 'now-dark', path: '/', colorScheme: 'dark' },
  { name: 'now-phone', path: '/', width: WIDTHS.phone },
  { name: 'history', path: '/history' },
  { name: 'queries', path: '/queries' },
  { name: 'names', path: '/names?name=www.wikipedia.org&client=192.168.1.21' },
  { name: 'devices', path: '/devices' },
  { name: 'devices-apple', path: '/devices/apple' },
];
/** For whoever looks at everything, in both schemes and widths. */
const MORE: readonly Picture[] = [
  { name: 'history-dark', path: '/history', colorScheme: 'dark' },
  { name: 'history-phone', path: '/history', width: WIDTHS.phone },
  { name: 'queries-phone', path: '/queries', width: WIDTHS.phone },
  { name: 'names-empty', path: '/names' },
  { name: 'names-phone', path: '/names?name=ads.tracker.example', width: WIDTHS.phone, colorScheme: 'dark' },
  { name: 'devices-phone', path: '/devices', width: WIDTHS.phone },
  { name: 'devices-android', path: '/devices/android' },
  { name: 'login', path: '/login' },
];
const TROUBLE: readonly Picture[] = [{ name: 'trouble', path: '/', height: 1240 }];
const MORE_TROUBLE: readonly Picture[] = [
  { name: 'trouble-phone', path: '/', width: WIDTHS.phone, colorScheme: 'dark' },
  { name: 'trouble-history', path: '/history' },
  { name: 'trouble-names', path: '/names?name=www.wikipedia.org' },
];

const HEIGHTS = { desk: 1000, phone: 780 } as const;
/** What a power cut leaves of a clock without a battery. */
const EPOCH = '@1970-01-01 00:00:05';
/** The second life is shorter: there is not much to see. */
const TROUBLE_MS = 20_000;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    into: { type: 'string' },
    all: { type: 'boolean' },
    whole: { type: 'boolean' },
    inside: { type: 'boolean' },
  },
});

if (isInside()) {
  build();
  const directory = values.into ?? join(REPOSITORY, 'docs/screenshots');
  mkdirSync(directory, { recursive: true });
  const isWhole = values.whole === true;
  await using browser = await startBrowser({ network: HOUSE_NETWORK });
  await using world = await openWorld();
  {
    await using _server = await startServer(houseConfig(world));
    await liveFor(1000 * Number(values.seconds ?? 65));
    await take(browser, values.all ? [...WELL, ...MORE] : WELL, directory, isWhole);
  }
  await world.upstreams[1]!.stop();
  const acme = {
    ...{ directory: `https://${AUTHORITY}/directory`, email: 'owner@example.org', agree_tos: true },
    ...{ challenge: 'tls-alpn-01', ca_file: world.pki.rootFile },
  };
  const config = houseConfig(world, { certificate: { names: ['dns.home.example'], acme } });
  await using _server = await startServer(config, wrongClock(EPOCH).env);
  await liveFor(TROUBLE_MS);
  await take(browser, values.all ? [...TROUBLE, ...MORE_TROUBLE] : TROUBLE, directory, isWhole);
}

async function take(
  browser: Browser,
  pictures: readonly Picture[],
  directory: string,
  isWhole: boolean,
): Promise<void> {
  for (const picture of pictures) {
    const { name, path, width = WIDTHS.desk, colorScheme = 'light' } = picture;
    const isPhone = width === WIDTHS.phone;
    const { height = isPhone ? HEIGHTS.phone : HEIGHTS.desk } = picture;
    const deviceScaleFactor = isPhone ? 1.5 : 1;
    await using window = await browser.open({ origin: ADMIN, width, colorScheme, deviceScaleFactor });
    const { page, complaints } = window;
    await page.setViewportSize({ width, height });
    await page.goto(ADMIN + path);
    await pause(500); // for what scripts draw
    const png = await page.screenshot({ fullPage: isWhole });
    const file = join(directory, `${name}.png`);
    writeFileSync(file, isWhole ? png : withFewColours(png));
    console.log(`${name}: ${Math.round(statSync(file).size / 1024)} KiB`, ...complaints);
  }
}
