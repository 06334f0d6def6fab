// Chromium without a window, set to DNS over HTTPS as a person sets it ("Use secure DNS", a custom provider): the page that
// it shows after a load. It has a profile and a certificate store of its own; nothing in /etc is touched.
// It always talks to its makers as well, so it runs in a network namespace from which there is no way to them.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, run } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';

/** The first start on a machine reads a quarter of a gigabyte from its disk. */
const LOAD_TIMEOUT_MS = 60_000;
/** A browser that dies before it says anything says nothing about us either. */
const STARTS_MAX = 3;

/** With no sandbox, because the tests are root's, and with as little talk of its own as it can be told to. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const FAILURE = /Page load failed: (net::\w+)/;

export interface Browser {
  /** @throws Error with its last words, when it died again and again without a page or a reason */
  open(url: string): Promise<Loaded>;
}

export interface Loaded {
  /** Empty where the page could not be had. */
  readonly page: string;
  /** Its own word for why a page could not be had, such as "net::ERR_NAME_NOT_RESOLVED". */
  readonly failure: string | undefined;
}

export interface BrowserOptions {
  /** A CA that somebody installed; default: none. */
  readonly caFile?: string;
  /** Template of the DoH server (RFC 8484 section 3), and where its host is. */
  readonly template: string;
  readonly address: string;
  /** File that this browser sees as /etc/resolv.conf. */
  readonly resolvConf: string;
  /** File of the network namespace that it runs in. */
  readonly network: string;
}

/** A fresh profile; mode `secure` has no way back to plain DNS. Needs root, for its own network and resolv.conf. */
export async function newBrowser(options: BrowserOptions): Promise<Browser> {
  const home = temporaryDirectory('chromium');
  const store = join(home, '.pki/nssdb');
  const profile = join(home, 'profile');
  mkdirSync(store, { recursive: true });
  mkdirSync(profile);
  await certutil(store, '-N', '--empty-password');
  if (options.caFile !== undefined)
    await certutil(store, '-A', '-n', 'house', '-t', 'C,,', '-i', options.caFile);
  const { template, address } = options;
  const templates = JSON.stringify({ servers: [{ template, endpoints: [{ ips: [address] }] }] });
  writeFileSync(
    join(profile, 'Local State'),
    JSON.stringify({ dns_over_https: { mode: 'secure', templates } }),
  );
  const env = { ...process.env, HOME: home, DBUS_SESSION_BUS_ADDRESS: 'disabled:' };
  return {
    open: async (url) => {
      const chromium = ['chromium', ...FLAGS, `--user-data-dir=${profile}`, '--dump-dom', url];
      const inShell = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
      const alone = ['unshare', '-m', 'sh', '-c', inShell, options.resolvConf, ...chromium];
      const wrapped = [`--net=${options.network}`, ...alone];
      for (let starts = 1; ; starts += 1) {
        const loaded: Outcome = await run('nsenter', wrapped, { env, timeoutMs: LOAD_TIMEOUT_MS });
        const failure = FAILURE.exec(loaded.stderr)?.[1];
        if (loaded.stdout !== '' || failure !== undefined) return { page: loaded.stdout, failure };
        if (starts === STARTS_MAX) throw new Error(lastWords(loaded));
      }
    },
  };
}

function lastWords({ code, signal, stderr }: Outcome): string {
  return `chromium ended with ${signal ?? code}, no page and no reason\n${stderr.slice(-2000)}`;
}

async function certutil(store: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await run('certutil', ['-d', `sql:${store}`, ...args]);
  if (code !== 0) throw new Error(`certutil ${args[0]}: ${stderr}`);
}
