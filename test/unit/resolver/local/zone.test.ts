// Look-ups in the owner's zones: RFC 1034 section 4.3.2, the examples of RFC 4592, DNAME, and pointers by themselves.

import { describe, expect, it } from 'vitest';
import { TYPE, typeName, typeNumber } from '../../../../src/dns/codes.ts';
import { formatName, nameKey } from '../../../../src/dns/names.ts';
import { formatRdata } from '../../../../src/dns/rdata-text.ts';
import { parseRecordText } from '../../../../src/dns/record-text.ts';
import type { ResourceRecord } from '../../../../src/dns/records.ts';
import { authoritySoa, createZones, type LocalZones } from '../../../../src/resolver/local/zone.ts';

function zonesOf(zones: Record<string, string[]>): LocalZones {
  return createZones(
    Object.entries(zones).map(([text, records]) => {
      const name = nameKey(text);
      return { name, records: records.map((record) => parseRecordText(record, name)) };
    }),
  );
}

function say(record: ResourceRecord): string {
  const { owner, ttlSeconds, type, rdata } = record;
  return `${formatName(owner)} ${ttlSeconds} ${typeName(type)} ${formatRdata(type, rdata)}`;
}

/** The answer to "name TYPE", as one line a record. */
function ask(zones: LocalZones, question: string): string[] {
  const [name, type] = question.split(' ');
  const found = zones.lookup(nameKey(name!), typeNumber(type!)!);
  switch (found.kind) {
    case 'outside':
      return ['outside'];
    case 'nodata':
    case 'nxdomain':
      return [`${found.kind} in ${formatName(found.zone)}`];
    case 'cname':
      return [...found.records.map(say), `then ${formatName(found.target)}`];
    default:
      return [...(found.kind === 'yxdomain' ? ['yxdomain'] : []), ...found.records.map(say)];
  }
}

type Rows = [question: string, ...answer: string[]][];

function holds(zones: LocalZones, rows: Rows): void {
  it.each(rows.map(([question, ...answer]) => [question, answer] as const))('%s: %j', (question, answer) => {
    expect(ask(zones, question)).toEqual(answer);
  });
}

describe('a name in a zone', () => {
  const zones = zonesOf({
    'home.arpa.': [
      'nas A 192.168.1.20',
      'nas 60 A 192.168.1.21',
      'nas TXT "big"',
      'Printer A 192.168.1.30',
      'www CNAME NaS',
      'out CNAME www.example.com.',
      'a.deep.name TXT "x"',
      'sub NS ns.sub',
      'host.sub A 192.168.1.40',
      '@ MX 10 nas',
    ],
    'lab.home.arpa.': ['nas A 192.168.9.1', '@ 1h SOA ns1 admin 7 1 1 1 120', '@ NS ns1'],
    'far.off.home.arpa.': ['x TXT "x"'],
  });
  const soa = 'home.arpa. 300 SOA home.arpa. hostmaster.home.arpa. 1 3600 600 604800 300';

  holds(zones, [
    ['nas.home.arpa. A', 'nas.home.arpa. 300 A 192.168.1.20', 'nas.home.arpa. 60 A 192.168.1.21'],
    ['nas.home.arpa. AAAA', 'nodata in home.arpa.'],
    ['printer.home.arpa. A', 'Printer.home.arpa. 300 A 192.168.1.30'],
    ['gone.home.arpa. A', 'nxdomain in home.arpa.'],
    ['below.nas.home.arpa. A', 'nxdomain in home.arpa.'],
    ['example. A', 'outside'],
    ['arpa. A', 'outside'],
    ['xhome.arpa. A', 'outside'],
    ['. NS', 'outside'],
    // Empty, but there, because of what lies below (RFC 8020).
    ['name.home.arpa. A', 'nodata in home.arpa.'],
    ['deep.name.home.arpa. TXT', 'nodata in home.arpa.'],
    ['off.home.arpa. A', 'nodata in home.arpa.'],
    // A CNAME answers for every type but itself; its target's case is kept in the record only.
    ['www.home.arpa. A', 'www.home.arpa. 300 CNAME NaS.home.arpa.', 'then nas.home.arpa.'],
    ['www.home.arpa. CNAME', 'www.home.arpa. 300 CNAME NaS.home.arpa.'],
    ['out.home.arpa. AAAA', 'out.home.arpa. 300 CNAME www.example.com.', 'then www.example.com.'],
    // NS below the apex is no delegation here.
    ['sub.home.arpa. NS', 'sub.home.arpa. 300 NS ns.sub.home.arpa.'],
    ['host.sub.home.arpa. A', 'host.sub.home.arpa. 300 A 192.168.1.40'],
    ['other.sub.home.arpa. A', 'nxdomain in home.arpa.'],
    // The apex: an SOA is made where none is written, an NS is not.
    ['home.arpa. SOA', soa],
    ['home.arpa. NS', 'nodata in home.arpa.'],
    ['home.arpa. DS', 'nodata in home.arpa.'],
    ['lab.home.arpa. SOA', 'lab.home.arpa. 3600 SOA ns1.lab.home.arpa. admin.lab.home.arpa. 7 1 1 1 120'],
    ['lab.home.arpa. NS', 'lab.home.arpa. 300 NS ns1.lab.home.arpa.'],
    // The longest zone wins.
    ['nas.lab.home.arpa. A', 'nas.lab.home.arpa. 300 A 192.168.9.1'],
    ['gone.lab.home.arpa. A', 'nxdomain in lab.home.arpa.'],
    // ANY: one RRset (RFC 8482).
    ['nas.home.arpa. ANY', 'nas.home.arpa. 300 A 192.168.1.20', 'nas.home.arpa. 60 A 192.168.1.21'],
    ['name.home.arpa. ANY', 'nodata in home.arpa.'],
  ]);

  it('that is not there comes with an SOA whose TTL is the negative one', () => {
    const found = zones.lookup(nameKey('gone.lab.home.arpa.'), TYPE.A);
    const expected = 'lab.home.arpa. 120 SOA ns1.lab.home.arpa. admin.lab.home.arpa. 7 1 1 1 120';
    expect('soa' in found && say(found.soa)).toBe(expected);
    const made = zones.lookup(nameKey('nas.home.arpa.'), TYPE.AAAA);
    expect('soa' in made && say(made.soa)).toBe(soa);
  });

  it('is kept by the longest zone, whichever zone it was written in', () => {
    const both = zonesOf({ 'home.arpa.': ['nas.lab A 192.168.9.1'], 'lab.home.arpa.': [] });
    expect(ask(both, 'nas.lab.home.arpa. A')).toEqual(['nas.lab.home.arpa. 300 A 192.168.9.1']);
  });

  it('is not mistaken for a property of an object', () => {
    const odd = zonesOf({ 'constructor.': ['__proto__ A 192.168.1.1'] });
    expect(ask(odd, '__proto__.constructor. A')).toEqual(['__proto__.constructor. 300 A 192.168.1.1']);
    expect(ask(odd, 'tostring.constructor. A')).toEqual(['nxdomain in constructor.']);
    expect(ask(odd, '__proto__. A')).toEqual(['outside']);
  });

  it('is found in a zone that is the root', () => {
    const root = zonesOf({ '.': ['printer A 192.168.1.30'] });
    expect(ask(root, 'printer. A')).toEqual(['printer. 300 A 192.168.1.30']);
    expect(ask(root, 'www.example.com. A')).toEqual(['nxdomain in .']);
  });
});

describe('the zone of RFC 4592 section 2.2.1', () => {
  const zones = zonesOf({
    'example.': [
      '@ 3600 SOA ns hostmaster 1 1 1 1 60',
      '@ 3600 NS ns.example.com.',
      '* 3600 TXT "this is a wildcard"',
      '* 3600 MX 10 host1',
      'sub.* 3600 TXT "this is not a wildcard"',
      'host1 3600 A 192.0.2.1',
      '_ssh._tcp.host1 3600 SRV 0 0 22 host1',
      '_ssh._tcp.host2 3600 SRV 0 0 22 host2',
      'subdel 3600 NS ns.example.com.',
    ],
  });
  holds(zones, [
    ['host3.example. MX', 'host3.example. 3600 MX 10 host1.example.'],
    ['host3.example. A', 'nodata in example.'],
    ['foo.bar.example. TXT', 'foo.bar.example. 3600 TXT "this is a wildcard"'],
    ['host1.example. MX', 'nodata in example.'],
    ['sub.*.example. MX', 'nodata in example.'],
    ['_telnet._tcp.host1.example. SRV', 'nxdomain in example.'],
    ['ghost.*.example. MX', 'nxdomain in example.'],
    // The RFC refers host.subdel to another server; here an NS below the apex only makes the name exist.
    ['host.subdel.example. A', 'nxdomain in example.'],
    // The wildcard's own name, and an empty name that blocks it (section 2.2.2).
    ['*.example. TXT', '*.example. 3600 TXT "this is a wildcard"'],
    ['_tcp.host1.example. TXT', 'nodata in example.'],
    ['host2.example. TXT', 'nodata in example.'],
    ['x.host2.example. TXT', 'nxdomain in example.'],
  ]);
});

describe('a wildcard', () => {
  const zones = zonesOf({
    'home.arpa.': ['* CNAME nas', '*.dev A 192.168.1.50', 'one.dev A 192.168.1.51', 'a.*.empty TXT "x"'],
  });
  holds(zones, [
    ['any.home.arpa. A', 'any.home.arpa. 300 CNAME nas.home.arpa.', 'then nas.home.arpa.'],
    ['any.home.arpa. CNAME', 'any.home.arpa. 300 CNAME nas.home.arpa.'],
    ['x.y.dev.home.arpa. A', 'x.y.dev.home.arpa. 300 A 192.168.1.50'],
    ['x.one.dev.home.arpa. A', 'nxdomain in home.arpa.'],
    ['dev.home.arpa. A', 'nodata in home.arpa.'],
    // It exists, but has no records itself.
    ['x.empty.home.arpa. TXT', 'nodata in home.arpa.'],
  ]);
});

describe('a DNAME', () => {
  const far = `${`${'x'.repeat(63)}.`.repeat(3)}${'y'.repeat(50)}.`;
  const farRecord = `far.home.arpa. 300 DNAME ${far}`;
  const zones = zonesOf({
    'home.arpa.': [
      'old 60 DNAME new.home.example.',
      'old TXT "itself"',
      'deep.old DNAME hidden.',
      `far DNAME ${far}`,
    ],
  });
  holds(zones, [
    [
      'a.b.old.home.arpa. A',
      'old.home.arpa. 60 DNAME new.home.example.',
      'a.b.old.home.arpa. 60 CNAME a.b.new.home.example.',
      'then a.b.new.home.example.',
    ],
    ['old.home.arpa. TXT', 'old.home.arpa. 300 TXT "itself"'],
    ['old.home.arpa. A', 'nodata in home.arpa.'],
    [
      'x.deep.old.home.arpa. A',
      'old.home.arpa. 60 DNAME new.home.example.',
      'x.deep.old.home.arpa. 60 CNAME x.deep.new.home.example.',
      'then x.deep.new.home.example.',
    ],
    [`12345678901.far.home.arpa. A`, 'yxdomain', farRecord],
    // One octet less fits into 255.
    [
      '1234567890.far.home.arpa. CNAME',
      farRecord,
      `1234567890.far.home.arpa. 300 CNAME 1234567890.${far}`,
      `then 1234567890.${far}`,
    ],
  ]);
});

describe('a pointer', () => {
  const zones = zonesOf({
    'home.arpa.': [
      'nas 60 A 192.168.1.20',
      'files A 192.168.1.20',
      'nas AAAA fd00::20',
      '*.dev A 192.168.1.50',
      'Printer A 192.168.1.30',
      'vpn A 198.18.0.9',
      'own A 10.0.0.1',
      'own A 10.0.0.2',
      'blocked A 0.0.0.0',
      'blocked AAAA ::',
      'me A 127.0.0.1',
    ],
    '0.0.10.in-addr.arpa.': ['1 PTR chosen.example.', '* PTR any.example.'],
  });
  const v6 = '0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.';
  holds(zones, [
    [
      '20.1.168.192.in-addr.arpa. PTR',
      '20.1.168.192.in-addr.arpa. 60 PTR nas.home.arpa.',
      '20.1.168.192.in-addr.arpa. 300 PTR files.home.arpa.',
    ],
    ['30.1.168.192.in-addr.arpa. PTR', '30.1.168.192.in-addr.arpa. 300 PTR Printer.home.arpa.'],
    [`${v6} PTR`, `${v6} 300 PTR nas.home.arpa.`],
    // Around it stands the locally served zone (RFC 6303), with its empty names.
    ['20.1.168.192.in-addr.arpa. TXT', 'nodata in 168.192.in-addr.arpa.'],
    ['1.168.192.in-addr.arpa. PTR', 'nodata in 168.192.in-addr.arpa.'],
    ['99.1.168.192.in-addr.arpa. PTR', 'nxdomain in 168.192.in-addr.arpa.'],
    ['50.1.168.192.in-addr.arpa. PTR', 'nxdomain in 168.192.in-addr.arpa.'],
    // A public address: that one name and nothing around it.
    ['9.0.18.198.in-addr.arpa. PTR', '9.0.18.198.in-addr.arpa. 300 PTR vpn.home.arpa.'],
    ['8.0.18.198.in-addr.arpa. PTR', 'outside'],
    // In a zone of the owner's: what is written there wins, the rest is filled in before a wildcard is.
    ['1.0.0.10.in-addr.arpa. PTR', '1.0.0.10.in-addr.arpa. 300 PTR chosen.example.'],
    ['2.0.0.10.in-addr.arpa. PTR', '2.0.0.10.in-addr.arpa. 300 PTR own.home.arpa.'],
    ['3.0.0.10.in-addr.arpa. PTR', '3.0.0.10.in-addr.arpa. 300 PTR any.example.'],
    // None for addresses that are nobody's.
    ['0.0.0.0.in-addr.arpa. PTR', 'outside'],
    [`${'0.'.repeat(32)}ip6.arpa. PTR`, 'outside'],
    ['1.0.0.127.in-addr.arpa. PTR', 'outside'],
  ]);

  it('names at most 16 hosts for one address, each once', () => {
    const records = Array.from({ length: 40 }, (_, at) => `host${at >> 1} A 192.168.1.1`);
    expect(ask(zonesOf({ 'home.arpa.': records }), '1.1.168.192.in-addr.arpa. PTR')).toHaveLength(16);
  });
});

describe('the zones', () => {
  const zones = zonesOf({ 'home.arpa.': ['nas A 192.168.1.20'], 'a.b.lan.': [] });

  it('tell where they start, what they hold, and what lies above them', () => {
    const told = (name: string) => {
      const key = nameKey(name);
      return [zones.isApex(key), zones.holds(key), zones.holdsBelow(key)];
    };
    expect(told('home.arpa.')).toEqual([true, true, false]);
    expect(told('nas.home.arpa.')).toEqual([false, true, false]);
    expect(told('b.lan.')).toEqual([false, false, true]);
    expect(told('.')).toEqual([false, false, true]);
    expect(told('example.')).toEqual([false, false, false]);
    // Made for the pointer.
    expect(told('168.192.in-addr.arpa.')).toEqual([true, true, false]);
  });

  it('have an SOA that is a name even where "hostmaster" would make one too long', () => {
    const longest = nameKey(`${`${'x'.repeat(63)}.`.repeat(3)}${'y'.repeat(61)}.`);
    expect(say(authoritySoa(longest))).toContain(' 1 3600 600 604800 300');
  });
});
