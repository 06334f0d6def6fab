// Names that never leave the house, and the few questions about them that do.

import { describe, expect, it } from 'vitest';
import { TYPE, typeNumber } from '../../../../src/dns/codes.ts';
import { formatName, nameKey } from '../../../../src/dns/names.ts';
import { formatRdata } from '../../../../src/dns/rdata-text.ts';
import { parseRecordText } from '../../../../src/dns/record-text.ts';
import {
  isAskedOfParent,
  specialAnswer,
  specialZoneOf,
} from '../../../../src/resolver/local/special-names.ts';
import { createZones } from '../../../../src/resolver/local/zone.ts';

function ask(question: string, holdsBelow?: (key: string) => boolean): string {
  const [name, type] = question.split(' ');
  const found = specialAnswer(nameKey(name!), typeNumber(type!)!, holdsBelow);
  if (found.kind === 'outside') return 'outside';
  if (found.kind !== 'answer') return `${found.kind} in ${formatName(found.soaOwner)}`;
  return found.records
    .map(({ owner, type, rdata }) => `${formatName(owner)} ${formatRdata(type, rdata)}`)
    .join();
}

const ZEROS_30 = '0.'.repeat(30);

describe('a special name', () => {
  const rows: [question: string, answer: string][] = [
    ['localhost. A', 'localhost. 127.0.0.1'],
    ['localhost. AAAA', 'localhost. ::1'],
    ['a.b.localhost. A', 'a.b.localhost. 127.0.0.1'],
    ['localhost. MX', 'nodata in localhost.'],
    ['localhost. DS', 'nodata in localhost.'],
    ['localhost.localdomain. A', 'localhost.localdomain. 127.0.0.1'],
    ['localdomain. A', 'nodata in localdomain.'],
    ['nas.localdomain. A', 'nxdomain in localdomain.'],
    ['1.0.0.127.in-addr.arpa. PTR', '1.0.0.127.in-addr.arpa. localhost.'],
    ['1.0.0.127.in-addr.arpa. A', 'nodata in 1.0.0.127.in-addr.arpa.'],
    ['x.1.0.0.127.in-addr.arpa. PTR', 'nxdomain in 1.0.0.127.in-addr.arpa.'],
    ['0.0.127.in-addr.arpa. PTR', 'nodata in 127.in-addr.arpa.'],
    ['2.0.0.127.in-addr.arpa. PTR', 'nxdomain in 127.in-addr.arpa.'],
    [`1.0.${ZEROS_30}ip6.arpa. PTR`, `1.0.${ZEROS_30}ip6.arpa. localhost.`],

    ...['invalid', 'test', 'local', 'onion', 'alt', 'internal', 'lan', 'home', 'corp'].flatMap(
      (name): [string, string][] => [
        [`${name}. SOA`, `nxdomain in ${name}.`],
        [`${name}. DS`, `nxdomain in ${name}.`],
        [`a.b.${name}. A`, `nxdomain in ${name}.`],
      ],
    ),
    ['use-application-dns.net. A', 'nxdomain in use-application-dns.net.'],
    ['use-application-dns.net. AAAA', 'nxdomain in use-application-dns.net.'],

    ['home.arpa. SOA', 'nodata in home.arpa.'],
    ['home.arpa. DS', 'nodata in home.arpa.'],
    ['nas.home.arpa. A', 'nxdomain in home.arpa.'],
    ['resolver.arpa. A', 'nodata in resolver.arpa.'],
    ['_dns.resolver.arpa. SVCB', 'nodata in resolver.arpa.'],
    ['x.resolver.arpa. TXT', 'nodata in resolver.arpa.'],

    ...[
      ['10', '1.2.3.10'],
      ['16.172', '1.2.16.172'],
      ['31.172', '1.2.31.172'],
      ['168.192', '1.2.168.192'],
      ['0', '1.2.3.0'],
      ['254.169', '1.2.254.169'],
      ['2.0.192', '1.2.0.192'],
      ['100.51.198', '1.100.51.198'],
      ['113.0.203', '1.113.0.203'],
      ['64.100', '1.2.64.100'],
      ['127.100', '1.2.127.100'],
    ].flatMap(([zone, name]): [string, string][] => [
      [`${name}.in-addr.arpa. PTR`, `nxdomain in ${zone}.in-addr.arpa.`],
      [`${zone}.in-addr.arpa. SOA`, `nodata in ${zone}.in-addr.arpa.`],
    ]),
    ['255.255.255.255.in-addr.arpa. PTR', 'nodata in 255.255.255.255.in-addr.arpa.'],
    [`0.0.${ZEROS_30}ip6.arpa. PTR`, `nodata in 0.0.${ZEROS_30}ip6.arpa.`],
    ['1.0.0.0.0.d.f.ip6.arpa. PTR', 'nxdomain in d.f.ip6.arpa.'],
    ...[...'89ab'].map((digit): [string, string] => [
      `1.0.${digit}.e.f.ip6.arpa. PTR`,
      `nxdomain in ${digit}.e.f.ip6.arpa.`,
    ]),
    ['1.8.b.d.0.1.0.0.2.ip6.arpa. PTR', 'nxdomain in 8.b.d.0.1.0.0.2.ip6.arpa.'],
  ];
  it.each(rows)('%s: %s', (question, answer) => {
    expect(ask(question)).toBe(answer);
  });

  const outside = [
    'example. SOA',
    'www.example. A',
    'www.example.com. A',
    'xlocalhost.example. A',
    'local.example. A',
    'arpa. NS',
    'in-addr.arpa. PTR',
    '1.1.15.172.in-addr.arpa. PTR',
    '1.1.32.172.in-addr.arpa. PTR',
    '1.1.63.100.in-addr.arpa. PTR',
    '1.1.128.100.in-addr.arpa. PTR',
    '1.1.1.1.in-addr.arpa. PTR',
    '255.in-addr.arpa. PTR',
    'c.f.ip6.arpa. PTR',
    'c.e.f.ip6.arpa. PTR',
    'net. NS',
    'application-dns.net. A',
    '. NS',
    '. DNSKEY',
    '. A',
  ];
  it.each(outside)('%s is not one', (question) => {
    expect(ask(question)).toBe('outside');
  });

  it('is found below the longest entry of the table', () => {
    expect(specialZoneOf(nameKey('1.0.0.127.in-addr.arpa.'))).toBe(nameKey('1.0.0.127.in-addr.arpa.'));
    expect(specialZoneOf(nameKey('www.example.com.'))).toBeUndefined();
  });

  it('exists where a zone of the owner lies below it', () => {
    const zones = createZones([{ name: nameKey('a.b.lan.'), records: [] }]);
    expect(ask('b.lan. A', zones.holdsBelow)).toBe('nodata in lan.');
    expect(ask('lan. A', zones.holdsBelow)).toBe('nodata in lan.');
    expect(ask('c.lan. A', zones.holdsBelow)).toBe('nxdomain in lan.');
  });
});

describe('a name of one label', () => {
  it.each(['A', 'AAAA', 'HTTPS', 'SVCB', 'ANY', 'TXT', 'MX', 'SRV', 'PTR', 'CNAME', 'TYPE65280'])(
    'of type %s stays, as NODATA, for NXDOMAIN would deny all below it',
    (type) => {
      expect(ask(`printer. ${type}`)).toBe('nodata in printer.');
      expect(ask(`com. ${type}`)).toBe('nodata in com.');
    },
  );

  it.each(['DS', 'DNSKEY', 'NS', 'SOA'])('of type %s goes out, for a validating client needs it', (type) => {
    expect(ask(`com. ${type}`)).toBe('outside');
  });
});

describe('a question for the public parent', () => {
  const home = nameKey('home.arpa.');
  const zones = createZones([
    { name: nameKey('lab.home.arpa.'), records: [] },
    {
      name: nameKey('example.org.'),
      records: [parseRecordText('nas.example.org. A 192.168.1.20', nameKey('example.org.'))],
    },
    { name: nameKey('sub.example.org.'), records: [] },
    { name: nameKey('lan.'), records: [] },
    { name: nameKey('nas.lan.'), records: [] },
  ]);

  const rows: [name: string, isAsked: boolean, because: string][] = [
    ['home.arpa.', true, 'RFC 8375 wants its proof of an unsigned delegation'],
    ['example.org.', true, 'it is the apex of a zone, and org is public'],
    ['lan.', true, 'it is the apex of a zone, and the root is public'],
    ['168.192.in-addr.arpa.', true, 'it is the apex of the zone that was made for a pointer'],
    ['sub.example.org.', false, 'its parent is a zone of the owner as well'],
    ['nas.lan.', false, 'its parent is a zone of the owner as well'],
    ['lab.home.arpa.', false, 'its parent is a special name'],
    ['nas.example.org.', false, 'it is no apex'],
    ['10.in-addr.arpa.', true, 'RFC 6303 has an unsigned delegation for it, which a validator needs to see'],
    ['1.10.in-addr.arpa.', false, 'its parent is a special name'],
    ['resolver.arpa.', false, 'it never leaves the house'],
    ['local.', false, 'it is special and no zone of the owner'],
    ['example.com.', false, 'it is not ours at all'],
    ['.', false, 'the root has no parent'],
  ];
  it.each(rows)('DS of %s with DO: %s, because %s', (name, isAsked) => {
    expect(isAskedOfParent(nameKey(name), TYPE.DS, true, zones)).toBe(isAsked);
  });

  it('is only ever a DS with DO', () => {
    expect(isAskedOfParent(home, TYPE.DS, false, zones)).toBe(false);
    expect(isAskedOfParent(home, TYPE.DNSKEY, true, zones)).toBe(false);
    expect(isAskedOfParent(home, TYPE.A, true, zones)).toBe(false);
  });

  it('does not exist below a root of our own', () => {
    const root = createZones([{ name: nameKey('.'), records: [] }]);
    expect(isAskedOfParent(home, TYPE.DS, true, root)).toBe(false);
  });
});
