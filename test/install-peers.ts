// Brings the real peers of the end-to-end tests onto a Debian-like machine, as root and only when one is missing.
// Elsewhere it says in words what will not be run and how to get it. No package may start its daemon:
// an unbound on port 53 would be nobody's wish.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRoot, missingPeers, PEER_PACKAGES, type Peer } from './support/peers/packages.ts';
import { findResolved, RESOLVED_PACKAGES, UNPACKED } from './support/peers/systemd-resolved.ts';

/** Debian asks this script before it starts a service; 101 means no (invoke-rc.d(8)). */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY = '#!/bin/sh\nexit 101\n';

const HAS_APT = existsSync('/usr/bin/apt-get');
export const canAptInstall = isRoot && HAS_APT;

/** Installs what is missing where it can; gives the peers that are still missing afterwards. */
export function installPeers(): string[] {
  return [...installPackages(), ...unpackResolved()];
}

function installPackages(): Peer[] {
  const missing = missingPeers();
  if (missing.length === 0) return [];
  const packages = [...new Set(missing.map((peer) => PEER_PACKAGES[peer]))];
  if (!canAptInstall) {
    console.log(`\nNOT RUN: the tests that need ${missing.join(', ')}, which this machine does not have.`);
    console.log(`To run them: sudo apt-get install --no-install-recommends ${packages.join(' ')}\n`);
    return missing;
  }
  console.log(`Installing ${packages.join(' ')}`);
  aptInstall(packages);
  const still = missingPeers();
  if (still.length > 0)
    console.log(`\nNOT RUN: the tests that need ${still.join(', ')}; apt did not bring them.\n`);
  return still;
}

/** Installs Debian packages; no daemon of theirs is started. */
export function aptInstall(packages: readonly string[]): void {
  withoutServices(() => {
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  });
}

/** The one peer that is never installed: its package would take name resolution away from this machine. */
function unpackResolved(): string[] {
  if (findResolved() !== undefined) return [];
  const packages = RESOLVED_PACKAGES.join(' ');
  if (canAptInstall) {
    console.log(`Unpacking ${packages}`);
    const directory = mkdtempSync(join(tmpdir(), 'noonmark-resolved-'));
    apt('update');
    run(directory, 'apt-get', '-q', 'download', ...RESOLVED_PACKAGES);
    const files = globSync(join(directory, '*.deb'));
    const tree = join(directory, 'tree');
    const areUnpacked = files.map((file) => run(directory, 'dpkg-deb', '-x', file, tree));
    if (files.length === RESOLVED_PACKAGES.length && areUnpacked.every(Boolean)) {
      mkdirSync(dirname(UNPACKED), { recursive: true });
      rmSync(UNPACKED, { recursive: true, force: true });
      run(directory, 'mv', tree, UNPACKED); // another file system, perhaps
    }
    rmSync(directory, { recursive: true, force: true });
  }
  if (findResolved() !== undefined) return [];
  console.log(
    `\nNOT RUN: the tests that need systemd-resolved; as root, apt-get download ${packages} would do.\n`,
  );
  return ['systemd-resolved'];
}

/** True when it went well. */
function run(directory: string, command: string, ...args: string[]): boolean {
  const stdio: ['ignore', 'ignore', 'inherit'] = ['ignore', 'ignore', 'inherit'];
  const { status } = spawnSync(command, args, { cwd: directory, stdio });
  if (status !== 0) console.log(`${command} ended with ${status}`);
  return status === 0;
}

function withoutServices(action: () => void): void {
  const ours = !existsSync(POLICY_FILE);
  if (ours) {
    writeFileSync(POLICY_FILE, POLICY);
    chmodSync(POLICY_FILE, 0o755);
  }
  try {
    action();
  } finally {
    if (ours) rmSync(POLICY_FILE);
  }
}

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', ['-q', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.log(`apt-get ${args[0]} ended with ${status}`);
}
