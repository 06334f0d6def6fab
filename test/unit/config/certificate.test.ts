// What is made of `certificate`, `acme` and `more`, and every sentence about what is wrong with them.

import { describe, expect, test } from 'vitest';
import { filesUnseen, type NamedFiles } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems, Report } from '../../../src/config/problems.ts';

const LISTEN = 'listen: {dns: [192.168.1.2], dot: [192.168.1.2], doh: [192.168.1.2], admin: [127.0.0.1]}\n';

const parse = (certificate: string, listen = LISTEN, files: NamedFiles = filesUnseen) =>
  parseConfig(`upstreams: [{url: tls://9.9.9.9}]\n${listen}certificate: ${certificate}`, {
    file: '/etc/noonmark/home.yaml',
    files,
  });

const told = ({ path, message }: { readonly path: string; readonly message: string }) =>
  `${path.replace(/^certificate\./, '')}: ${message}`;

function problemsOf(certificate: string, listen?: string, files?: NamedFiles): string[] {
  try {
    parse(certificate, listen, files);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    return error.problems.map(told);
  }
}

const warningsOf = (certificate: string, files?: NamedFiles) =>
  parse(certificate, LISTEN, files).warnings.map(told);

/** A right one with `keys` besides; a later key of a name is the one that counts. */
const acme = (keys = '', names = 'dns.house.example') => {
  const whole = { directory: 'letsencrypt', agree_tos: 'on', challenge: 'http-01' };
  const kept = Object.entries(whole).filter(([key]) => !new RegExp(`\\b${key}:`).test(keys));
  const written = [...kept.map(([key, value]) => `${key}: ${value}`), ...(keys === '' ? [] : [keys])];
  return `{names: ["${names}"], acme: {${written.join(', ')}}}`;
};
const dns = (provider: string) => acme(`challenge: dns-01, dns: {${provider}}`);
const more = (entries: string, first = acme()) => first.replace(/\}$/, `, more: [${entries}]}`);

const DEFAULTS = {
  directory: 'https://acme-v02.api.letsencrypt.org/directory',
  staging: 'https://acme-staging-v02.api.letsencrypt.org/directory',
  addresses: [],
  caFile: null,
  email: null,
  profile: null,
  keyType: 'P-256',
  challenge: 'http-01',
  httpPort: 80,
  dns: null,
  propagationMs: 120_000,
  takeOver: null,
};

describe('what is written under `acme` is read:', () => {
  test('the least', () => {
    const { config, warnings } = parse(acme());
    expect(warnings).toEqual([]);
    expect(config.certificate).toEqual({
      names: ['dns.house.example'],
      addresses: [],
      files: null,
      acme: DEFAULTS,
      more: [],
    });
  });

  test('the contract’s example', () => {
    const { config, warnings } = parse(
      '{names: [dns.house.example], addresses: [], acme: {directory: "https://127.0.0.1:14000/dir", email: you@example.com, agree_tos: true, challenge: http-01, http_port: 80, ca_file: pebble.pem}}',
    );
    expect(warnings).toEqual([]);
    expect(config.certificate.acme).toEqual({
      ...DEFAULTS,
      directory: 'https://127.0.0.1:14000/dir',
      staging: null,
      caFile: '/etc/noonmark/pebble.pem',
      email: 'you@example.com',
    });
  });

  test('everything', () => {
    const keys = [
      'directory: "https://CA.House.example:9000/acme/"',
      'staging: https://ca.house.example/trials',
      'addresses: [192.168.1.9, "FD00:0::9", 192.168.1.9]',
      'ca_file: /ca.pem',
      "email: o'hara+dns@house.example",
      'profile: shortlived',
      'key: P-384',
      'challenge: dns-01',
      'take_over: /etc/letsencrypt',
      'dns: {rfc2136: {server: "tls://NS.house.example:8853", key_file: k, zone: _Acme-Challenge.House.example., ca_file: d.pem}, propagation: 10m}',
    ];
    const { config, warnings } = parse(
      acme(keys.join(', '), '*.House.example", "house.example", "House.example'),
    );
    expect(warnings).toEqual([]);
    expect(config.certificate.names).toEqual(['*.house.example', 'house.example']);
    expect(config.certificate.acme).toEqual({
      directory: 'https://ca.house.example:9000/acme/',
      staging: 'https://ca.house.example/trials',
      addresses: ['192.168.1.9', 'fd00::9'],
      caFile: '/ca.pem',
      email: "o'hara+dns@house.example",
      profile: 'shortlived',
      keyType: 'P-384',
      challenge: 'dns-01',
      httpPort: 80,
      dns: {
        kind: 'rfc2136',
        protocol: 'tls',
        host: 'ns.house.example',
        port: 8853,
        keyFile: '/etc/noonmark/k',
        zone: '_acme-challenge.house.example',
        caFile: '/etc/noonmark/d.pem',
      },
      propagationMs: 600_000,
      takeOver: '/etc/letsencrypt',
    });
  });

  test.for([
    ['letsencrypt', DEFAULTS.directory],
    ['letsencrypt-staging', DEFAULTS.staging],
    ['HTTPS://CA.example:443', 'https://ca.example'],
    ['https://ca.example/', 'https://ca.example/'],
    ['https://ca.example./v2/DV%41', 'https://ca.example/v2/DV%41'],
    ['https://[2001:DB8::1]:14000/dir/', 'https://[2001:db8::1]:14000/dir/'],
  ])('the directory %s', ([written, directory]) => {
    expect(parse(acme(`directory: "${written}"`)).config.certificate.acme?.directory).toBe(directory);
  });

  test.for([
    [
      'rfc2136: {server: 192.168.1.1}',
      {
        ...{ kind: 'rfc2136', protocol: 'tcp', host: '192.168.1.1', port: 53 },
        ...{ keyFile: null, zone: null, caFile: null },
      },
    ],
    [
      'rfc2136: {server: "[fe80::1%eth0]:5353"}',
      expect.objectContaining({ protocol: 'tcp', host: 'fe80::1%eth0', port: 5353 }),
    ],
    [
      'rfc2136: {server: "tls://203.0.113.1"}',
      expect.objectContaining({ protocol: 'tls', host: '203.0.113.1', port: 853 }),
    ],
    [
      'cloudflare: {token_file: token}',
      {
        ...{ kind: 'cloudflare', tokenFile: '/etc/noonmark/token', caFile: null },
        api: 'https://api.cloudflare.com/client/v4',
      },
    ],
    [
      'cloudflare: {token_file: /t, api: "https://API.example:8443/v4/", ca_file: c}',
      {
        ...{ kind: 'cloudflare', tokenFile: '/t', caFile: '/etc/noonmark/c' },
        api: 'https://api.example:8443/v4',
      },
    ],
    ['exec: {program: present.sh}', { kind: 'exec', program: '/etc/noonmark/present.sh' }],
  ] as const)('the provider %s', ([written, provider]) => {
    expect(parse(acme(`challenge: dns-01, dns: {${written}}`)).config.certificate.acme?.dns).toEqual(
      provider,
    );
  });

  test('a provider goes without saying what it is for, and 0s means not to look', () => {
    const { config, warnings } = parse(
      '{names: [a.example], acme: {directory: letsencrypt, agree_tos: on, dns: {exec: {program: p}, propagation: 0s}}}',
    );
    expect(warnings).toEqual([]);
    expect(config.certificate.acme).toMatchObject({ challenge: 'dns-01', propagationMs: 0 });
  });
});

describe('a further certificate', () => {
  const FIRST = acme(
    'directory: https://ca.example/dir, staging: https://ca.example/trials, addresses: [192.0.2.1], ca_file: ca.pem, profile: short, email: a@b.example, key: P-384, http_port: 8081, take_over: /old',
  );
  const OF_FIRST = {
    ...{
      directory: 'https://ca.example/dir',
      staging: 'https://ca.example/trials',
      addresses: ['192.0.2.1'],
    },
    ...{ caFile: '/etc/noonmark/ca.pem', profile: 'short', email: 'a@b.example', keyType: 'P-384' },
    ...{ challenge: 'http-01', httpPort: 8081, dns: null, propagationMs: 120_000, takeOver: '/old' },
  };
  const PROGRAM = { kind: 'exec', program: '/etc/noonmark/p' };

  test.for([
    ['takes everything over', FIRST, '{}', OF_FIRST],
    ['takes over what has nothing behind it', FIRST, '{directory: , key: , challenge: }', OF_FIRST],
    [
      'has its own keys',
      FIRST,
      '{key: P-256, profile: long}',
      { ...OF_FIRST, keyType: 'P-256', profile: 'long' },
    ],
    [
      'at another CA has nothing of the first one’s CA',
      FIRST,
      '{directory: letsencrypt, agree_tos: on}',
      {
        ...{ ...OF_FIRST, directory: DEFAULTS.directory, staging: DEFAULTS.staging },
        ...{ addresses: [], caFile: null, profile: null },
      },
    ],
    ['at the same CA has all of it', FIRST, '{directory: "https://CA.example:443/dir"}', OF_FIRST],
    [
      'with a provider is proven by dns-01',
      FIRST,
      '{dns: {exec: {program: p}}}',
      { ...OF_FIRST, challenge: 'dns-01', dns: PROGRAM },
    ],
    [
      'takes over a provider with its propagation',
      dns('exec: {program: p}, propagation: 5m'),
      '{}',
      { ...DEFAULTS, challenge: 'dns-01', dns: PROGRAM, propagationMs: 300_000 },
    ],
    [
      'with another challenge has no provider',
      dns('exec: {program: p}, propagation: 5m'),
      '{challenge: http-01}',
      DEFAULTS,
    ],
    ['is whole by itself', '{}', '{directory: letsencrypt, agree_tos: on, challenge: http-01}', DEFAULTS],
  ] as const)('%s', ([, first, written, expected]) => {
    const { config, warnings } = parse(
      first === '{}'
        ? `{more: [{names: [b.example], acme: ${written}}]}`
        : more(`{names: [b.example], acme: ${written}}`, first),
    );
    expect(warnings).toEqual([]);
    expect(config.certificate.more).toEqual([{ names: ['b.example'], files: null, acme: expected }]);
  });

  test('may be of files', () => {
    expect(
      parse(more('{names: [B.example, b.example], files: {certificate: c, key: k}}')).config.certificate.more,
    ).toEqual([
      { names: ['b.example'], files: { certificate: '/etc/noonmark/c', key: '/etc/noonmark/k' }, acme: null },
    ]);
  });
});

const NOT_URL = 'write letsencrypt, letsencrypt-staging, or the https:// URL of another';
const AGREE =
  'acme.agree_tos: a CA gives certificates to who agrees to its terms of service; read them, and write agree_tos: on';
const DIRECTORY =
  'acme.directory: ACME needs the `directory` of a CA; write letsencrypt, or the URL of another';
const CHALLENGE =
  'acme.challenge: how are the names proven? write http-01 (port 80 leads here), tls-alpn-01 (port 443 does) or dns-01 (a zone that can be written, and nothing leads here)';
const wildcard = (name: string) =>
  `acme.challenge: "${name}" is a wildcard, which a CA has proven by dns-01 alone; write challenge: dns-01 and \`dns\``;
const covered = (by: string) =>
  `which "${by}" covers; where clients ask this server for that name, write it into \`zones\``;
const NO_PROVIDER = 'acme.dns: dns-01 needs somebody who writes the records; add rfc2136, cloudflare or exec';
const SERVER = 'acme.dns.rfc2136.server: ';
const SUCH = 'or an address of your own network such as 192.168.1.1:53';
const NOT_MAIL = 'is no mail address; write one such as you@example.com';
const FURTHER = 'more[0]: a further certificate needs `files` or `acme`; write one of them';
const NAMELESS = 'a further certificate needs `names`, by which clients ask for it; write them';

describe('a certificate is refused with every problem of', () => {
  test.for([
    [
      '{names: ["*.house.example", a.example, "*.a.example"]}',
      [0, 2].map(
        (at) =>
          `names[${at}]: "*.${['house', '', 'a'][at]}.example" is a wildcard, which the local CA does not make; write each host name in full, or add \`acme\``,
      ),
    ],
    ['{names: ["*."]}', ['names[0]: "*." is no name; write one wildcard and a domain, as in *.home.example']],
    [
      '{names: ["*.*.a.example"]}',
      ['names[0]: "*.*.a.example" is no name; write one wildcard and a domain, as in *.home.example'],
    ],
    ['{names: ["a*.example"]}', ['names[0]: "a*.example" is a wildcard; write each host name in full']],
    [
      '{names: [a.example], files: {certificate: c, key: k}, acme: {}}',
      ['acme: `files` and `acme` exclude each other; keep the one that you want'],
    ],
    [
      '{acme: {directory: letsencrypt, agree_tos: on, challenge: http-01}}',
      ['acme: a CA certifies names, and there are none; write them as `names` beside `acme`'],
    ],
    ['{names: [a.example], acme: {}}', [AGREE, DIRECTORY, CHALLENGE]],
    [acme('agree_tos: off'), [AGREE]],
    [
      acme('directory: lets-encrypt'),
      ['acme.directory: "lets-encrypt" is no CA that is known here; did you mean letsencrypt?'],
    ],
    [acme('directory: toString'), [`acme.directory: "toString" is no CA that is known here; ${NOT_URL}`]],
    [acme('staging: ca.example'), [`acme.staging: "ca.example" is no CA that is known here; ${NOT_URL}`]],
    [
      acme('directory: "http://ca.example/dir"'),
      [
        'acme.directory: "http://ca.example/dir" would believe whoever stands on the way to it; write https://ca.example/dir',
      ],
    ],
    [
      acme('directory: "acme://ca.example/dir"'),
      [
        'acme.directory: "acme://ca.example/dir" has the unknown scheme acme://; write https://ca.example/dir',
      ],
    ],
    [
      acme('directory: "https://ca.example/dir?a=b"'),
      [
        'acme.directory: "https://ca.example/dir?…" carries a query or a fragment, which is not sent; write https://ca.example/dir',
      ],
    ],
    [
      acme('directory: "https://[fe80::1%eth0]/dir"'),
      [
        'acme.directory: "https://[fe80::1%eth0]/dir" has a host that no URL can have; write a name, or an address without an interface',
      ],
    ],
    [
      acme('directory: "https://192.0.2.1/dir", addresses: [192.0.2.2]'),
      ['acme.addresses: the directory has an address already; delete `addresses`'],
    ],
    [
      acme('directory: "https://192.168.1.2/dir"'),
      [
        'acme.directory: 192.168.1.2:443 is where this server itself listens (listen.doh), so it would ask itself for a certificate; write another',
      ],
    ],
    [
      acme('addresses: [192.0.2.1, 192.168.1.2]'),
      [
        'acme.addresses: 192.168.1.2:443 is where this server itself listens (listen.doh), so it would ask itself for a certificate; write another',
      ],
    ],
    ...[
      'you',
      'a b@example.com',
      'mailto:you@example.com',
      'you?cc=me@example.com',
      'a@b@example.com',
      '@example.com',
    ].map((email) => [acme(`email: "${email}"`), [`acme.email: "${email}" ${NOT_MAIL}`]] as const),
    [
      acme('email: you@exämple.com'),
      ['acme.email: "exämple.com" holds a non-ASCII character; write its IDNA form (xn--…)'],
    ],
    [
      acme('profile: "a b"'),
      [`acme.profile: "a b" is no name of a profile; write one of your CA's, such as shortlived`],
    ],
    [acme('key: p-256'), ['acme.key: "p-256" is not one of P-256, P-384; did you mean P-256?']],
    [
      acme('challenge: http'),
      ['acme.challenge: "http" is not one of http-01, dns-01, tls-alpn-01; did you mean http-01?'],
    ],
    [acme('http_port: 0'), ['acme.http_port: the number 0 does not fit; write a whole number of 1 to 65535']],
    [acme('agree_tos: yes'), ['acme.agree_tos: the text "yes" does not fit; write on or off']],
    [acme('', '*.house.example'), [wildcard('*.house.example')]],
    [acme('challenge: tls-alpn-01', '*.house.example'), [wildcard('*.house.example')]],
    ...['letsencrypt', 'letsencrypt-staging'].map(
      (directory) =>
        [
          acme(
            `directory: ${directory}, dns: {exec: {program: p}}, challenge: dns-01`,
            'a.example", "a.example", "b.a.example", "c.b.a.example", "*.a.example", "*.c.a.example',
          ),
          [
            `names[2]: Let's Encrypt refuses every order with both: delete "b.a.example", ${covered('*.a.example')}`,
          ],
        ] as const,
    ),
    [acme('challenge: dns-01'), [NO_PROVIDER]],
    [dns('propagation: 1m'), [NO_PROVIDER]],
    [
      dns('exec: {program: p}, cloudflare: {token_file: t}'),
      ['acme.dns: rfc2136, cloudflare and exec exclude each other; keep the one that your zone is at'],
    ],
    [
      dns('exec: {program: p}, propagation: 2h'),
      ['acme.dns.propagation: "2h" is out of bounds; write 0ms to 1h (default 2m)'],
    ],
    [dns('exec: {}'), ['acme.dns.exec.program: write the path of your `program`']],
    [
      dns('cloudflare: {}'),
      ['acme.dns.cloudflare.token_file: Cloudflare needs an API token; write its file as `token_file`'],
    ],
    [
      dns('cloudflare: {token_file: t, api: api.example}'),
      ['acme.dns.cloudflare.api: "api.example" is not a URL; write https://HOST/PATH'],
    ],
    [
      dns('rfc2136: {}'),
      [`${SERVER}updates need the \`server\` that the zone is on; write its address, such as 192.168.1.1:53`],
    ],
    [
      dns('rfc2136: {server: ns.example}'),
      [
        `${SERVER}"ns.example" is no address, and updates for a name go over TLS only; write tls://ns.example, ${SUCH}`,
      ],
    ],
    ...['tcp://192.168.1.1', 'tls://192.168.1.1/zone'].map(
      (server) =>
        [
          dns(`rfc2136: {server: "${server}"}`),
          [`${SERVER}"${server}" is no server for updates; write tls://192.168.1.1, ${SUCH}`],
        ] as const,
    ),
    [
      dns('rfc2136: {server: 203.0.113.1}'),
      [
        `${SERVER}"203.0.113.1" is an address of the world, and updates would go there in plaintext; write tls:// and the name in its certificate`,
      ],
    ],
    [
      dns('rfc2136: {server: 192.168.1.2}'),
      [
        `${SERVER}192.168.1.2:53 is where this server itself listens (listen.dns), and it takes no updates; write the server that the zone is on`,
      ],
    ],
    [
      dns('rfc2136: {server: tls://192.168.1.2}'),
      [
        `${SERVER}192.168.1.2:853 is where this server itself listens (listen.dot), and it takes no updates; write the server that the zone is on`,
      ],
    ],
    [
      dns('rfc2136: {server: 192.168.1.1, ca_file: c}'),
      [
        'acme.dns.rfc2136.ca_file: a server that is asked without TLS shows no certificate; delete `ca_file`, or write the server as tls://HOST',
      ],
    ],
    ...[
      ['.', '"." is the root; write a zone such as home.example'],
      ['192.168.1.1', '"192.168.1.1" is an address; write a zone such as home.example'],
      ['a..example', '"a..example" has an empty label; write a zone such as home.example'],
    ].map(
      ([zone, problem]) =>
        [
          dns(`rfc2136: {server: 192.168.1.1, zone: "${zone}"}`),
          [`acme.dns.rfc2136.zone: ${problem}`],
        ] as const,
    ),
    [more('{names: [b.example]}'), [`${FURTHER}, and acme: {} for all that certificate.acme has`]],
    ['{more: [{names: ["*.b.example"]}]}', [FURTHER]],
    [more('{acme: {}}'), [`more[0]: ${NAMELESS}`]],
    [
      more('{names: [b.example], files: {certificate: c, key: k}, acme: {}}'),
      ['more[0].acme: `files` and `acme` exclude each other; keep the one that you want'],
    ],
    [
      '{more: [{names: [b.example], acme: {}}]}',
      [AGREE, DIRECTORY, CHALLENGE].map((one) => `more[0].${one}`),
    ],
    [more('{names: [b.example], acme: {directory: "https://ca.example"}}'), [`more[0].${AGREE}`]],
    [more('{names: ["*.b.example"], acme: {}}'), [`more[0].${wildcard('*.b.example')}`]],
    [
      more(
        '{names: [b.example, a.example], acme: {}}, {names: [A.example, b.example, a.example], acme: {}}, {names: [dns.house.example], acme: {}}',
      ),
      [
        'more[1].names: certificate.more[0].names has the same names already; write each set once',
        'more[2].names: certificate.names has the same names already; write each set once',
      ],
    ],
    [
      more(Array.from({ length: 17 }, (_, at) => `{names: [b${at}.example], acme: {}}`).join()),
      ['more: the list has more than 16 entries; write fewer'],
    ],
  ] as const)('%s', ([certificate, problems]) => {
    expect(problemsOf(certificate)).toEqual(problems);
  });
});

describe('what is wrong is said once,', () => {
  test.for([
    [
      'beside a key whose form is wrong',
      '{names: [1.2.3.4], acme: {directory: "ftp://x", agree_tos: 1, challenge: http}, more: [{names: [b.example], acme: {}}]}',
      ['names[0]', 'acme.directory', 'acme.agree_tos', 'acme.challenge'],
    ],
    [
      'beside a provider whose form is wrong',
      '{names: ["*.a.example"], acme: {directory: letsencrypt, dns: {rfc2136: {}}}, more: [{names: [b.example], acme: {}}]}',
      ['acme.dns.rfc2136.server', 'acme.agree_tos'],
    ],
    [
      'where it is taken over',
      '{names: [a.example], acme: {addresses: [192.168.1.2], dns: {propagation: 1s}}, more: [{names: [b.example], acme: {}}]}',
      ['acme.agree_tos', 'acme.directory', 'acme.dns'],
    ],
    [
      'where no `acme` can be read',
      '{names: ["*.a.example"], acme: letsencrypt, more: [x, {names: [b.example], acme: x}, {names: [1.2.3.4], acme: {}}]}',
      [
        'acme',
        'more[0]',
        'more[1].acme',
        'more[2].names[0]',
        'more[2].acme.agree_tos',
        'more[2].acme.directory',
        'more[2].acme.challenge',
      ],
    ],
    ['where nothing can be read', 'letsencrypt', ['certificate']],
    ['where `more` is no list', '{more: {names: [a.example]}}', ['more']],
    [
      'and hides nothing of its neighbours',
      '{names: ["*.a.example"], addresses: [x], more: [{names: [b.example], acme: {directory: letsencrypt, agree_tos: on, challenge: dns-01, key: x}}]}',
      ['addresses[0]', 'more[0].acme.key', 'names[0]', 'more[0].acme.dns'],
    ],
  ] as const)('%s', ([, certificate, places]) => {
    expect(problemsOf(certificate).map((problem) => problem.split(': ')[0])).toEqual(places);
  });
});

describe('the port of http-01', () => {
  const listening = (listen: string) => `listen: {${listen}}\n`;
  const taken = (port: number, socket: string, key: string) => [
    `acme.http_port: http-01 would be answered at port ${port}, and ${socket} is where this server listens already (listen.${key}); write another port for one of them, and let port 80 of the names lead to this one`,
  ];

  test.for([
    ['dns: [127.0.0.1], admin: ["127.0.0.1:80"]', '', taken(80, '127.0.0.1:80', 'admin')],
    ['dns: [192.168.1.2], admin: ["127.0.0.1:80"]', '', []],
    [
      'dns: [127.0.0.1, 192.168.1.2], doh: ["192.168.1.2:8443"]',
      'http_port: 8443',
      taken(8443, '192.168.1.2:8443', 'doh'),
    ],
    ['dns: [127.0.0.1], dot: [127.0.0.1]', 'http_port: 853', taken(853, '127.0.0.1:853', 'dot')],
    ['dns: [0.0.0.0]', 'http_port: 53', taken(53, '0.0.0.0:53', 'dns')],
    ['dns: [0.0.0.0], admin: ["127.0.0.1:8080"]', 'http_port: 8080', taken(8080, '127.0.0.1:8080', 'admin')],
    ['dns: [0.0.0.0], admin: ["[::1]:8080"]', 'http_port: 8080', []],
    ['dns: [127.0.0.1], admin: ["127.0.0.1:80"]', 'challenge: dns-01, dns: {exec: {program: p}}', []],
  ] as const)('beside %s, %s', ([listen, keys, problems]) => {
    expect(problemsOf(acme(keys), listening(listen))).toEqual(problems);
  });
});

describe('tls-alpn-01', () => {
  const NEEDS_DOH =
    'acme.challenge: tls-alpn-01 is answered by DNS over HTTPS; add listen.doh, and let port 443 of the names lead there';

  test.for([
    ['', [NEEDS_DOH]],
    ['listen: {dot: [127.0.0.1]}\n', [NEEDS_DOH]],
    ['listen: {doh: [127.0.0.1]}\n', []],
    ['listen: {doh: [localhost]}\n', [expect.stringMatching(/^listen\.doh\[0\]: "localhost" is a name/)]],
    ['listen: {admin: [127.0.0.1]}\n', [expect.stringMatching(/^listen: nothing listens for queries/)]],
  ] as const)('with %j', ([listen, problems]) => {
    expect(problemsOf(acme('challenge: tls-alpn-01'), listen)).toEqual(problems);
  });
});

describe('a warning is given for', () => {
  const unused = (challenge: string) =>
    `this is not used, since the challenge is ${challenge}; delete it, or change the challenge`;
  const house = (name: string, suffix: string) =>
    `"${name}" is a name of houses (${suffix}), which no public CA certifies, so no certificate is issued; write a name below a domain that you own, or a CA of your own with its \`ca_file\``;
  const SECOND = ', more: [{names: [b.example], acme: {}}]}';

  test.for([
    [
      acme('directory: letsencrypt-staging').replace(/\}$/, SECOND),
      [
        'acme.directory: this CA is for trials, and no device trusts its certificates; write letsencrypt once a trial was a success',
      ],
    ],
    [
      acme('dns: {exec: {program: p}}, challenge: http-01').replace(/\}$/, SECOND),
      [`acme.dns: ${unused('http-01')}`],
    ],
    [
      acme('http_port: 8081, challenge: tls-alpn-01').replace(/\}$/, SECOND),
      [`acme.http_port: ${unused('tls-alpn-01')}`],
    ],
    [
      acme('http_port: 8081').replace(
        /\}$/,
        ', more: [{names: [b.example], acme: {challenge: tls-alpn-01}}]}',
      ),
      [],
    ],
    [
      acme('', 'dns.home.arpa", "a.example", "nas'),
      [`names[0]: ${house('dns.home.arpa', 'home.arpa')}`, `names[2]: ${house('nas', 'no domain at all')}`],
    ],
    ...['internal', 'lan', 'home', 'corp', 'intranet', 'private', 'localdomain', 'local'].map(
      (suffix) => [acme('', `dns.${suffix}`), [`names[0]: ${house(`dns.${suffix}`, suffix)}`]] as const,
    ),
    [acme('', 'dns.test", "dns.example", "dns.lan.example", "arpa.dlan'), []],
    [acme('ca_file: c', 'dns.home.arpa'), []],
    [dns('exec: {program: p}').replace('dns.house.example', 'a.example", "*.a.example", "*.b.a.example'), []],
    [
      more(
        '{names: ["b.a.example", "*.a.example"], acme: {directory: "https://ca.example", agree_tos: on, dns: {exec: {program: p}}}}',
      ),
      [
        `more[0].names[0]: a CA may refuse an order with both: delete "b.a.example", ${covered('*.a.example')}`,
      ],
    ],
    [
      more('{names: ["*.home.arpa"], acme: {dns: {exec: {program: p}}}}'),
      [`more[0].names[0]: ${house('*.home.arpa', 'home.arpa')}`],
    ],
  ] as const)('%s', ([certificate, warnings]) => {
    expect(warningsOf(certificate)).toEqual(warnings);
  });
});

test('an error is in a value where it is about it or something in it, whatever else begins alike', () => {
  const report = new Report(() => 0);
  report.error(['more', 1, 'key_file'], 'wrong');
  const places = [
    ['more'],
    ['more', 1],
    ['more', 1, 'key_file'],
    ['more', 1, 'key'],
    ['mo'],
    ['more', 1, 'key_file', 0],
  ];
  expect(places.filter((path) => report.hasErrorIn(path))).toEqual(places.slice(0, 3));
});
