// Zone files on a real disk: what is told about them, what they may include, and how much is read.

import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';
import { formatName } from '../../../src/dns/names.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
beforeEach(() => {
  directory = join(temporaryDirectory('zone-files'), 'etc');
  mkdirSync(directory);
});

const CONFIG = 'zones: {home.arpa: {records: [nas A 192.168.1.20], file: zones/home.zone}}';

function write(name: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(directory, name)), { recursive: true });
  writeFileSync(join(directory, name), text);
}

function load(config = CONFIG) {
  write('home.yaml', config);
  return loadConfig(join(directory, 'home.yaml'));
}

function problems(config?: string): string[] {
  try {
    load(config);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.message.replaceAll(directory, '').split('\n');
    throw error;
  }
  return [];
}

const owners = () => load().config.zones[0]!.records.map(({ owner }) => formatName(owner));

test('records of the configuration and of the file stand together', () => {
  write('zones/home.zone', 'printer A 192.168.1.30\n');
  expect(owners()).toEqual(['nas.home.arpa.', 'printer.home.arpa.']);
});

test('every mistake is told with its file and line, rules between records included', () => {
  write(
    'zones/home.zone',
    [
      '$INCLUDE sub/lab.inc lab',
      'printer A 192.168.1.300',
      'nas A 192.168.1.20',
      'files CNAME nas',
      'files A 192.168.1.21',
      '@ SOA ns h 1 1h 1h 1h 1h',
      '@ SOA ns h 2 1h 1h 1h 1h',
      'x SOA ns h 2 1h 1h 1h 1h',
    ].join('\n'),
  );
  write('zones/sub/lab.inc', '\nbench A nowhere\n');
  expect(problems()).toEqual([
    '/home.yaml:1: zones.home.arpa.file: sub/lab.inc:2: "bench A nowhere" is not a record: "nowhere" is not an IPv4 address; write it like bench 300 A 192.168.1.20',
    '/home.yaml:1: zones.home.arpa.file: home.zone:2: "printer A 192.168.1.300" is not a record: "192.168.1.300" is not an IPv4 address; write it like printer 300 A 192.168.1.20',
    '/home.yaml:1: zones.home.arpa.file: home.zone:3: this record stands here twice; delete one',
    '/home.yaml:1: zones.home.arpa.file: home.zone:4: files.home.arpa. has a CNAME and A too, and nothing may stand beside a CNAME; delete one of them',
    '/home.yaml:1: zones.home.arpa.file: home.zone:7: this is a second SOA; keep one, or none, and one is made up',
    '/home.yaml:1: zones.home.arpa.file: home.zone:8: an SOA stands at the name of its zone only; write @ as its name',
  ]);
});

test('a name with the zone in it twice brings a warning', () => {
  write('zones/home.zone', 'tv.home.arpa A 192.168.1.40\n');
  const warnings = load().warnings.filter(({ path }) => path.startsWith('zones'));
  expect(warnings.map(({ message }) => message)).toEqual([
    'home.zone:1: this is the name tv.home.arpa.home.arpa., with the zone in it twice; write it without the zone, or with a dot at its end',
  ]);
});

describe('$INCLUDE', () => {
  beforeEach(() => {
    write('secret', 'root:x:0:0\n');
    write('zones/home.zone', '$INCLUDE more.inc\n');
  });

  test('is relative to the file that it stands in', () => {
    write('zones/home.zone', '$INCLUDE sub/a.inc\n');
    write('zones/sub/a.inc', '$INCLUDE b.inc\n');
    write('zones/sub/b.inc', 'b A 10.0.0.1\n');
    expect(owners()).toEqual(['nas.home.arpa.', 'b.home.arpa.']);
    expect(load().files).toEqual(
      ['home.yaml', 'zones/home.zone', 'zones/sub/a.inc', 'zones/sub/b.inc'].map((file) =>
        join(directory, file),
      ),
    );
  });

  test.for([
    ['a path upwards', '../secret'],
    ['a whole path', '/etc/passwd'],
  ])('of %s is refused, and nothing of that file is told', ([, path]) => {
    write('zones/home.zone', `$INCLUDE ${path}\n`);
    expect(problems()).toEqual([
      `/home.yaml:1: zones.home.arpa.file: home.zone:1: "${path === '../secret' ? '/secret' : path}" lies outside "/zones", the folder of the zone file; move it there`,
    ]);
  });

  test('of a symbolic link that leads outside is refused', () => {
    symlinkSync('../secret', join(directory, 'zones/more.inc'));
    expect(problems()).toEqual([
      '/home.yaml:1: zones.home.arpa.file: home.zone:1: "/zones/more.inc" leads to "/secret", outside "/zones", the folder of the zone file; move it there',
    ]);
  });

  test('of a folder whose name begins like that of the zone file is refused', () => {
    write('zones-old/x.inc', 'x A 10.0.0.1\n');
    write('zones/home.zone', '$INCLUDE ../zones-old/x.inc\n');
    expect(problems()[0]).toContain('lies outside "/zones"');
  });

  test('of a file that is not there names it', () => {
    expect(problems()).toEqual([
      '/home.yaml:1: zones.home.arpa.file: home.zone:1: "/zones/more.inc" cannot be used: there is no such file',
    ]);
  });

  test('of itself ends', () => {
    write('zones/more.inc', '$INCLUDE more.inc\n$INCLUDE more.inc\n');
    expect(problems()).toEqual(
      [1, 2].map(
        (line) =>
          `/home.yaml:1: zones.home.arpa.file: more.inc:${line}: more.inc would include itself (home.zone > more.inc > more.inc); delete this line`,
      ),
    );
  });

  test('of itself by ever other names ends', () => {
    write('zones/more.inc', '$INCLUDE again/more.inc\n');
    symlinkSync('.', join(directory, 'zones/again'));
    expect(problems()).toEqual([
      expect.stringMatching(/: files are included more than 8 deep \(home\.zone > /),
    ]);
  });

  test('of the zone file itself is the same', () => {
    write('zones/more.inc', '$INCLUDE home.zone\n');
    expect(problems()[0]).toContain('home.zone would include itself (home.zone > more.inc > home.zone)');
  });
});

test('a zone file may itself be a link, as containers have them', () => {
  write('elsewhere/home.zone', '$INCLUDE near.inc\n');
  write('zones/near.inc', 'near A 10.0.0.1\n');
  symlinkSync('../elsewhere/home.zone', join(directory, 'zones/home.zone'));
  expect(owners()).toEqual(['nas.home.arpa.', 'near.home.arpa.']);
});

test.for<[what: string, make: () => void, sentence: string]>([
  ['not there', () => {}, 'there is no such file'],
  [
    'a directory',
    () => mkdirSync(join(directory, 'zones/home.zone'), { recursive: true }),
    'is not a plain file',
  ],
  [
    'a pipe, which might never end',
    () => {
      mkdirSync(join(directory, 'zones'));
      execFileSync('mkfifo', [join(directory, 'zones/home.zone')]);
    },
    'is not a plain file',
  ],
  ['not UTF-8', () => write('zones/home.zone', Uint8Array.of(0x78, 0xff, 10)), 'it is not UTF-8 text'],
  [
    'too long',
    () => {
      write('zones/home.zone', '');
      truncateSync(join(directory, 'zones/home.zone'), 32 * 2 ** 20 + 1);
    },
    'makes the zone files longer than 32MiB together',
  ],
])('a zone file that is %s is refused', ([, make, sentence]) => {
  make();
  expect(problems()).toHaveLength(1);
  expect(problems()[0]).toMatch(
    new RegExp(`^/home.yaml:1: zones.home.arpa.file: "/zones/home.zone" .*${sentence}`),
  );
});

test('a CNAME at the own name of a zone is refused in a file too', () => {
  write('zones/home.zone', '@ CNAME nas\n');
  expect(problems()).toEqual([
    '/home.yaml:1: zones.home.arpa.file: home.zone:1: home.arpa. is a zone, whose own name has an SOA in any case, and nothing may stand beside a CNAME; write addresses in its place, or delete the zone and write the name under `filter.rewrites`',
  ]);
});

test('zone files share the bound of their records', () => {
  const many = Array.from(
    { length: 110_000 },
    (_, n) => `h${n} A 10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
  ).join('\n');
  write('a.zone', many);
  write('b.zone', many);
  expect(problems('zones: {a.example: {file: a.zone}, b.example: {file: b.zone}}')).toEqual([
    '/home.yaml:1: zones.b.example.file: b.zone:90001: this is record 90001, and no more than 90000 are taken',
  ]);
});

test('files of other programs that cannot be read bring a warning', () => {
  write('here.leases', '');
  const config =
    'hosts: [nowhere]\nleases:\n  - {file: here.leases, format: isc, domain: lan}\n  - {file: ., format: kea, domain: x.local}';
  const { warnings, config: read } = load(config);
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'upstreams: no upstream is written, so only internal names are answered',
    'hosts[0]: "nowhere": there is no such file; its names are not answered until that is mended',
    'leases[1].domain: names below local belong to multicast DNS (RFC 6762), and many devices never ask a server for them; home.arpa works everywhere',
    'leases[1].file: ".": it is a directory; its names are not answered until that is mended',
  ]);
  expect(read.leases.map(({ file, domain }) => `${file} ${formatName(domain)}`)).toEqual([
    `${join(directory, 'here.leases')} lan.`,
    `${directory} x.local.`,
  ]);
});
