// Domain names between text, octets and keys (src/dns/names.ts, resolver/local/host-name.ts).

import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import {
  formatName,
  isAtOrBelow,
  labelsOf,
  lowerName,
  NameSyntaxError,
  nameKey,
  nameOctets,
  parentOf,
  parseName,
  ROOT,
  reverseNameKey,
} from '../../../src/dns/names.ts';
import { plainNameEnd } from '../../../src/dns/wire.ts';
import { hostName, leasedName } from '../../../src/resolver/local/host-name.ts';
import { plainName } from '../../support/arbitrary-messages.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface Names {
  readonly text: string;
  readonly wire: string;
  readonly other: string;
  readonly address: string;
}

const HOUSE = nameKey('home.arpa.');
/** Text that is nearly a name: labels, dots, escapes, and what is none. */
const nameText = fc
  .array(
    fc.constantFrom(
      'a',
      'Z',
      '0',
      '-',
      '_',
      '.',
      '..',
      '\\.',
      '\\065',
      '\\256',
      '\\',
      '@',
      '*',
      'ü',
      ' ',
      'wpad',
      'home.arpa',
      'x'.repeat(63),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
/** About as long as a name may be. */
const longText = fc
  .array(fc.integer({ min: 55, max: 64 }), { minLength: 3, maxLength: 5 })
  .map((lengths) => lengths.map((length) => 'x'.repeat(length)).join('.'));
const wire = plainName.map((octets) => octets.toString('latin1'));

export const names: FuzzTarget<Names> = {
  name: 'names',
  oracle: 'reading back what is written, labels compared one by one, and ipaddr.js',
  runs: 3000,
  input: fc.record({
    text: fc.oneof(longText, nameText, anyText),
    wire,
    other: wire,
    address: fc.oneof(fc.ipV4(), fc.ipV6()),
  }),
  holds({ text, wire, other, address }) {
    mustBeName(unlessRefused(() => parseName(text), NameSyntaxError));
    mustBeName(unlessRefused(() => parseName(text, HOUSE), NameSyntaxError));
    mustEqual(parseName(formatName(wire)), wire, 'a name read back');
    const key = lowerName(wire);
    mustEqual(nameKey(formatName(key)), key, 'a key read back');
    const below = other.slice(0, -1) + key;
    mustEqual(isAtOrBelow(key, lowerName(other)), endsIn(key, lowerName(other)), 'at or below');
    must(isAtOrBelow(lowerName(below), key) && isAtOrBelow(key, ROOT), 'labels before a name lead below it');
    mustEqual(labelsOf(parentOf(key)), labelsOf(key).slice(1), 'the parent');
    const parsed = ipaddr.parse(address);
    const reverse = formatName(reverseNameKey(Uint8Array.from(parsed.toByteArray())));
    mustEqual(reverse, reverseText(parsed), 'the reverse name');
    mustBeName(hostName(text));
    const leased = leasedName(text, HOUSE);
    mustBeName(leased);
    must(
      leased === null || isAtOrBelow(lowerName(parentOf(leased)), HOUSE),
      'a client is named within the domain',
    );
  },
};

function mustBeName(wire: string | null): void {
  if (wire === null) return;
  mustEqual(plainNameEnd(nameOctets(wire), 0), wire.length, 'the end of a name');
  mustEqual(parseName(formatName(wire)), wire, 'a name read back');
}

function endsIn(key: string, ancestor: string): boolean {
  const [labels, last] = [labelsOf(key), labelsOf(ancestor)];
  return last.length <= labels.length && last.every((label, at) => labels.at(at - last.length) === label);
}

function reverseText(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv4)
    return `${address.toString().split('.').reverse().join('.')}.in-addr.arpa.`;
  const digits = address
    .toByteArray()
    .map((octet) => octet.toString(16).padStart(2, '0'))
    .join('');
  return `${[...digits].reverse().join('.')}.ip6.arpa.`;
}
