// What each kind of file says: hosts(5), dnsmasq.leases, Kea's memfile and dhcpd.leases, as the programs write them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatName, nameKey } from '../../../../src/dns/names.ts';
import { dnsmasqLeases } from '../../../../src/resolver/local/dnsmasq-leases.ts';
import { hostName, leasedName } from '../../../../src/resolver/local/host-name.ts';
import { hostsItems } from '../../../../src/resolver/local/hosts-file.ts';
import { iscLeases } from '../../../../src/resolver/local/isc-leases.ts';
import { keaLeases } from '../../../../src/resolver/local/kea-leases.ts';
import { addressOctets, type LeaseItem } from '../../../../src/resolver/local/lease.ts';

function say(items: Iterable<LeaseItem>): string[] {
  return [...items].flatMap((item) => {
    if (item.kind === 'nothing') return [];
    if (item.kind !== 'lease') return `${item.kind} ${item.kind === 'gone' ? item.address : item.line}`;
    const { address, host, expiresMs, sinceMs } = item.lease;
    return `${host} ${address} ${sinceMs / 1000}-${expiresMs / 1000}`;
  });
}

describe('dnsmasq.leases', () => {
  it('has names of both families, with and without an end', () => {
    const text = [
      '1795000000 aa:bb:cc:dd:ee:01 192.168.1.21 laptop 01:aa:bb:cc:dd:ee:01',
      '0 aa:bb:cc:dd:ee:02 192.168.1.22 printer *',
      '1795000000 06-aa:bb 192.168.1.23 * *',
      'duid 00:01:00:01:2a:2b',
      '1795000001 14735682 fd00::21 laptop 00:01:00:01',
      '1795000002 T99 fd00::22 phone 00:01:00:02',
      '',
    ].join('\n');
    expect(say(dnsmasqLeases(text))).toEqual([
      'laptop 192.168.1.21 1795000000-1795000000',
      'printer 192.168.1.22 Infinity-Infinity',
      'gone 192.168.1.23',
      'laptop fd00::21 1795000001-1795000001',
      'phone fd00::22 1795000002-1795000002',
    ]);
  });

  it('of a machine without a clock has durations, which are no dates', () => {
    expect(say(dnsmasqLeases('43200 aa:bb 192.168.1.21 laptop *\n'))).toEqual([
      'laptop 192.168.1.21 Infinity-Infinity',
    ]);
  });

  it('skips what it does not understand, and a last line that is cut off', () => {
    expect(
      say(dnsmasqLeases('hello\n1 2\n1795000000 aa 10.0.0.1 ok *\n1795000000 aa 10.0.0.2 lapt *')),
    ).toEqual(['unread 1', 'unread 2', 'ok 10.0.0.1 1795000000-1795000000', 'unread 4']);
  });
});

describe("Kea's memfile", () => {
  const V4 =
    'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id';
  const V6 =
    'address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context';

  it('has the leases of DHCPv4 that are assigned', () => {
    const text = [
      V4,
      '192.168.1.21,aa:bb,01:aa,3600,1795003600,1,0,0,laptop.home.arpa.,0,,0',
      '192.168.1.22,aa:bc,,4294967295,1795000000,1,0,0,printer,0,{ "a": 1&#x2c "b": 2 },0',
      '192.168.1.23,,,3600,1795003600,1,0,0,declined,1,,0',
      '192.168.1.24,aa:bd,,0,1795000000,1,0,0,released,0,,0',
      '192.168.1.25,aa:be,,3600,1795003600,1,0,0,,0,,0',
      '192.168.1.26,aa:bf,,36',
      '',
    ].join('\n');
    expect(say(keaLeases(text))).toEqual([
      'laptop.home.arpa. 192.168.1.21 1795000000-1795003600',
      'printer 192.168.1.22 -2499967295-Infinity',
      'gone 192.168.1.23',
      'gone 192.168.1.24',
      'gone 192.168.1.25',
      'unread 7',
    ]);
  });

  it('has the addresses of DHCPv6 and not its prefixes', () => {
    const text = [
      V6,
      'fd00::21,00:01:00:01,7200,1795007200,1,3600,0,1,128,0,0,laptop,aa:bb,0,',
      'fd00:1::,00:01:00:01,7200,1795007200,1,3600,2,1,56,0,0,router,aa:bb,0,',
      '',
    ].join('\n');
    expect(say(keaLeases(text))).toEqual(['laptop fd00::21 1795000000-1795007200']);
  });

  it('of an early version has no state, and one without a head says nothing', () => {
    const text = `${V4.split(',state')[0]}\n10.0.0.1,aa,,60,1795000060,1,0,0,old\n`;
    expect(say(keaLeases(text))).toEqual(['old 10.0.0.1 1795000000-1795000060']);
    expect(say(keaLeases('10.0.0.1,aa,,60,1795000060,1,0,0,old\n'))).toEqual(['unread 1']);
  });
});

describe('dhcpd.leases', () => {
  const START = Date.UTC(2026, 10, 18, 10) / 1000;

  it('has the leases that are active, by the name that the server gave, else by the one of the client', () => {
    const text = `
# This lease file was written by isc-dhcp-4.4.3
authoring-byte-order little-endian;
server-duid "\\000\\001{";
lease 192.168.1.21 {
  starts 3 2026/11/18 10:00:00;
  ends 3 2026/11/18 12:00:00;
  cltt 3 2026/11/18 10:00:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet aa:bb:cc:dd:ee:01;
  uid "\\001\\252};\\"";
  set vendor-class-identifier = "MSFT 5.0";
  client-hostname "laptop";
}
lease 192.168.1.22 { starts epoch ${START}; # Wed Nov 18
  ends never; binding state active; set ddns-fwd-name = "printer.home.arpa"; client-hostname "BRN30"; }
lease 192.168.1.23 { ends 3 2026/11/18 12:00:00; binding state free; client-hostname "gone"; }
lease 192.168.1.24 { ends 3 2026/11/18 12:00:00; binding state active; }
lease 192.168.1.25 { starts 3 2026/11/18 10:00:00; ends 3 2026/11/18 12:00:00; client-hostname "openbsd"; }
lease 192.168.1.26 { binding state active; client-hostname "endless"; }
failover peer "dhcp" state { my state normal at 3 2026/11/18 10:00:00; }
`;
    expect(say(iscLeases(text))).toEqual([
      `laptop 192.168.1.21 ${START}-${START + 7200}`,
      `printer.home.arpa 192.168.1.22 ${START}-Infinity`,
      'gone 192.168.1.23',
      'gone 192.168.1.24',
      `openbsd 192.168.1.25 ${START}-${START + 7200}`,
      'unread 22',
    ]);
  });

  it('has addresses of DHCPv6 within their associations', () => {
    const text = `ia-na "\\001\\000{" {
  cltt 3 2026/11/18 10:00:00;
  iaaddr fd00::21 {
    binding state active;
    preferred-life 3600;
    max-life 7200;
    ends 3 2026/11/18 12:00:00;
    set ddns-fwd-name = "laptop.home.arpa";
  }
}
ia-pd "x" { iaprefix fd00:1::/56 { binding state active; ends never; set ddns-fwd-name = "router"; } }
`;
    expect(say(iscLeases(text))).toEqual([`laptop.home.arpa fd00::21 ${START}-${START + 7200}`]);
  });

  it.each([
    'lease 10.0.0.1 { ends never; client-hostname "a";',
    'lease 10.0.0.1 { ends never; client-hostname "a',
    '}}}}; lease {',
  ])('%j has no end and counts for nothing', (text) => {
    expect(say(iscLeases(text))).toEqual([]);
  });

  it('that nests without end is left', () => {
    expect(say(iscLeases('a {\n'.repeat(100_000)))).toEqual(['unread 17']);
  });

  it('with a quotation mark that is not closed loses that line and no more', () => {
    const text = `lease 10.0.0.1 { ends never;
client-hostname "a;
}
lease 10.0.0.2 { ends never; client-hostname "b"; }
`;
    expect(say(iscLeases(text))).toEqual(['unread 2', 'gone 10.0.0.1', 'b 10.0.0.2 Infinity-Infinity']);
  });
});

describe('hosts(5)', () => {
  const read = (text: string) =>
    [...hostsItems(text)].flatMap((item) => {
      if (item.kind === 'nothing') return [];
      if (item.kind === 'unread') return `unread ${item.line}`;
      return `${[...item.address].join('.')} ${item.names.map(formatName).join(' ')}`;
    });

  it('has addresses with their names, those of this machine left out', () => {
    const text = [
      '# Debian',
      '127.0.0.1\tlocalhost',
      '127.0.1.1 server.home.arpa server',
      '::1     localhost ip6-localhost ip6-loopback',
      'fe00::0 ip6-localnet',
      'ff02::1 ip6-allnodes',
      'fe80::1%eth0 router',
      '255.255.255.255 broadcasthost',
      '  192.168.1.20   NAS.home.arpa nas  # in the cellar',
      'fd00::20 nas.home.arpa.',
      '0.0.0.0 ads.example.com',
      '',
    ].join('\r\n');
    expect(read(text)).toEqual([
      '192.168.1.20 NAS.home.arpa. nas.',
      '253.0.0.0.0.0.0.0.0.0.0.0.0.0.0.32 nas.home.arpa.',
      '0.0.0.0 ads.example.com.',
    ]);
  });

  it('keeps the good names of a line', () => {
    const text =
      '10.0.0.1 a..b good\n10.0.0.2\n10.1 short\nnonsense here\n10.0.0.3 *.wild\n10.0.0.4 __proto__';
    expect(read(text)).toEqual([
      'unread 1',
      '10.0.0.1 good.',
      'unread 2',
      'unread 3',
      'unread 4',
      'unread 5',
      '10.0.0.4 __proto__.',
    ]);
  });
});

describe('the name of a client', () => {
  const domain = nameKey('home.arpa.');
  it.each<[host: string, name: string | null]>([
    ['laptop', 'laptop.home.arpa.'],
    ['DESKTOP-1', 'DESKTOP-1.home.arpa.'],
    ['my_tv', 'my_tv.home.arpa.'],
    ['laptop.home.arpa', 'laptop.home.arpa.'],
    ['tv.living.Home.Arpa.', 'tv.living.Home.Arpa.'],
    ['laptop.corp.example.', 'laptop.home.arpa.'],
    ['laptop._x.corp.example', 'laptop.home.arpa.'],
    ['5_tv', '5_tv.home.arpa.'],
    ['_dns', null],
    ['_dns.dns.home.arpa', null],
    ['x._tcp.home.arpa', null],
    ['home.arpa', 'home.home.arpa.'],
    ['wpad', null],
    ['WPAD.home.arpa', null],
    ['isatap', null],
    ['localhost', null],
    ["Anna's Phone", null],
    ['-x', null],
    ['a..b', null],
    ['', null],
    ['.', null],
    ['*', null],
    ['x\u001b[31m', null],
    ['x'.repeat(64), null],
    [`${'x'.repeat(63)}.`.repeat(4), null],
  ])('%j becomes %j', (host, name) => {
    const given = leasedName(host, domain);
    expect(given && formatName(given)).toBe(name);
  });

  it('may lie in a domain that has such a label itself', () => {
    expect(leasedName('tv._x.lan', nameKey('_x.lan'))).toBe(nameKey('tv._x.lan'));
  });

  it('that would be too long in its domain is none', () => {
    expect(leasedName('x'.repeat(63), nameKey(`${'y'.repeat(63)}.`.repeat(3)))).toBeNull();
    expect(hostName('x'.repeat(63))).not.toBeNull();
  });
});

describe('a line without end', () => {
  const LONG = 'x'.repeat(5_000_000);
  it.each([
    ['dnsmasq', dnsmasqLeases, `1795000000 aa 10.0.0.1 ${LONG} *`, '1795000000 aa 10.0.0.2 ok *', 'ok'],
    [
      'isc',
      iscLeases,
      `lease 10.0.0.1 { ends never; client-hostname "${LONG}"; }`,
      'lease 10.0.0.2 { ends never; client-hostname "ok"; }',
      'ok',
    ],
    [
      'kea',
      keaLeases,
      `10.0.0.1,aa,,3600,1795003600,1,0,0,${LONG},0`,
      'address,expire,valid_lifetime,hostname\n10.0.0.2,1795003600,3600,ok',
      'ok',
    ],
  ] as const)('of %s is unread, and the next one is read', (_, reader, long, short, host) => {
    const [first, ...others] = say(reader(`${long}\n${short}\n`));
    expect([first, others.length]).toEqual(['unread 1', 1]);
    expect(others[0]).toMatch(new RegExp(`^${host} 10.0.0.2 `));
  });

  it('of a hosts file likewise', () => {
    const items = [...hostsItems(`10.0.0.1 ${'x '.repeat(2_000_000)}\n10.0.0.2 ok\n`)];
    expect(items.map(({ kind }) => kind)).toEqual(['unread', 'host']);
  });
});

describe('every line', () => {
  it.each([
    ['dnsmasq', dnsmasqLeases, 'duid 1\n\n'],
    ['kea', keaLeases, 'address,lease_type\n\n'],
    ['kea with prefixes', keaLeases, 'address,lease_type\nfd00::,2\n'],
    ['isc', iscLeases, '# x\n\n'],
    ['hosts', hostsItems, '# x\n127.0.0.1 localhost\n'],
    ['hosts with names of groups', hostsItems, '10.0.0.1 ip6-x\n\n'],
  ] as [string, (text: string) => Iterable<unknown>, string][])(
    'of %s is an item, so that reading can give way behind it',
    (_, reader, text) => {
      expect([...reader(text)]).toEqual([{ kind: 'nothing' }, { kind: 'nothing' }]);
    },
  );
});

describe('an address', () => {
  it('is no endless one', () => {
    expect(addressOctets(`::${'1:'.repeat(1_000_000)}x`)).toBeNull();
    expect(addressOctets('0000:0000:0000:0000:0000:ffff:192.168.100.228')).toHaveLength(16);
  });
});

describe('whatever a file holds', () => {
  const pieces = [
    'lease ',
    '10.0.0.1',
    ' { ',
    ' } ',
    ';',
    '\n',
    '"',
    '\\',
    'ends never',
    ' x',
    ',',
    'address',
    '#',
    '1795000000 ',
    '\0',
    'client-hostname "a"',
    'duid',
  ];
  it.each([
    ['dnsmasq', dnsmasqLeases],
    ['kea', keaLeases],
    ['isc', iscLeases],
    ['hosts', hostsItems],
  ] as [string, (text: string) => Iterable<unknown>][])('a reader for %s comes to its end', (_, reader) => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 60 }), (parts) => {
        expect([...reader(parts.join(''))].length).toBeLessThanOrEqual(121);
      }),
    );
  });
});
