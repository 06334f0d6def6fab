// RDATA as text and as octets: vectors of the RFCs (those of LOC and RRSIG as ldns encodes them), the types that dns-packet knows, and round trips of any octets.

import packet from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TYPE, typeName, typeNumber } from '../../../src/dns/codes.ts';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import { ROOT } from '../../../src/dns/names.ts';
import { formatRdata, parseRdata } from '../../../src/dns/rdata-text.ts';
import { RDATA_SHAPES } from '../../../src/dns/rdata-types.ts';
import { tokenize } from '../../../src/dns/tokens.ts';

function rdataOf(type: number, text: string): Buffer {
  return Buffer.from(parseRdata(type, tokenize(text), ROOT));
}

function hexOf(text: string): string {
  const space = text.indexOf(' ');
  return rdataOf(typeNumber(text.slice(0, space))!, text.slice(space + 1)).toString('hex');
}

const FOO_COM = '03666f6f076578616d706c6503636f6d00';
const FOO_ORG = '03666f6f076578616d706c65036f726700';

describe('a text of RDATA', () => {
  const vectors: [source: string, text: string, hex: string][] = [
    ['RFC 9460 D.1', 'HTTPS 0 foo.example.com.', `0000${FOO_COM}`],
    ['RFC 9460 D.2 ownername', 'SVCB 1 .', '000100'],
    ['RFC 9460 D.2 port', 'SVCB 16 foo.example.com. port=53', `0010${FOO_COM}000300020035`],
    [
      'RFC 9460 D.2 unregistered key',
      'SVCB 1 foo.example.com. key667=hello',
      `0001${FOO_COM}029b000568656c6c6f`,
    ],
    [
      'RFC 9460 D.2 decimal escape',
      'SVCB 1 foo.example.com. key667="hello\\210qoo"',
      `0001${FOO_COM}029b000968656c6c6fd2716f6f`,
    ],
    [
      'RFC 9460 D.2 two IPv6 hints',
      'SVCB 1 foo.example.com. ( ipv6hint="2001:db8::1,2001:db8::53:1" )',
      `0001${FOO_COM}0006002020010db800000000000000000000000120010db8000000000000000000530001`,
    ],
    [
      'RFC 9460 D.2 IPv6 hint with an IPv4 tail',
      'SVCB 1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33"',
      '0001076578616d706c6503636f6d000006001020010db80122034400000000c0000221',
    ],
    [
      'RFC 9460 D.2 order of keys',
      'SVCB 16 foo.example.org. (alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1)',
      `0010${FOO_ORG}0000000400010004000100090268320568332d313900040004c0000201`,
    ],
    [
      'RFC 9460 D.2 escapes, quoted',
      'SVCB 16 foo.example.org. alpn="f\\\\\\\\oo\\\\,bar,h2"',
      `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`,
    ],
    [
      'RFC 9460 D.2 escapes, bare',
      'SVCB 16 foo.example.org. alpn=f\\\\\\092oo\\092,bar,h2',
      `0010${FOO_ORG}0001000c08665c6f6f2c626172026832`,
    ],
    [
      'RFC 9461 section 5',
      'SVCB 1 . alpn=h2 dohpath=/q{?dns}',
      '00010000010003026832000700082f717b3f646e737d',
    ],
    ['RFC 9540 section 4', 'HTTPS 1 . alpn=h2 ohttp', '0001000001000302683200080000'],
    ['a known key by its number', 'SVCB 1 . key3=\\000\\053', '000100000300020035'],
    ['ech', 'HTTPS 1 . ech=AEX+DQ==', '000100000500040045fe0d'],
    ['no-default-alpn', 'HTTPS 1 . alpn=h3 no-default-alpn', '0001000001000302683300020000'],
    ['RFC 3597 section 5, unknown type', 'TYPE731 \\# 6 abcdef 01 23 45', 'abcdef012345'],
    ['RFC 3597 section 5, known type', 'TYPE1 \\# 4 0A000001', '0a000001'],
    ['RFC 1876 section 4', 'LOC 42 21 54 N 71 06 18 W -24m 30m', '0033161389172dd070be15f000988d20'],
    [
      'RFC 1876 section 4, thousandths',
      'LOC 42 21 43.952 N 71 5 6.344 W -24m 1m 200m',
      '001224138917069070bf2dd800988d20',
    ],
    [
      'RFC 4034 section 4.3',
      'NSEC host.example.com. A MX RRSIG NSEC TYPE1234',
      `04686f7374076578616d706c6503636f6d000006400100000003041b${'0'.repeat(52)}20`,
    ],
    [
      'RFC 4034 section 5.4',
      'DS 60485 5 1 2BB183AF5F22588179A53B0A 98631FAD1A292118',
      'ec4505012bb183af5f22588179a53b0a98631fad1a292118',
    ],
    [
      'RFC 5155 appendix A',
      'NSEC3 1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr MX',
      '0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b00020001',
    ],
    ['RFC 5155, no salt', 'NSEC3PARAM 1 0 0 -', '0100000000'],
    ['RFC 7043 section 3.2', 'EUI48 00-00-5e-00-53-2a', '00005e00532a'],
    ['RFC 7043 section 4.2', 'EUI64 00-00-5e-ef-10-00-00-2a', '00005eef1000002a'],
    [
      'RFC 7553 section 4.4',
      'URI 10 1 "ftp://ftp1.example.com/public"',
      '000a00016674703a2f2f667470312e6578616d706c652e636f6d2f7075626c6963',
    ],
    ['RFC 7477 section 2.2', 'CSYNC 66 3 A NS AAAA', '000000420003000460000008'],
    ['RFC 8659 section 4', 'CAA 128 tbs "Unknown"', '8003746273556e6b6e6f776e'],
    [
      'a signature',
      'RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1',
      '00010503000151803e7c9dd73e5510d70a52076578616d706c6503636f6d00a09075',
    ],
    [
      'an instant as a number',
      'RRSIG A 5 3 1d 4294967295 0 1 . AAAA',
      '0001050300015180ffffffff00000000000100000000',
    ],
    ['mnemonics of CERT', 'CERT PGP 0 ED25519 AQI=', '000300000f0102'],
    ['an IPv4-mapped address', 'AAAA ::ffff:192.0.2.1', '00000000000000000000ffffc0000201'],
  ];
  it.each(vectors)('has these octets: %s', (_, text, hex) => {
    expect(hexOf(text)).toBe(hex);
  });

  const failures: [source: string, text: string, why: string][] = [
    ['RFC 9460 D.3 a key twice', 'SVCB 1 foo.example.com. key123=abc key123=def', 'key123 is there twice'],
    ['RFC 9460 D.3 mandatory', 'SVCB 1 foo.example.com. mandatory', 'mandatory needs a value'],
    ['RFC 9460 D.3 alpn', 'SVCB 1 foo.example.com. alpn', 'alpn needs a value'],
    ['RFC 9460 D.3 port', 'SVCB 1 foo.example.com. port', 'port needs a number'],
    ['RFC 9460 D.3 ipv4hint', 'SVCB 1 foo.example.com. ipv4hint', 'ipv4hint needs a value'],
    ['RFC 9460 D.3 ipv6hint', 'SVCB 1 foo.example.com. ipv6hint', 'ipv6hint needs a value'],
    [
      'RFC 9460 D.3 no-default-alpn',
      'SVCB 1 foo.example.com. no-default-alpn=abc',
      'no-default-alpn takes no value',
    ],
    [
      'RFC 9460 D.3 absent',
      'SVCB 1 foo.example.com. mandatory=key123',
      'mandatory lists key123, which is not there',
    ],
    ['RFC 9460 D.3 itself', 'SVCB 1 foo.example.com. mandatory=mandatory', 'mandatory lists itself'],
    [
      'RFC 9460 D.3 listed twice',
      'SVCB 1 foo.example.com. mandatory=key123,key123 key123=abc',
      'mandatory lists a key twice',
    ],
    ['a known key twice, by name and number', 'SVCB 1 . port=1 key3=\\000\\001', 'key3 is there twice'],
    ['a known key by number with wrong octets', 'SVCB 1 . key3=1', 'port is not two octets'],
    ['no-default-alpn alone', 'SVCB 1 . no-default-alpn', 'no-default-alpn stands without alpn'],
    ['an empty item', 'SVCB 1 . alpn=h2,,h3', 'alpn has an empty item'],
    ['the reserved key', 'SVCB 1 . key65535=a', 'key65535 is reserved'],
    ['a key with a leading zero', 'SVCB 1 . key0667=a', '"key0667" is not a parameter'],
    ['an unknown name', 'SVCB 1 . colour=red', '"colour" is not a parameter such as alpn, port'],
    ['a wrong hint', 'SVCB 1 . ipv4hint=1.2.3', '"1.2.3" is not an IPv4 address'],
    ['a port too high', 'SVCB 1 . port=65536', 'port needs a number up to 65535'],
    ['base64 without padding', 'HTTPS 1 . ech=AEX+DQ', 'ech is not whole, padded base64'],
    ['a place beyond the pole', 'LOC 90 0 1 N 0 E 0m', 'the latitude "90 0 1" is not degrees'],
    ['a place without its side', 'LOC 42 21 54', 'N or S after the latitude is missing'],
    ['a place too deep', 'LOC 0 N 0 E -100001m', 'the altitude is not from -100000.00m'],
    [
      'a date that does not exist',
      'RRSIG A 5 3 1 20230229000000 0 1 . AAAA',
      'the expiration "20230229000000" is not a time',
    ],
    ['a hash that is not base32hex', 'NSEC3 1 0 0 - zzzz A', 'the next hashed owner "ZZZZ" is not base32hex'],
    ['an unknown type in a bitmap', 'NSEC a. A FOO', '"FOO" is not a record type'],
    ['a tag with a hyphen', 'CAA 0 issue-wild "x"', 'the tag "issue-wild" is not letters and digits'],
    ['a short hardware address', 'EUI48 00-00-5e-00-53', 'is not 6 pairs of hexadecimal digits'],
    ['half a pair of digits', 'DS 1 8 2 abc', 'the digest is not pairs of hexadecimal digits'],
    ['no digest', 'DS 1 8 2', 'the digest is missing'],
    ['no key', 'OPENPGPKEY', 'the key is missing'],
  ];
  it.each(failures)('is refused: %s', (_, text, why) => {
    expect(() => hexOf(`${text} `)).toThrow(why);
  });

  it('is accepted for the example of every type, which errors show to people', () => {
    for (const [type, { example }] of RDATA_SHAPES) {
      const rdata = rdataOf(type, example);
      expect(formatRdata(type, rdata), typeName(type)).not.toContain('\\#');
    }
  });

  const known: [type: packet.RecordType, text: string, decoded: unknown][] = [
    ['A', '192.0.2.1', '192.0.2.1'],
    ['AAAA', '2001:db8::1', '2001:db8::1'],
    ['CNAME', 'nas.home.arpa.', 'nas.home.arpa'],
    ['MX', '10 mail.example.', { preference: 10, exchange: 'mail.example' }],
    ['SRV', '1 2 3 a.example.', { priority: 1, weight: 2, port: 3, target: 'a.example' }],
    ['TXT', '"a" "b c"', [Buffer.from('a'), Buffer.from('b c')]],
    ['CAA', '0 issue "ca.example"', { flags: 0, tag: 'issue', value: 'ca.example', issuerCritical: false }],
    ['HINFO', '"ARM64" "Linux"', { cpu: 'ARM64', os: 'Linux' }],
    ['RP', 'a.example. b.example.', { mbox: 'a.example', txt: 'b.example' }],
    [
      'SOA',
      'a.example. b.example. 1 2 3 4 5',
      { mname: 'a.example', rname: 'b.example', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
    ],
    [
      'NAPTR',
      '1 2 "s" "x" "!a!b!" c.example.',
      { order: 1, preference: 2, flags: 's', services: 'x', regexp: '!a!b!', replacement: 'c.example' },
    ],
    ['DS', '1 8 2 ABCD', { keyTag: 1, algorithm: 8, digestType: 2, digest: Buffer.from('abcd', 'hex') }],
    ['SSHFP', `4 1 ${'AB'.repeat(20)}`, { algorithm: 4, hash: 1, fingerprint: 'AB'.repeat(20) }],
    [
      'TLSA',
      '3 1 1 ABCD',
      { usage: 3, selector: 1, matchingType: 1, certificate: Buffer.from('abcd', 'hex') },
    ],
    ['NSEC', 'b.example. A MX', { nextDomain: 'b.example', rrtypes: ['A', 'MX'] }],
  ];
  it.each(known)('means to dns-packet what it says: %s %s', (type, text, decoded) => {
    const rdata = rdataOf(typeNumber(type)!, text);
    const question = Buffer.of(0, 0, TYPE.ANY, 0, 1);
    const answers = [{ owner: ROOT, type: typeNumber(type)!, ttlSeconds: 1, rdata }];
    const [record] =
      packet.decode(Buffer.from(writeMessage({ question, flags: 0x8000, answers }))).answers ?? [];
    expect((record as { data?: unknown }).data).toEqual(decoded);
    expect(formatRdata(typeNumber(type)!, rdata)).toBe(text);
  });
});

describe('octets of RDATA', () => {
  const printed: [type: number, hex: string, text: string][] = [
    [TYPE.A, 'c0a801', '\\# 3 c0a801'],
    [TYPE.A, 'c0a8011400', '\\# 5 c0a8011400'],
    [TYPE.A, '', '\\# 0'],
    [TYPE.CNAME, 'c00c', '\\# 2 c00c'],
    [TYPE.CNAME, '03616263', '\\# 4 03616263'],
    [TYPE.CNAME, `40${'61'.repeat(64)}00`, `\\# 66 40${'61'.repeat(64)}00`],
    [TYPE.TXT, '', '\\# 0'],
    [TYPE.TXT, '0561', '\\# 2 0561'],
    [TYPE.CAA, '0000', '\\# 2 0000'],
    [TYPE.NSEC, '00000203', '\\# 4 00000203'],
    [TYPE.NSEC, '0000020100', '\\# 5 0000020100'],
    [TYPE.LOC, '01121613800000008000000000989680', '\\# 16 01121613800000008000000000989680'],
    [TYPE.LOC, '00a21613800000008000000000989680', '\\# 16 00a21613800000008000000000989680'],
    [TYPE.LOC, '00121613ffffffff8000000000989680', '\\# 16 00121613ffffffff8000000000989680'],
    [TYPE.SVCB, '00010000040000', '\\# 7 00010000040000'],
    [TYPE.SVCB, '00010000030002003500010003026832', '\\# 16 00010000030002003500010003026832'],
    [TYPE.SVCB, '000100000300020035000300020035', '\\# 15 000100000300020035000300020035'],
    [TYPE.SVCB, '000100029b0000', '1 . key667'],
    [TYPE.SVCB, '0001000001000c08665c6f6f2c626172026832', '1 . alpn="f\\\\\\\\oo\\\\,bar,h2"'],
    [TYPE.SVCB, '000100029b0003206122', '1 . key667=" a\\""'],
    [TYPE.AAAA, '20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    [TYPE.AAAA, '20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    [65_280, 'abcdef', '\\# 3 abcdef'],
  ];
  it.each(printed)('of type %i, %s, are printed as %s', (type, hex, text) => {
    expect(formatRdata(type, Buffer.from(hex, 'hex'))).toBe(text);
  });

  const types = fc.constantFrom(...RDATA_SHAPES.keys(), 10, 65_280);

  it('never make formatting throw, and what fits a type is read back unchanged', () => {
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, octets) => {
        const text = formatRdata(type, octets);
        if (!RDATA_SHAPES.has(type) || !text.startsWith('\\#')) {
          expect(rdataOf(type, text)).toEqual(Buffer.from(octets));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('of valid records survive one changed octet: printed in full and read back, or printed as RFC 3597', () => {
    const examples = [...RDATA_SHAPES].map(([type, { example }]): [number, Buffer] => [
      type,
      rdataOf(type, example),
    ]);
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.nat(), fc.nat(255), ([type, valid], at, octet) => {
        const octets = Buffer.from(valid);
        octets[at % octets.length] = octet;
        const text = formatRdata(type, octets);
        if (!text.startsWith('\\#')) expect(rdataOf(type, text)).toEqual(octets);
      }),
      { numRuns: 3000 },
    );
  });
});
