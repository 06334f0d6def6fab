// The host's own files, written into a directory in place of the root, and what is read off them.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readHostFacts } from '../../../src/config/host-facts.ts';

const made: string[] = [];
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function hostWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'noonmark-host-'));
  made.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const factsOf = (files: Readonly<Record<string, string>>) => readHostFacts(['192.0.2.1'], hostWith(files));
const daemonOf = (files: Readonly<Record<string, string>>) => factsOf(files).timeDaemon;

/** The first of the incident's two; its comments are the pool's. */
const INCIDENT_WITH_POOL = `
# Use Debian vendor zone.
#pool 2.debian.pool.ntp.org iburst
server 192.168.1.13 iburst key 1 prefer
pool ntp.torix.ca iburst maxsources 4
keyfile /etc/chrony/chrony.keys
driftfile /var/lib/chrony/chrony.drift
makestep 1 3
`;
const INCIDENT_WITH_ADDRESSES = `
server 192.168.1.13 iburst key 1 prefer
server 206.108.0.131 iburst
server 206.108.0.132 iburst
server 206.108.0.133 iburst
`;

test('a host without any of the files tells its addresses and nothing else', () => {
  expect(factsOf({})).toEqual({ addresses: ['192.0.2.1'], nameservers: [], timeDaemon: null });
});

test('nameservers are those of resolv.conf, comments and other lines left out', () => {
  const text =
    '# nameserver 192.0.2.9\nsearch home.arpa\nnameserver 192.168.1.2\n  nameserver fd00::2 # us\nnameserver router\nnameserver\n';
  expect(factsOf({ 'etc/resolv.conf': text }).nameservers).toEqual(['192.168.1.2', 'fd00::2']);
});

test('behind the stub of systemd-resolved are the servers that it asks', () => {
  const files = {
    'etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0\n',
    'run/systemd/resolve/resolv.conf': 'nameserver 192.168.1.2\n',
  };
  expect(factsOf(files).nameservers).toEqual(['192.168.1.2']);
});

test('the incident’s two chrony configurations have these servers', () => {
  expect(daemonOf({ 'etc/chrony/chrony.conf': INCIDENT_WITH_POOL })).toEqual({
    name: 'chrony',
    file: '/etc/chrony/chrony.conf',
    servers: ['192.168.1.13', 'ntp.torix.ca'],
    hasReceiver: false,
  });
  expect(daemonOf({ 'etc/chrony/chrony.conf': INCIDENT_WITH_ADDRESSES })?.servers).toEqual([
    '192.168.1.13',
    '206.108.0.131',
    '206.108.0.132',
    '206.108.0.133',
  ]);
});

test('chrony’s further files are read, those with another ending are not', () => {
  const files = {
    'etc/chrony/chrony.conf': '! a comment\n% another\n; a third\nSERVER a.example\n',
    'etc/chrony/conf.d/b.conf': 'pool b.example iburst\n',
    'etc/chrony/conf.d/c.conf.old': 'server c.example\n',
    'etc/chrony/sources.d/d.sources': 'peer d.example\n',
    'run/chrony-dhcp/eth0.sources': 'server 192.0.2.7 iburst\n',
  };
  expect(daemonOf(files)?.servers).toEqual(['a.example', 'b.example', 'd.example', '192.0.2.7']);
});

test('a receiver is seen, and Fedora’s place of the file', () => {
  expect(daemonOf({ 'etc/chrony.conf': 'refclock SHM 0 refid GPS\nserver a.example\n' })).toEqual({
    name: 'chrony',
    file: '/etc/chrony.conf',
    servers: ['a.example'],
    hasReceiver: true,
  });
});

test('systemd-timesyncd counts where it was told whom to ask', () => {
  const file = 'etc/systemd/timesyncd.conf';
  expect(daemonOf({ [file]: '[Time]\n#NTP=\n#FallbackNTP=0.debian.pool.ntp.org\n' })).toBeNull();
  const files = {
    [file]: '[Time]\nNTP=time.example 192.0.2.3\n',
    'etc/systemd/timesyncd.conf.d/more.conf': '[Time]\nFallbackNTP=other.example\nNTP=\n',
  };
  expect(daemonOf(files)).toEqual({
    name: 'systemd-timesyncd',
    file: '/etc/systemd/timesyncd.conf',
    servers: ['time.example', '192.0.2.3', 'other.example'],
    hasReceiver: false,
  });
});

test('systemd-timesyncd counts where it runs, with the servers that it was built with', () => {
  const files = { 'etc/systemd/timesyncd.conf': '[Time]\n', 'run/systemd/timesync/synchronized': '' };
  expect(daemonOf(files)?.servers).toEqual(['its built-in servers']);
});

test('where there is chrony, the files of systemd-timesyncd say nothing', () => {
  const files = { 'etc/chrony/chrony.conf': '', 'etc/systemd/timesyncd.conf': 'NTP=a.example\n' };
  expect(daemonOf(files)).toMatchObject({ name: 'chrony', servers: [] });
});

test('a directory in place of a file, and a file in place of a directory, say nothing', () => {
  const files = {
    'etc/resolv.conf/x': '',
    'etc/chrony/chrony.conf': 'server a.example\n',
    'etc/chrony/conf.d': '',
  };
  expect(factsOf(files)).toMatchObject({ nameservers: [], timeDaemon: { servers: ['a.example'] } });
});
