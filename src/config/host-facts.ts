// What the rest of this host hangs on: where it looks names up (resolv.conf(5)) and what sets its clock (chrony.conf(5),
// timesyncd.conf(5)). Read for circles.ts, which is pure. A file that is not there, or not for us to read, says nothing.

import { readdirSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { readAtMost } from '../files/read-file.ts';

export interface HostFacts {
  /** The addresses of this host's own interfaces, in canonical form. */
  readonly addresses: readonly string[];
  /** Where its programs look names up. */
  readonly nameservers: readonly string[];
  /** What sets its clock; null where nothing that we know of is installed. */
  readonly timeDaemon: TimeDaemon | null;
}

export interface TimeDaemon {
  readonly name: 'chrony' | 'systemd-timesyncd';
  /** Its main file. */
  readonly file: string;
  /** Servers and pools as they are written there: names and addresses. */
  readonly servers: readonly string[];
  /** A receiver (GPS, DCF77, a PTP card) is attached, which needs no network. */
  readonly hasReceiver: boolean;
}

/** Of each kind; a directory of more holds something else. */
const FILES_MAX = 100;
const FILE_OCTETS_MAX = 65_536;

/** systemd-resolved's stub, which asks whom this file names. */
const STUBS: readonly string[] = ['127.0.0.53', '127.0.0.54'];
const STUB_RESOLV_CONF = 'run/systemd/resolve/resolv.conf';

/** Debian's places, then Fedora's; sources that DHCP gave are in /run. */
const CHRONY = {
  main: ['etc/chrony/chrony.conf', 'etc/chrony.conf'],
  further: [
    ['etc/chrony/conf.d', '.conf'],
    ['etc/chrony.d', '.conf'],
    ['etc/chrony/sources.d', '.sources'],
    ['run/chrony-dhcp', '.sources'],
  ],
} as const;

const TIMESYNCD = {
  main: ['etc/systemd/timesyncd.conf', 'usr/lib/systemd/timesyncd.conf'],
  further: [['etc/systemd/timesyncd.conf.d', '.conf']],
  /** There while it runs. */
  runtime: 'run/systemd/timesync',
  /** What it asks where nothing is written depends on the distribution, and is names everywhere. */
  builtIn: 'its built-in servers',
} as const;

/** `addresses` are the host's own; `root` is where its files are. */
export function readHostFacts(addresses: readonly string[], root = '/'): HostFacts {
  return {
    addresses,
    nameservers: readNameservers(root),
    timeDaemon: readChrony(root) ?? readTimesyncd(root),
  };
}

function readNameservers(root: string): string[] {
  const written = nameserversIn(textOf(join(root, 'etc/resolv.conf')));
  const isStub = written.length > 0 && written.every((address) => STUBS.includes(address));
  return isStub ? nameserversIn(textOf(join(root, STUB_RESOLV_CONF))) : written;
}

function nameserversIn(text: string | null): string[] {
  return linesOf(text).flatMap(([directive, address]) =>
    directive === 'nameserver' && address !== undefined && isIP(address) !== 0 ? [address] : [],
  );
}

function readChrony(root: string): TimeDaemon | null {
  const file = CHRONY.main.find((path) => textOf(join(root, path)) !== null);
  if (file === undefined) return null;
  const lines = [file, ...filesIn(root, CHRONY.further)].flatMap((path) => linesOf(textOf(join(root, path))));
  const directives = lines.map(([directive = '', ...rest]) => [directive.toLowerCase(), ...rest]);
  return {
    name: 'chrony',
    file: `/${file}`,
    servers: directives.flatMap(([directive, host]) =>
      host !== undefined && ['server', 'pool', 'peer'].includes(directive!) ? [host] : [],
    ),
    hasReceiver: directives.some(([directive]) => directive === 'refclock'),
  };
}

/** Its files are there on many hosts where it is not used: it counts where it runs, or was told whom to ask. */
function readTimesyncd(root: string): TimeDaemon | null {
  const found = TIMESYNCD.main.filter((path) => textOf(join(root, path)) !== null);
  const lines = [...found, ...filesIn(root, TIMESYNCD.further)].flatMap((path) =>
    linesOf(textOf(join(root, path))),
  );
  const servers = lines.flatMap(([first = '', ...rest]) => {
    const [, value] = /^(?:Fallback)?NTP=(.*)$/.exec(first) ?? [];
    return value === undefined ? [] : [value, ...rest].filter((host) => host !== '');
  });
  const isRunning = statSync(join(root, TIMESYNCD.runtime), { throwIfNoEntry: false }) !== undefined;
  if (servers.length === 0 && !isRunning) return null;
  return {
    name: 'systemd-timesyncd',
    file: `/${found[0] ?? TIMESYNCD.main[0]}`,
    servers: servers.length > 0 ? servers : [TIMESYNCD.builtIn],
    hasReceiver: false,
  };
}

/** Paths below `root` of the files in `directories` with their ending. */
function filesIn(root: string, directories: readonly (readonly [string, string])[]): string[] {
  return directories.flatMap(([directory, ending]) => {
    try {
      const names = readdirSync(join(root, directory)).filter((name) => name.endsWith(ending));
      return names
        .sort()
        .slice(0, FILES_MAX)
        .map((name) => join(directory, name));
    } catch {
      return [];
    }
  });
}

function textOf(path: string): string | null {
  try {
    return Buffer.from(readAtMost(path, FILE_OCTETS_MAX)).toString('latin1');
  } catch {
    return null;
  }
}

/** The words of every line but comments: chrony.conf(5) has all four marks, the others two of them. */
function linesOf(text: string | null): string[][] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;!%]/.test(line))
    .map((line) => line.split(/\s+/));
}
