// The property list: every kind of value comes back as it was, whatever is in its texts, and what XML cannot carry is
// refused and never written.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canBeXml, writePlist } from '../../../src/devices/plist.ts';
import { wholeText } from '../../support/arbitrary-texts.ts';
import { readPlist } from '../../support/plist.ts';

describe('writePlist', () => {
  it('writes each kind of value, nested', () => {
    const value = {
      text: 'plain',
      number: -7,
      yes: true,
      no: false,
      octets: Uint8Array.of(0, 1, 254, 255),
      list: ['a', ['b', {}], []],
      inner: { deeper: { deepest: 1 } },
    };
    expect(readPlist(writePlist({ ...value, list: ['a', ['b'], []] }))).toEqual({
      ...value,
      octets: Buffer.from([0, 1, 254, 255]),
      list: ['a', ['b'], []],
    });
    expect(writePlist({ empty: {} })).toContain('<dict/>');
  });

  it.each([
    `<&">'`,
    '</string><key>Evil</key><string>',
    ']]>',
    '&amp;',
    'Küche 📶 «5 GHz»',
    ' spaces at both ends ',
    'tab\tand\nline and\rreturn',
  ])('carries %j, in a value and in a key', (text) => {
    const read = readPlist(writePlist({ [text]: text, list: [text] }));
    expect(read).toEqual({ [text]: text, list: [text] });
  });

  it('carries every text that XML can', () => {
    const text = wholeText().filter(canBeXml);
    fc.assert(
      fc.property(text, (one) => {
        expect(readPlist(writePlist({ one }))).toEqual({ one });
      }),
    );
  });

  it.each(['\0', 'bell \u0007', 'escape \u001b[31m', '\ufffe', '\ud800'])('refuses %j', (text) => {
    expect(canBeXml(text)).toBe(false);
    expect(() => writePlist({ text })).toThrow(RangeError);
    expect(() => writePlist({ [text]: 1 })).toThrow(RangeError);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the number %d', (number) => {
    expect(() => writePlist({ number })).toThrow(RangeError);
  });
});
