// What a good file becomes: defaults, normal forms, paths, warnings; frozen through and through.

import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOT_YET } from '../../../src/config/not-yet.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems, formatProblem } from '../../../src/config/problems.ts';
import { nameKey } from '../../../src/dns/names.ts';
import type { ResourceRecord } from '../../../src/dns/records.ts';

const parse = (yaml: string) => parseConfig(yaml, { file: '/etc/noonmark/home.yaml' });
const warningsOf = (yaml: string) =>
  parse(yaml).warnings.map((warning) => formatProblem('home.yaml', warning));
const UPSTREAM = 'upstreams: [{url: tls://9.9.9.9}]\n';

test('an empty file answers this machine, trusts nobody and keeps to every default', () => {
  const { config, warnings } = parse('');
  expect(config).toEqual({
    file: '/etc/noonmark/home.yaml',
    listen: {
      dns: [
        { address: '127.0.0.1', port: 53, family: 4 },
        { address: '::1', port: 53, family: 6 },
      ],
      dot: [],
      doh: [],
      admin: [],
    },
    admin: { passwordFile: null, tokenFile: null, loopback: 'open' },
    access: { allow: ['loopback', 'private', 'local'] },
    upstreams: [],
    forward: [],
    zones: [],
    hosts: [],
    leases: [],
    filter: { blocked: { kind: 'nxdomain' }, lists: [], rewrites: [], groups: [] },
    certificate: { names: [], addresses: [], files: null, acme: null, more: [] },
    time: { sources: null },
    cache: { maxBytes: 67_108_864, persist: true },
    rebinding: { protect: false, allow: [] },
    certsDir: resolve('certs'),
    stateDir: resolve('state'),
    workers: 'auto',
    log: { level: 'info', format: 'text', queries: 'off' },
    notify: [],
    limits: {
      connections: 1000,
      connectionsPerClient: 100,
      connectionIdleMs: 10_000,
      queriesPerConnection: 128,
      handshakesPerClient: 50,
      udpQueriesPerClient: 1000,
      pendingQueries: 10_000,
      pendingQueriesPerClient: 500,
      queryDeadlineMs: 4500,
      udpPayloadOctets: 1232,
    },
  });
  expect(warnings.map((warning) => formatProblem('home.yaml', warning))).toEqual([
    'home.yaml: upstreams: no upstream is written, so only internal names are answered',
  ]);
});

test('keys with nothing behind them count as not written', () => {
  const written =
    'listen:\naccess:\n  allow:\nupstreams:\nzones:\ncertificate:\ntime:\nlog:\n  level:\nlimits:\n';
  expect(parse(written).config).toEqual(parse('').config);
});

test('addresses get the default port of their key', () => {
  const { listen } = parse(
    'listen: {dns: [10.0.0.1], dot: [10.0.0.1], doh: ["::1", "[fe80::1%eth0]:8443"], admin: [127.0.0.1]}',
  ).config;
  expect(listen).toEqual({
    dns: [{ address: '10.0.0.1', port: 53, family: 4 }],
    dot: [{ address: '10.0.0.1', port: 853, family: 4 }],
    doh: [
      { address: '::1', port: 443, family: 6 },
      { address: 'fe80::1%eth0', port: 8443, family: 6 },
    ],
    admin: [{ address: '127.0.0.1', port: 8080, family: 4 }],
  });
});

test('what `listen` leaves out is not listened on', () => {
  expect(parse('listen: {dot: [127.0.0.1]}').config.listen.dns).toEqual([]);
});

test('the same port may serve UDP for time and TCP for DoT', () => {
  expect(() => parse('listen: {dot: ["127.0.0.1:853"], ntp: ["127.0.0.1:853"]}')).not.toThrow();
});

test('an upstream by address connects to it, one by name to its addresses', () => {
  const yaml = `
upstreams:
  - url: tls://1.1.1.1
  - url: tls://[2620:FE::FE]:8853
  - url: TLS://DNS.Quad9.net.
    addresses: [9.9.9.9, "2620:fe:0::9", 9.9.9.9]
    ca_file: ca.pem
    pins: [sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
`;
  const none = { path: '', caFile: null, pins: [] };
  expect(parse(yaml).config.upstreams).toEqual([
    {
      url: 'tls://1.1.1.1',
      protocol: 'tls',
      serverName: '1.1.1.1',
      port: 853,
      addresses: ['1.1.1.1'],
      ...none,
    },
    {
      url: 'tls://[2620:FE::FE]:8853',
      protocol: 'tls',
      serverName: '2620:fe::fe',
      port: 8853,
      addresses: ['2620:fe::fe'],
      ...none,
    },
    {
      url: 'TLS://DNS.Quad9.net.',
      protocol: 'tls',
      path: '',
      serverName: 'dns.quad9.net',
      port: 853,
      addresses: ['9.9.9.9', '2620:fe::9'],
      caFile: '/etc/noonmark/ca.pem',
      pins: ['sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    },
  ]);
});

test('an upstream over HTTPS has a path, its own or the usual one, and one host may have several', () => {
  const yaml = `
upstreams:
  - url: https://1.1.1.1
  - url: HTTPS://[2620:fe::fe]:8443/dns-query/%41/
  - url: https://dns.example/a
    addresses: [192.0.2.1]
  - url: https://dns.example/
    addresses: [192.0.2.1]
`;
  const shown = parse(yaml).config.upstreams.map(({ protocol, serverName, port, path, addresses }) =>
    [protocol, serverName, port, path, ...addresses].join(' '),
  );
  expect(shown).toEqual([
    'https 1.1.1.1 443 /dns-query 1.1.1.1',
    'https 2620:fe::fe 8443 /dns-query/%41/ 2620:fe::fe',
    'https dns.example 443 /a 192.0.2.1',
    'https dns.example 443 / 192.0.2.1',
  ]);
});

test('an upstream by name needs no addresses where another one has some', () => {
  const yaml = 'upstreams: [{url: https://dns.example}, {url: tls://9.9.9.9}]';
  expect(parse(yaml).config.upstreams.map(({ addresses }) => addresses)).toEqual([[], ['9.9.9.9']]);
});

test('time sources that are not written are the built-in ones, and an empty list is none', () => {
  for (const yaml of ['', 'time:', 'time: {}', 'time: {sources: }'])
    expect(parse(yaml).config.time.sources).toBeNull();
  expect(parse('time: {sources: []}').config.time.sources).toEqual([]);
});

test('a time source is read with everything that can be written about it', () => {
  const yaml = `
time:
  sources:
    - url: ntp://192.168.1.13
      key: {id: 4294967295, type: aes128, file: ntp.key}
      prefer: true
      trusted: on
    - url: NTP://[2001:DB8::1]:1123
      operator: " Torix "
    - url: ntp://Ntp.Example.
      addresses: [192.0.2.5, "2001:db8:0::5", 192.0.2.5]
    - url: https://time.example
      addresses: [192.0.2.9]
      ca_file: ca.pem
      pins: [sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=]
    - url: https://192.0.2.10:8443/now
`;
  const plain = { path: '', addresses: [], key: null, caFile: null, pins: [], operator: null };
  const ntp = { ...plain, protocol: 'ntp', port: 123, prefer: false, trusted: false };
  const https = { ...ntp, protocol: 'https', port: 443, path: '/' };
  expect(parse(UPSTREAM + yaml).config.time.sources).toEqual([
    {
      ...ntp,
      url: 'ntp://192.168.1.13',
      host: '192.168.1.13',
      isAddress: true,
      key: { id: 4294967295, type: 'AES128', file: '/etc/noonmark/ntp.key' },
      prefer: true,
      trusted: true,
    },
    {
      ...ntp,
      url: 'NTP://[2001:DB8::1]:1123',
      host: '2001:db8::1',
      isAddress: true,
      port: 1123,
      operator: 'torix',
    },
    {
      ...ntp,
      url: 'ntp://Ntp.Example.',
      host: 'ntp.example',
      isAddress: false,
      addresses: ['192.0.2.5', '2001:db8::5'],
    },
    {
      ...https,
      url: 'https://time.example',
      host: 'time.example',
      isAddress: false,
      addresses: ['192.0.2.9'],
      caFile: '/etc/noonmark/ca.pem',
      pins: ['sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    },
    {
      ...https,
      url: 'https://192.0.2.10:8443/now',
      host: '192.0.2.10',
      isAddress: true,
      port: 8443,
      path: '/now',
    },
  ]);
});

test('one server may be asked over NTP and over HTTPS, and on several ports', () => {
  const yaml =
    'time: {sources: [{url: ntp://192.0.2.1}, {url: "ntp://192.0.2.1:1123"}, {url: https://192.0.2.1}]}';
  expect(parse(yaml).config.time.sources).toHaveLength(3);
});

test('a zone has its name as a key and its records ready for the wire', () => {
  const { zones } = parse(
    'zones: {Home.Arpa.: {records: [Nas 60 A 192.168.1.20]}, 10.in-addr.arpa: }',
  ).config;
  expect(zones.map(({ name }) => name)).toEqual([nameKey('home.arpa'), nameKey('10.in-addr.arpa')]);
  const [{ rdata, ...record }] = zones[0]!.records as [ResourceRecord];
  expect(record).toEqual({ owner: '\x03Nas\x04home\x04arpa\0', type: 1, ttlSeconds: 60 });
  expect([...rdata]).toEqual([192, 168, 1, 20]);
  expect(zones[1]!.records).toEqual([]);
});

test('zones and owners with names of the language are like any other', () => {
  const yaml =
    'zones: {constructor: {records: [__proto__ A 10.0.0.1, toString A 10.0.0.2]}, hasOwnProperty: {}}';
  const { zones } = parse(yaml).config;
  expect(zones.map(({ name }) => name)).toEqual([nameKey('constructor'), nameKey('hasownproperty')]);
  expect(zones[0]!.records.map(({ owner }) => owner)).toEqual([
    '\x09__proto__\x0bconstructor\0',
    '\x08toString\x0bconstructor\0',
  ]);
});

test('signatures may stand beside a CNAME, and one address at two names', () => {
  const yaml = 'zones: {home.arpa: {records: [a A 10.0.0.1, b A 10.0.0.1, c CNAME a, d CNAME a]}}';
  expect(parse(yaml).config.zones[0]!.records).toHaveLength(4);
});

test('written paths start at the directory of the file, absolute ones stay', () => {
  const yaml =
    'certs_dir: a/b\nstate_dir: /var/state\ncertificate: {files: {certificate: ../c.pem, key: k.pem}}';
  const { certsDir, stateDir, certificate } = parse(yaml).config;
  expect([certsDir, stateDir]).toEqual(['/etc/noonmark/a/b', '/var/state']);
  expect(certificate.files).toEqual({ certificate: '/etc/c.pem', key: '/etc/noonmark/k.pem' });
});

test('limits have units, and a lowered whole lowers the share of one client', () => {
  const { limits, cache } = parse(
    'limits: {connections: 50, connection_idle: 2s}\ncache: {max_bytes: 1GiB}',
  ).config;
  expect(limits).toMatchObject({ connections: 50, connectionsPerClient: 50, connectionIdleMs: 2000 });
  expect(cache.maxBytes).toBe(2 ** 30);
});

test('clients are named ranges and canonical prefixes', () => {
  const { access } = parse('access: {allow: [local, 192.168.1.5, "FD00:0::/8"]}').config;
  expect(access.allow).toEqual(['local', { cidr: '192.168.1.5/32' }, { cidr: 'fd00::/8' }]);
});

test('aliases repeat what they name', () => {
  const { listen } = parse('listen:\n  dot: &here [127.0.0.1]\n  dns: *here\n').config;
  expect([listen.dns[0]!.port, listen.dot[0]!.port]).toEqual([53, 853]);
});

test('the configuration is frozen at every depth', () => {
  const { config } = parse(`${UPSTREAM}zones: {home.arpa: {records: [nas A 10.0.0.1]}}`);
  const seen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    ArrayBuffer.isView(value) ||
    (Object.isFrozen(value) && Object.values(value).every(seen));
  expect(seen(config)).toBe(true);
});

describe('a warning, and no error, is given for', () => {
  test.for([
    [
      'listen: {dns: [127.0.0.1], ntp: [127.0.0.1]}',
      ['home.yaml:2: listen.ntp: serving NTP is not built in this release; nothing listens there'],
    ],
    [
      'listen: {dns: [127.0.0.1], admin: [127.0.0.2, "::1", 192.168.1.2, "[::]:8081"]}',
      [
        'home.yaml:2: listen.admin[2]: the pages will be refused at 192.168.1.2:8080: others can connect to it, and there is no password; make one with `noonmark password --write FILE` and name it as `admin.password_file`',
        'home.yaml:2: listen.admin[3]: the pages will be refused at [::]:8081: others can connect to it, and there is no password; make one with `noonmark password --write FILE` and name it as `admin.password_file`',
      ],
    ],
    [
      'time: {sources: [{url: ntp://192.168.1.13, prefer: true}, {url: ntp://192.0.2.1, prefer: on}]}',
      [
        'home.yaml:2: time.sources[1].prefer: time.sources[0] is preferred already, and one offset alone is used; keep one of them',
      ],
    ],
    [
      'time: {sources: [{url: ntp://192.0.2.1, trusted: on}, {url: ntp://time.example, trusted: on}]}',
      [0, 1].map(
        (position) =>
          `home.yaml:2: time.sources[${position}].trusted: without a key, whoever stands on the way to this server can set the clock alone; write a \`key\`, or leave \`trusted\` off`,
      ),
    ],
    [
      'time: {sources: [{url: ntp://10.0.0.1, trusted: on}, {url: "ntp://[fd00::1]", trusted: on}, {url: "ntp://[fe80::1%eth0]", trusted: on}, {url: https://time.example, trusted: on}, {url: ntp://192.0.2.1, trusted: on, key: {id: 1, type: MD5, file: k}}]}',
      [],
    ],
    [
      'access: {allow: [0.0.0.0/0, "::/0"]}',
      [
        'home.yaml:2: access.allow[0]: 0.0.0.0/0 makes this an open resolver, which attacks on others are sent through; write the networks that are yours',
        'home.yaml:2: access.allow[1]: ::/0 makes this an open resolver, which attacks on others are sent through; write the networks that are yours',
      ],
    ],
    [
      'access: {allow: []}',
      [
        'home.yaml:2: access.allow: the list is empty, so every query is refused; delete the key for the default',
      ],
    ],
    [
      'zones: {home.arpa: {records: [nas.home.arpa A 192.168.1.20]}}',
      [
        'home.yaml:2: zones.home.arpa.records[0]: this is the name nas.home.arpa.home.arpa., with the zone in it twice; write it without the zone, or with a dot at its end',
      ],
    ],
    [
      'listen: {dns: [127.0.0.1], admin: []}\ntime: {sources: []}\nforward: {}\nrebinding: {protect: off, allow: []}',
      [],
    ],
  ] as const)('%s', ([yaml, warnings]) => {
    expect(warningsOf(UPSTREAM + yaml)).toEqual(warnings);
  });
});

test('every row of later releases names a place of its own', () => {
  const places = NOT_YET.map(({ path }) => path.join('.'));
  expect(new Set(places).size).toBe(places.length);
});

test('no text makes the parser fail with anything but problems', () => {
  const keys = fc.constantFrom(
    'listen',
    'dns',
    'zones',
    'upstreams',
    'url',
    'records',
    'limits',
    '__proto__',
    'log',
  );
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.oneof(keys, fc.string()), { maxLength: 8 }).map((parts) => parts.join(': ')),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      try {
        parse(yaml);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigProblems);
      }
    }),
    { numRuns: 300 },
  );
});
