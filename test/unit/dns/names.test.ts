// Names between text, wire form and key (RFC 1035 sections 3.1 and 5.1, RFC 4343).

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatName,
  isAtOrBelow,
  labelsOf,
  lowerName,
  NameSyntaxError,
  nameKey,
  parentOf,
  parseName,
  ROOT,
  reverseNameKey,
} from '../../../src/dns/names.ts';

const HOME = nameKey('home.arpa.');

describe('a name as text', () => {
  const wires: [text: string, wire: string][] = [
    ['.', '\0'],
    ['@', '\x04home\x04arpa\0'],
    ['nas', '\x03nas\x04home\x04arpa\0'],
    ['NAS.', '\x03NAS\0'],
    ['*.lab', '\x01*\x03lab\x04home\x04arpa\0'],
    ['a\\.b.', '\x03a.b\0'],
    ['a\\046b.', '\x03a.b\0'],
    ['\\000\\255.', '\x02\x00\xff\0'],
    ['\\@.', '\x01@\0'],
    ['@.', '\x01@\0'],
    ['_ssh._tcp', '\x04_ssh\x04_tcp\x04home\x04arpa\0'],
    [`${'a'.repeat(63)}.`, `\x3f${'a'.repeat(63)}\0`],
  ];
  it.each(wires)('%j is these octets', (text, wire) => {
    expect(parseName(text, HOME)).toBe(wire);
  });

  const refused: [text: string, why: string][] = [
    ['', 'the name is empty'],
    ['a..b', '"a..b" has an empty label'],
    ['.a', '".a" has an empty label'],
    [`${'a'.repeat(64)}.`, 'has a label of over 63 octets'],
    [`${'a.'.repeat(128)}`, 'is over 255 octets long'],
    ['küche', 'holds the non-ASCII character "ü"; write its IDNA form, "xn--kche-0ra"'],
    ['*.KÜCHE.lab.', 'write its IDNA form, "*.xn--kche-0ra.lab."'],
    ['a/ü', 'write its IDNA form (xn--…)'],
    ['a\\.ü', 'write its IDNA form (xn--…)'],
    ['\ufffd', 'write its IDNA form (xn--…)'],
    [
      `${'ü'.repeat(81)}`,
      `"${'ü'.repeat(80)}…" holds the non-ASCII character "ü"; write its IDNA form (xn--…)`,
    ],
    [`${'a'.repeat(16_000)}`, `"${'a'.repeat(80)}…" has a label of over 63 octets`],
    ['a😀', 'holds the non-ASCII character "😀"'],
    ['a\\€', 'holds the non-ASCII character "€"'],
    ['a\\256', 'has the escape \\256, which is not \\000 to \\255'],
    ['a\\12', 'has the escape \\12, which is not \\000 to \\255'],
    ['a\\', 'ends in a lone backslash'],
  ];
  it.each(refused)('%j is refused', (text, why) => {
    expect(() => parseName(text)).toThrow(NameSyntaxError);
    expect(() => parseName(text)).toThrow(why);
  });

  it('takes 255 octets and not one more', () => {
    const label = `${'a'.repeat(63)}.`;
    expect(parseName(`${label.repeat(3)}${'b'.repeat(61)}.`)).toHaveLength(255);
    expect(() => parseName(`${label.repeat(3)}${'b'.repeat(62)}.`)).toThrow('over 255');
  });

  it('is printed with whatever would end or change it escaped', () => {
    expect(formatName('\x03a.b\x02c \x04(";)\x03\x00\x7f\xff\0')).toBe(
      'a\\.b.c\\032.\\(\\"\\;\\).\\000\\127\\255.',
    );
    expect(formatName(ROOT)).toBe('.');
  });

  it('is read back from what was printed, for any octets', () => {
    const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
    fc.assert(
      fc.property(fc.array(label, { maxLength: 3 }), (labels) => {
        const octets = labels.map((part) => Buffer.from(part).toString('latin1'));
        const wire = `${octets.map((part) => String.fromCharCode(part.length) + part).join('')}\0`;
        expect(parseName(formatName(wire))).toBe(wire);
        expect(labelsOf(wire)).toEqual(octets);
      }),
    );
  });
});

describe('a name as a key', () => {
  it('is the same for every spelling, and octets above 127 have no case', () => {
    expect(nameKey('NaS.Home.ARPA.')).toBe(nameKey('nas', HOME));
    expect(lowerName('\x02\xc4Z\0')).toBe('\x02\xc4z\0');
  });

  it('has the name above it as its parent, and the root has itself', () => {
    expect(parentOf(nameKey('nas.home.arpa.'))).toBe(HOME);
    expect(parentOf(nameKey('arpa.'))).toBe(ROOT);
    expect(parentOf(ROOT)).toBe(ROOT);
  });

  it('lies below another only at the edge of a label', () => {
    expect(isAtOrBelow(nameKey('nas.home.arpa.'), HOME)).toBe(true);
    expect(isAtOrBelow(HOME, HOME)).toBe(true);
    expect(isAtOrBelow(HOME, ROOT)).toBe(true);
    expect(isAtOrBelow(nameKey('xhome.arpa.'), HOME)).toBe(false);
    expect(isAtOrBelow(nameKey('arpa.'), HOME)).toBe(false);
    // The octets of home.arpa are here too, but within one label.
    expect(isAtOrBelow('\x0ax\x04home\x04arpa\0', HOME)).toBe(false);
  });
});

describe('the reverse name of an address', () => {
  it('is its four octets, or its 32 nibbles, from the last to the first', () => {
    expect(formatName(reverseNameKey(Uint8Array.of(192, 168, 1, 20)))).toBe('20.1.168.192.in-addr.arpa.');
    const address = Uint8Array.from(Buffer.from('20010db8000000000000000000000abc', 'hex'));
    expect(formatName(reverseNameKey(address))).toBe(
      'c.b.a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.',
    );
  });
});
