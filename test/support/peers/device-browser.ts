// Chromium as a device of the house has it: in a network of its own, with a resolv.conf, policies and a store of CAs of its
// own, so that what a set-up page says can be done to it as it stands there. Driven by playwright-core. Needs root.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { run } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { COLD_START_MS } from './browser.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface DeviceOptions {
  /** File of the network namespace that it is in. */
  readonly network: string;
  /** Address of the resolver that DHCP gave. */
  readonly resolver: string;
  /** What /etc/chromium/policies/managed/noonmark.json has; none: there is no such file. */
  readonly policy?: string;
  /** A line for a shell in a directory with the CA as noonmark-ca.crt, which puts that into the store of this user. */
  readonly trust: { readonly line: string; readonly caPem: string };
}

export interface Device extends AsyncDisposable {
  open(options?: BrowserContextOptions): Promise<Page>;
}

export async function startDevice(options: DeviceOptions): Promise<Device> {
  const home = temporaryDirectory('device');
  mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
  const env = { ...process.env, HOME: home, DBUS_SESSION_BUS_ADDRESS: 'disabled:' };
  await shell('certutil -d sql:$HOME/.pki/nssdb -N --empty-password', home, env);
  writeFileSync(join(home, 'noonmark-ca.crt'), options.trust.caPem);
  await shell(options.trust.line, home, env);
  writeFileSync(join(home, 'resolv.conf'), `nameserver ${options.resolver}\n`);
  if (options.policy !== undefined) writeFileSync(join(home, 'policy.json'), options.policy);
  const browser = await chromium.launch({
    executablePath: launcher(home, options),
    args: FLAGS,
    env,
    timeout: COLD_START_MS,
  });
  return {
    open: async (contextOptions) => (await browser.newContext(contextOptions)).newPage(),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** A program that becomes the browser of that device. */
function launcher(home: string, { network, policy }: DeviceOptions): string {
  const managed = '/etc/chromium/policies/managed';
  const lines = [
    `mount --bind ${home}/resolv.conf /etc/resolv.conf`,
    'mount -t tmpfs none /etc/chromium',
    `mkdir -p ${managed}`,
    ...(policy === undefined ? [] : [`cp ${home}/policy.json ${managed}/noonmark.json`]),
    'exec /usr/bin/chromium "$@"',
  ];
  const file = join(home, 'chromium');
  writeFileSync(
    file,
    `#!/bin/sh\nexec nsenter --net=${network} unshare -m sh -ec '${lines.join('\n')}' sh "$@"\n`,
    { mode: 0o755 },
  );
  return file;
}

async function shell(line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const { code, stderr } = await run('sh', ['-ec', line], { cwd, env });
  if (code !== 0) throw new Error(`${line}: ${stderr}`);
}
