// Records as the config holds them, and each mistake with its sentence (RFC 1035 section 5.1).

import { describe, expect, it } from 'vitest';
import { typeName } from '../../../src/dns/codes.ts';
import { formatName, nameKey } from '../../../src/dns/names.ts';
import { formatRdata } from '../../../src/dns/rdata-text.ts';
import { parseRecordText, RecordSyntaxError } from '../../../src/dns/record-text.ts';

const HOME = nameKey('home.arpa.');

function canonical(text: string): string {
  const { owner, ttlSeconds, type, rdata } = parseRecordText(text, HOME);
  return `${formatName(owner)} ${ttlSeconds} ${typeName(type)} ${formatRdata(type, rdata)}`;
}

describe('a record in the config', () => {
  const records: [written: string, meant: string][] = [
    ['nas 300 A 192.168.1.20', 'nas.home.arpa. 300 A 192.168.1.20'],
    ['printer A 192.168.1.30', 'printer.home.arpa. 300 A 192.168.1.30'],
    ['@ 1h MX 10 mail', 'home.arpa. 3600 MX 10 mail.home.arpa.'],
    ['nas IN 60 A 192.168.1.20', 'nas.home.arpa. 60 A 192.168.1.20'],
    ['nas 60 IN A 192.168.1.20', 'nas.home.arpa. 60 A 192.168.1.20'],
    ['nas in a 192.168.1.20', 'nas.home.arpa. 300 A 192.168.1.20'],
    ['nas CLASS1 TYPE1 \\# 4 C0A8 0114', 'nas.home.arpa. 300 A 192.168.1.20'],
    ['nas 1w2d3h4m5s A 192.168.1.20', 'nas.home.arpa. 788645 A 192.168.1.20'],
    ['nas 0 A 192.168.1.20', 'nas.home.arpa. 0 A 192.168.1.20'],
    ['nas 2147483647 A 192.168.1.20', 'nas.home.arpa. 2147483647 A 192.168.1.20'],
    ['  nas\tA   192.168.1.20  ; the big one', 'nas.home.arpa. 300 A 192.168.1.20'],
    ['*.lab A 192.168.1.20', '*.lab.home.arpa. 300 A 192.168.1.20'],
    ['Nas.Home.Arpa. A 192.168.1.20', 'Nas.Home.Arpa. 300 A 192.168.1.20'],
    ['300 300 A 192.168.1.20', '300.home.arpa. 300 A 192.168.1.20'],
    ['in IN A 192.168.1.20', 'in.home.arpa. 300 A 192.168.1.20'],
    ['www CNAME nas', 'www.home.arpa. 300 CNAME nas.home.arpa.'],
    ['www CNAME 192.168.1.20.', 'www.home.arpa. 300 CNAME 192.168.1.20.'],
    [
      '@ SOA ns1 admin ( 7 1h\n10m 1w 5m ) ; numbers',
      'home.arpa. 300 SOA ns1.home.arpa. admin.home.arpa. 7 3600 600 604800 300',
    ],
    ['x TXT plain "two words" "" k="a b"', 'x.home.arpa. 300 TXT "plain" "two words" "" "k=a b"'],
    [
      'x TXT "semi;colon \\"quoted\\" back\\\\slash \\065"',
      'x.home.arpa. 300 TXT "semi;colon \\"quoted\\" back\\\\slash A"',
    ],
    ['x TXT Küche', 'x.home.arpa. 300 TXT "K\\195\\188che"'],
    ['x TYPE65280 \\# 3 ab cdef', 'x.home.arpa. 300 TYPE65280 \\# 3 abcdef'],
    ['x TYPE65280 \\# 0', 'x.home.arpa. 300 TYPE65280 \\# 0'],
  ];
  it.each(records)('%j is read', (written, meant) => {
    expect(canonical(written)).toBe(meant);
  });

  const refused: [written: string, why: string][] = [
    ['', 'it is empty; write it like "nas 300 A 192.168.1.20"'],
    [' ; only a comment', 'it is empty'],
    ['nas', 'the record type is missing'],
    ['nas 300', 'the record type is missing'],
    ['nas A', 'an IPv4 address is missing; write it like "nas 300 A 192.168.1.20"'],
    ['A 192.168.1.20', '"192.168.1.20" stands where a TTL, the class IN or a record type belongs'],
    ['nas AA 192.168.1.20', '"AA" stands where'],
    ['nas 300 300 A 192.168.1.20', '"300" stands where'],
    ['nas IN IN A 192.168.1.20', '"IN" stands where'],
    ['nas 1x A 192.168.1.20', '"1x" stands where'],
    ['nas 2147483648 A 192.168.1.20', 'the TTL 2147483648 is over 2147483647 seconds'],
    ['nas CH A 192.168.1.20', 'the class CH is not served here; write IN in its place, or nothing'],
    ['nas CLASS3 A 192.168.1.20', 'the class CLASS3 is not served here'],
    ['nas ANY x', 'ANY is asked for but never stored'],
    ['nas OPT x', 'OPT is asked for but never stored'],
    ['nas TYPE255 \\# 0', 'TYPE255 is asked for but never stored'],
    ['nas A 192.168.1.300', '"192.168.1.300" is not an IPv4 address; write it like "nas 300 A 192.168.1.20"'],
    ['nas A 192.168.1', '"192.168.1" is not an IPv4 address'],
    ['nas A 192.168.01.1', '"192.168.01.1" is not an IPv4 address'],
    ['nas A fd00::20', '"fd00::20" is not an IPv4 address'],
    ['nas A 192.168.1.20 192.168.1.21', '"192.168.1.21" is one part too many'],
    ['nas AAAA fe80::1%eth0', '"fe80::1%eth0" is not an IPv6 address; write it like "nas 300 AAAA fd00::20"'],
    ['nas AAAA 192.168.1.20', '"192.168.1.20" is not an IPv6 address'],
    [
      'www CNAME 192.168.1.20',
      'the target "192.168.1.20" is an address where a name belongs; write it like "www 300 CNAME nas"',
    ],
    ['www CNAME fd00::20', 'the target "fd00::20" is an address where a name belongs'],
    ['@ MX mail', 'the preference "mail" is not a number from 0 to 65535; write it like "@ 300 MX 10 mail"'],
    ['@ MX 65536 mail', 'the preference "65536" is not a number from 0 to 65535'],
    ['@ MX 10', 'the target is missing'],
    ['nas.example. A 192.168.1.20', 'its name nas.example. lies outside the zone home.arpa.'],
    ['n..as A 192.168.1.20', '"n..as" has an empty label'],
    ['x TXT', 'the text is missing'],
    ['x TXT "open', 'a quotation mark is not closed'],
    ['x TXT a\\', 'it ends in a lone backslash'],
    ['x TXT \\300', 'the escape \\300 is not \\000 to \\255'],
    ['x TXT \\1', 'the escape \\1 is not \\000 to \\255'],
    [`x TXT ${'a'.repeat(256)}`, 'one string is over 255 octets long'],
    ['x A \\# 3 c0a801', 'the octets after \\# do not fit the record type'],
    ['x CNAME \\# 2 c00c', 'the octets after \\# do not fit the record type'],
    ['x A \\# 5 c0a80114', 'the length after \\# is "5", and 4 octets follow'],
    ['x A \\# 2 c0a', 'the RDATA is not pairs of hexadecimal digits'],
    ['x TYPE65280 abc', 'the record type is known by number only, so write its RDATA as "\\# length hex"'],
    ['x TXT "\\# 1 00" \\', 'it ends in a lone backslash'],
  ];
  it.each(refused)('%j is refused', (written, why) => {
    expect(() => parseRecordText(written, HOME)).toThrow(RecordSyntaxError);
    expect(() => parseRecordText(written, HOME)).toThrow(why);
  });

  it('is repeated in its message, but not at any length', () => {
    expect(() => parseRecordText('nas A x', HOME)).toThrow(/^"nas A x" is not a record: /);
    const long = `x TXT ${'"abc" '.repeat(1000)}"`;
    expect(() => parseRecordText(long, HOME)).toThrow(/^'.{80}…' is not a record: a quotation mark/);
  });

  /** Whole messages: what is shown and what is advised are both scalars of YAML that mean what they say. */
  const sentences: [written: string, message: string][] = [
    ['x TXT', `"x TXT" is not a record: the text is missing; write it like 'x 300 TXT "any text"'`],
    [
      `o\\'x MX "a b"`,
      `'o\\''x MX "a b"' is not a record: the preference "a b" is not a number from 0 to 65535; write it like 'o\\''x 300 MX 10 mail'`,
    ],
    ['n..as A 192.168.1.20', '"n..as A 192.168.1.20" is not a record: "n..as" has an empty label'],
    ['www CNAME n..as', '"www CNAME n..as" is not a record: "n..as" has an empty label'],
    [
      'x A \\# 5 c0a80114',
      `'x A \\# 5 c0a80114' is not a record: the length after \\# is "5", and 4 octets follow`,
    ],
    ['x A \\# 2 c0a', `'x A \\# 2 c0a' is not a record: the RDATA is not pairs of hexadecimal digits`],
    [
      'x TYPE65280 abc',
      '"x TYPE65280 abc" is not a record: the record type is known by number only, so write its RDATA as "\\# length hex"',
    ],
    [
      'nas.example. A 192.168.1.20',
      '"nas.example. A 192.168.1.20" is not a record: its name nas.example. lies outside the zone home.arpa.; write it under a zone that holds it',
    ],
    [
      'nas CH A 192.168.1.20',
      '"nas CH A 192.168.1.20" is not a record: the class CH is not served here; write IN in its place, or nothing',
    ],
    [
      'nas 2147483648 A 192.168.1.20',
      '"nas 2147483648 A 192.168.1.20" is not a record: the TTL 2147483648 is over 2147483647 seconds; write fewer',
    ],
    [
      'nas ANY x',
      '"nas ANY x" is not a record: ANY is asked for but never stored; write the type of one record',
    ],
    ['x TXT \\300', `'x TXT \\300' is not a record: the escape \\300 is not \\000 to \\255`],
    ['x TXT "open', `'x TXT "open' is not a record: a quotation mark is not closed`],
    [
      `x HINFO a ${'b'.repeat(256)}`,
      `"x HINFO a ${'b'.repeat(70)}…" is not a record: the operating system is over 255 octets long`,
    ],
    [
      'x HTTPS 1 . port=1 port=2',
      '"x HTTPS 1 . port=1 port=2" is not a record: the parameter port is there twice',
    ],
    [
      '"a b" A x',
      `'"a b" A x' is not a record: "x" is not an IPv4 address; write it like 'a\\032b.home.arpa. 300 A 192.168.1.20'`,
    ],
  ];
  it.each(sentences)('%j is told all that helps, and no more', (written, message) => {
    expect(() => parseRecordText(written, HOME)).toThrow(new RecordSyntaxError(message));
  });

  it('keeps the case that it was written in', () => {
    const { owner, rdata } = parseRecordText('WWW CNAME NaS', HOME);
    expect(owner).toBe('\x03WWW\x04home\x04arpa\0');
    expect(Buffer.from(rdata).toString('latin1')).toBe('\x03NaS\x04home\x04arpa\0');
  });
});
