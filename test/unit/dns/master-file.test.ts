// What master files say, line by line, and every mistake in them. That a whole zone is read as BIND reads it is
// test/e2e/zone-file.test.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typeName } from '../../../src/dns/codes.ts';
import { type IncludedFile, type MasterFile, readMasterFile } from '../../../src/dns/master-file.ts';
import { formatName, nameKey } from '../../../src/dns/names.ts';
import { formatRdata } from '../../../src/dns/rdata-text.ts';

const FILES: Readonly<Record<string, string>> = {
  'hosts.inc': 'a A 10.0.0.1\n A 10.0.0.2\n',
  'first.inc': ' TXT "of the one before"\n$TTL 5\n$ORIGIN below\nx TXT "x"',
  'itself.inc': '$INCLUDE itself.inc',
  'wrong.inc': '\nnas A 10.0.0.300\n',
  ...Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`${at}.deep`, `$INCLUDE ${at + 1}.deep`])),
};

function read(text: string, recordsMax = 1000): MasterFile {
  const include = (written: string): IncludedFile =>
    written in FILES ? { file: written, text: FILES[written]! } : { problem: `"${written}" is not there` };
  return readMasterFile({ file: 'home.zone', text, zone: nameKey('home.arpa.'), include, recordsMax });
}

function records(text: string): string[] {
  const { records: found, problems } = read(text);
  expect(problems).toEqual([]);
  return found.map(
    ({ record, file, line }) =>
      `${file}:${line} ${formatName(record.owner)} ${record.ttlSeconds} ${typeName(record.type)} ${formatRdata(record.type, record.rdata)}`,
  );
}

function problems(text: string): string[] {
  return read(text).problems.map(({ file, line, message }) => `${file}:${line}: ${message}`);
}

describe('a master file', () => {
  it.each<[what: string, text: string, ...records: string[]]>([
    [
      'names relative to the zone, and its own',
      '@ A 10.0.0.1\nnas A 10.0.0.2\nns.home.arpa. A 10.0.0.3\n',
      'home.zone:1 home.arpa. 300 A 10.0.0.1',
      'home.zone:2 nas.home.arpa. 300 A 10.0.0.2',
      'home.zone:3 ns.home.arpa. 300 A 10.0.0.3',
    ],
    [
      'a blank for the name before, over empty lines and comments',
      'Nas A 10.0.0.1\n\n; nothing\n\tAAAA fd00::1',
      'home.zone:1 Nas.home.arpa. 300 A 10.0.0.1',
      'home.zone:4 Nas.home.arpa. 300 AAAA fd00::1',
    ],
    [
      'parentheses over lines, and the line that it began on',
      '\nnas TXT ( "a" ; one\n  "b;c" (d)\n)\nx A 10.0.0.1',
      'home.zone:2 nas.home.arpa. 300 TXT "a" "b;c" "d"',
      'home.zone:5 x.home.arpa. 300 A 10.0.0.1',
    ],
    [
      '$ORIGIN, also relative to the one before',
      '$ORIGIN lab\nx A 10.0.0.1\n$origin deep\nx CNAME y',
      'home.zone:2 x.lab.home.arpa. 300 A 10.0.0.1',
      'home.zone:4 x.deep.lab.home.arpa. 300 CNAME y.deep.lab.home.arpa.',
    ],
    [
      '$TTL, with units',
      '$TTL 1h30m\nx A 10.0.0.1\ny 2d A 10.0.0.2\nz A 10.0.0.3',
      'home.zone:2 x.home.arpa. 5400 A 10.0.0.1',
      'home.zone:3 y.home.arpa. 172800 A 10.0.0.2',
      'home.zone:4 z.home.arpa. 5400 A 10.0.0.3',
    ],
    [
      'without $TTL the last TTL that was written',
      'x 60 A 10.0.0.1\ny A 10.0.0.2',
      'home.zone:1 x.home.arpa. 60 A 10.0.0.1',
      'home.zone:2 y.home.arpa. 60 A 10.0.0.2',
    ],
    [
      'without any, the negative one of the SOA',
      '@ SOA ns h 1 2 3 4 77\nx 60 A 10.0.0.1\ny A 10.0.0.2',
      'home.zone:1 home.arpa. 77 SOA ns.home.arpa. h.home.arpa. 1 2 3 4 77',
      'home.zone:2 x.home.arpa. 60 A 10.0.0.1',
      'home.zone:3 y.home.arpa. 77 A 10.0.0.2',
    ],
    [
      'class and TTL in either order',
      'x IN 60 A 10.0.0.1\ny 60 IN A 10.0.0.2',
      'home.zone:1 x.home.arpa. 60 A 10.0.0.1',
      'home.zone:2 y.home.arpa. 60 A 10.0.0.2',
    ],
    [
      'escapes, in names and in texts',
      'a\\.b\\032c TXT \\"x\\"\\010',
      'home.zone:1 a\\.b\\032c.home.arpa. 300 TXT "\\"x\\"\\010"',
    ],
    [
      'types that are known by number only (RFC 3597)',
      'x TYPE65300 \\# 3 ( ab cd\n ef )',
      'home.zone:1 x.home.arpa. 300 TYPE65300 \\# 3 abcdef',
    ],
    [
      'line ends of every system, and none at the end',
      'x A 10.0.0.1\r\ny A 10.0.0.2',
      'home.zone:1 x.home.arpa. 300 A 10.0.0.1',
      'home.zone:2 y.home.arpa. 300 A 10.0.0.2',
    ],
    [
      '$INCLUDE under another origin, and goes on with its own',
      'x A 10.0.0.9\n$INCLUDE hosts.inc lab\n A 10.0.0.8',
      'home.zone:1 x.home.arpa. 300 A 10.0.0.9',
      'hosts.inc:1 a.lab.home.arpa. 300 A 10.0.0.1',
      'hosts.inc:2 a.lab.home.arpa. 300 A 10.0.0.2',
      'home.zone:3 x.home.arpa. 300 A 10.0.0.8',
    ],
    [
      'an included $TTL for what follows, an included $ORIGIN not',
      'x A 10.0.0.9\n$INCLUDE first.inc\ny A 10.0.0.8',
      'home.zone:1 x.home.arpa. 300 A 10.0.0.9',
      'first.inc:1 x.home.arpa. 300 TXT "of the one before"',
      'first.inc:4 x.below.home.arpa. 5 TXT "x"',
      'home.zone:3 y.home.arpa. 5 A 10.0.0.8',
    ],
  ])('takes %s', (_, text, ...expected) => {
    expect(records(text)).toEqual(expected);
  });

  it.each<[text: string, ...problems: string[]]>([
    [
      'x A 10.0.0.300\n\ny A\nz A 10.0.0.1',
      'home.zone:1: "x A 10.0.0.300" is not a record: "10.0.0.300" is not an IPv4 address; write it like x 300 A 192.168.1.20',
      'home.zone:3: "y A" is not a record: an IPv4 address is missing; write it like y 300 A 192.168.1.20',
    ],
    [
      ' A 10.0.0.1',
      'home.zone:1: a record that begins with a blank has the name of the one before it, and there is none; write its name',
    ],
    [
      'x A 10.0.0.1\n  A 10.0.0.300',
      'home.zone:2: "A 10.0.0.300" is not a record: "10.0.0.300" is not an IPv4 address; write it like x.home.arpa. 300 A 192.168.1.20',
    ],
    [
      'www.example.com. A 10.0.0.1',
      'home.zone:1: "www.example.com. A 10.0.0.1" is not a record: its name www.example.com. lies outside the zone home.arpa.; write it under a zone that holds it',
    ],
    [
      'x CH TXT "a"',
      'home.zone:1: \'x CH TXT "a"\' is not a record: the class CH is not served here; write IN in its place, or nothing',
    ],
    [
      'x TXT\nx SVCB 1 . alpn="h2" port=x',
      'home.zone:1: "x TXT" is not a record: the text is missing; write it like x 300 TXT "any text"',
      'home.zone:2: \'x SVCB 1 . "alpn=h2" port=x\' is not a record: port needs a number up to 65535; write it like x 300 SVCB 1 nas alpn=h2,h3 port=8443',
    ],
    [
      '$GENERATE 1-10 h$ A 10.0.0.$',
      'home.zone:1: $GENERATE is not taken here, being an extension of BIND; write the records one by one',
    ],
    [
      '$DATE 2026\n$TTL soon\n$TTL 3000000000\n$ORIGIN\n$INCLUDE a b c',
      'home.zone:1: $DATE is not a directive; there are $ORIGIN, $TTL and $INCLUDE',
      'home.zone:2: the TTL "soon" is not a time such as 3600 or 1h',
      'home.zone:3: the TTL 3000000000 is over 2147483647 seconds',
      'home.zone:4: $ORIGIN takes one value',
      'home.zone:5: $INCLUDE takes a file and perhaps an origin',
    ],
    [
      'x TXT "a\ny TXT b\nz TXT )\nw TXT a\\\nv TXT (\n"a"',
      'home.zone:1: a quotation mark is not closed on its line, or the text in it is longer than a record',
      'home.zone:3: a parenthesis is closed that was not opened',
      'home.zone:4: a backslash stands at the end of the line',
      'home.zone:5: a parenthesis is not closed',
    ],
    [
      '$INCLUDE nowhere.inc\n$INCLUDE wrong.inc',
      'home.zone:1: "nowhere.inc" is not there',
      'wrong.inc:2: "nas A 10.0.0.300" is not a record: "10.0.0.300" is not an IPv4 address; write it like nas 300 A 192.168.1.20',
    ],
    [
      '$INCLUDE itself.inc',
      'itself.inc:1: itself.inc would include itself (home.zone > itself.inc > itself.inc); delete this line',
    ],
    [
      '$INCLUDE 1.deep',
      '8.deep:1: files are included more than 8 deep (home.zone > 1.deep > 2.deep > 3.deep > 4.deep > 5.deep > 6.deep > 7.deep > 8.deep > 9.deep); include them from one file',
    ],
  ])('%j is told what is wrong with it, all at once', (text, ...expected) => {
    expect(problems(text)).toEqual(expected);
  });

  it('ends after a hundred problems', () => {
    const told = problems('x A wrong\n'.repeat(1000));
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toBe('home.zone:100: reading ends here, after so many problems');
  });

  it.each([
    ['word', 'x'.repeat(20_000_000)],
    ['quoted text', `y TXT "${'x'.repeat(20_000_000)}"`],
  ])('is told of an endless %s, and does not end at it', (_, line) => {
    const { records: found, problems: told } = read(`${line}\nz A 10.0.0.1\n`);
    expect([found.length, told.length]).toEqual([1, 1]);
  });

  it('is taken up to its bound and no further', () => {
    const found = read('x A 10.0.0.1\ny A 10.0.0.2\nz A 10.0.0.3\n', 2);
    expect(found.records).toHaveLength(2);
    expect(found.problems).toEqual([
      { file: 'home.zone', line: 3, message: 'this is record 3, and no more than 2 are taken' },
    ]);
  });

  it('of any content is read to its end', () => {
    const piece = fc.constantFrom(
      'x',
      ' ',
      '\n',
      '(',
      ')',
      '"',
      ';',
      '\\',
      '$INCLUDE hosts.inc',
      '$TTL 1',
      'A',
      '10.0.0.1',
      '\\# 0',
      '\u00e9',
      '.',
      '@',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const lines = pieces.join('').split('\n').length;
        for (const { file, line } of read(pieces.join('')).problems) {
          if (file === 'home.zone') expect(line).toBeLessThanOrEqual(lines);
        }
      }),
    );
  });
});
