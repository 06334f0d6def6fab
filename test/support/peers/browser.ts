// Debian's Chromium, driven page by page (playwright-core), with a watch on all that a page of ours must never do: ask another
// place, break its own Content-Security-Policy, complain on the console. The browser finds no name and knows no addresses but
// this machine's and those of networks of tests, so that its makers hear nothing of it. chromium.ts is the other one: a browser
// as a client of DNS.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BrowserContext,
  type BrowserContextOptions,
  type ConsoleMessage,
  chromium,
  type Page,
  type Request,
} from 'playwright-core';
import { temporaryDirectory } from '../temporary-directory.ts';
import { isRoot } from './packages.ts';

const EXECUTABLE = '/usr/bin/chromium';
/** Of a machine on which this browser starts for the first time. */
export const COLD_START_MS = 200_000;

const FLAGS = [
  ...(isRoot ? ['--no-sandbox'] : []), // of root it wants none
  '--disable-gpu',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE 198.19.*',
];

/** A phone and a desk (CSS pixels). */
export const WIDTHS = { phone: 360, desk: 1440 } as const;
const HEIGHT = 900;

export interface WindowOptions {
  /** Where all requests must go: "http://127.0.0.1:8080". */
  readonly origin: string;
  /** Default 1440. */
  readonly width?: number;
  /** Default light. */
  readonly colorScheme?: 'light' | 'dark';
  /** Default true. */
  readonly javaScriptEnabled?: boolean;
  readonly cookies?: readonly { readonly name: string; readonly value: string }[];
  /** Take the certificate of the server whatever it is, as somebody does who clicks it away; default false. */
  readonly trustsAnyCertificate?: boolean;
  /** Evaluated in every document before its own scripts, whatever its policy says. */
  readonly initScripts?: readonly string[];
  /** Pixels of a picture to one of CSS; default 1. */
  readonly deviceScaleFactor?: number;
}

export interface Window extends AsyncDisposable {
  readonly page: Page;
  /** Everything that a page of ours must not do, in words, in the order of happening. */
  readonly complaints: readonly string[];
  /** URLs of all requests so far. */
  readonly requests: readonly string[];
  /** Those whose answers were errors do not complain on the console; for pages that are meant to fail. */
  expectStatus(status: number): void;
}

export interface Browser extends AsyncDisposable {
  /** A window of its own, which shares neither cookies nor cache with others. */
  open(options: WindowOptions): Promise<Window>;
}

/** `network`: the file of a network namespace that it is to run in; needs root. */
export async function startBrowser({ network }: { readonly network?: string } = {}): Promise<Browser> {
  const executablePath = network === undefined ? EXECUTABLE : launcherIn(network);
  const browser = await chromium.launch({
    executablePath,
    args: FLAGS,
    env: { ...process.env, HOME: temporaryDirectory('browser-home'), DBUS_SESSION_BUS_ADDRESS: 'disabled:' },
    timeout: COLD_START_MS,
  });
  return {
    open: async (options) => openWindow(await browser.newContext(contextOf(options)), options),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** A program that becomes the browser in that network. */
function launcherIn(network: string): string {
  const file = join(temporaryDirectory('browser'), 'chromium');
  writeFileSync(file, `#!/bin/sh\nexec nsenter --net=${network} ${EXECUTABLE} "$@"\n`, { mode: 0o755 });
  return file;
}

function contextOf({
  width = WIDTHS.desk,
  colorScheme = 'light',
  javaScriptEnabled = true,
  deviceScaleFactor = 1,
  trustsAnyCertificate: ignoreHTTPSErrors = false,
}: WindowOptions): BrowserContextOptions {
  const viewport = { width, height: HEIGHT };
  return {
    viewport,
    colorScheme,
    javaScriptEnabled,
    deviceScaleFactor,
    ignoreHTTPSErrors,
    reducedMotion: 'reduce',
    locale: 'en-GB',
  };
}

async function openWindow(context: BrowserContext, options: WindowOptions): Promise<Window> {
  const { origin, cookies = [], initScripts = [] } = options;
  await context.addCookies(cookies.map((cookie) => ({ ...cookie, url: origin })));
  // What the policy has stopped is told to the page, and by it to us; most of it is on the console as well.
  await context.addInitScript(`addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
    console.error('securitypolicyviolation', violatedDirective, blockedURI, sample))`);
  for (const content of initScripts) await context.addInitScript(content);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  const expected = new Set<number>();
  page.on('request', (request: Request) => {
    const url = request.url();
    requests.push(url);
    if (!isOurs(url, origin)) complaints.push(`asked elsewhere: ${url}`);
  });
  page.on('console', (message: ConsoleMessage) => {
    const text = message.text();
    const status = Number(/responded with a status of (\d+)/.exec(text)?.[1]);
    const isExpected = expected.has(status) || isProbe(message.location().url);
    if (['error', 'warning', 'assert'].includes(message.type()) && !isExpected)
      complaints.push(`on the console: ${text}`);
  });
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('popup', (popup) => complaints.push(`a window: ${popup.url()}`));
  return {
    page,
    complaints,
    requests,
    expectStatus: (status) => void expected.add(status),
    [Symbol.asyncDispose]: () => context.close(),
  };
}

function isOurs(url: string, origin: string): boolean {
  return url.startsWith('data:') || new URL(url).origin === origin || isProbe(url);
}

/** The one name that a page has looked up on purpose, to see whether that arrives (src/web/device-test-section.ts). */
function isProbe(url: string): boolean {
  return URL.parse(url)?.hostname.endsWith('.probe.noonmark.home.arpa') ?? false;
}
