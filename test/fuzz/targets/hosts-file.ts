// hosts(5) (src/resolver/local/hosts-file.ts): what is written is read back, and any text gives items whose addresses,
// names and lines are real ones.

import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { formatWithoutDot, nameOctets } from '../../../src/dns/names.ts';
import { plainNameEnd } from '../../../src/dns/wire.ts';
import { hostsItems } from '../../../src/resolver/local/hosts-file.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';

export interface HostsTexts {
  readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
  readonly text: string;
}

const hostLabel = fc.stringMatching(/^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9_])?$/);
export const hostText = fc.array(hostLabel, { minLength: 1, maxLength: 4 }).map((some) => some.join('.'));
/** Of no range that is left out. */
const address = fc.oneof(
  fc
    .ipV4()
    .filter(
      (text) => !['loopback', 'linkLocal', 'multicast', 'broadcast'].includes(ipaddr.parse(text).range()),
    ),
  fc.ipV6().filter((text) => !['loopback', 'linkLocal', 'multicast'].includes(ipaddr.parse(text).range())),
);
const pieces = fc.constantFrom(
  ...[
    '10.0.0.1',
    '::1',
    'fe80::1%eth0',
    '0.0.0.0',
    '300.1.1.1',
    '::ffff:1.2.3.4',
    'a',
    'a.example',
    'ip6-loopback',
    '-',
    '#',
  ],
  ...[' ', '\t', '\n', '\r\n', '\r', '\0', '\u00a0', 'ü', 'x'.repeat(300), 'y'.repeat(5000)],
);

export const hostsFile: FuzzTarget<HostsTexts> = {
  name: 'hosts-file',
  oracle: 'reading back what is written, ipaddr.js, and a line for what is unread',
  runs: 1500,
  input: fc.record({
    hosts: fc.array(
      fc.record({
        address,
        names: fc.array(
          hostText.filter((text) => !/^ip6-/i.test(text)),
          { minLength: 1, maxLength: 3 },
        ),
      }),
      { maxLength: 6 },
    ),
    text: fc.oneof(
      fc.array(pieces, { maxLength: 30 }).map((some) => some.join('')),
      anyText,
    ),
  }),
  holds({ hosts, text }) {
    const lines = hosts.map(({ address, names }) => `${address}\t${names.join('  ')} # ${names[0]}\n`);
    mustEqual([...hostsItems(`# hosts\n${lines.join('')}`)].flatMap(shown), hosts.map(wanted), 'hosts');
    const count = text.split('\n').length;
    for (const item of hostsItems(text)) {
      if (item.kind === 'unread')
        must(item.line >= 1 && item.line <= count, 'an unread line is one of the file');
      if (item.kind !== 'host') continue;
      must(
        [4, 16].includes(item.address.length) && item.names.length > 0,
        'a host has an address and a name',
      );
      for (const name of item.names)
        mustEqual(plainNameEnd(nameOctets(name), 0), name.length, 'the end of a name');
    }
  },
};

function shown(item: ReturnType<typeof hostsItems> extends Iterable<infer Item> ? Item : never): string[] {
  if (item.kind === 'nothing') return [];
  if (item.kind === 'unread') return [`unread ${item.line}`];
  return [`${Buffer.from(item.address).toString('hex')} ${item.names.map(formatWithoutDot).join(' ')}`];
}

function wanted({ address, names }: HostsTexts['hosts'][number]): string {
  return `${Buffer.from(ipaddr.parse(address).toByteArray()).toString('hex')} ${names.join(' ')}`;
}
