// Lease files of dnsmasq, Kea and ISC dhcpd (src/resolver/local/*-leases.ts): what is written in each form is read
// back, and any text gives one item a line at least, with lines of the file and instants that are numbers.

import fc from 'fast-check';
import { dnsmasqLeases } from '../../../src/resolver/local/dnsmasq-leases.ts';
import { iscLeases } from '../../../src/resolver/local/isc-leases.ts';
import { keaLeases } from '../../../src/resolver/local/kea-leases.ts';
import type { LeaseItem } from '../../../src/resolver/local/lease.ts';
import { linesOf } from '../../../src/resolver/local/lines.ts';
import { anyText } from '../../support/arbitrary-texts.ts';
import { type FuzzTarget, must, mustEqual } from '../target.ts';
import { hostText } from './hosts-file.ts';

export interface LeaseTexts {
  readonly leases: readonly WrittenLease[];
  readonly text: string;
}

interface WrittenLease {
  readonly address: string;
  readonly host: string;
  readonly expiresSeconds: number;
}

/** From 2001, before which dnsmasq's numbers are no dates, to 2100. */
const expiresSeconds = fc.integer({ min: 978_307_200, max: 4_102_444_800 });
const LIFETIME_SECONDS = 3600;
const KEA_COLUMNS =
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state';
const READERS = { dnsmasq: dnsmasqLeases, kea: keaLeases, isc: iscLeases };
const pieces = fc.constantFrom(
  ...[
    '1700000000',
    '0',
    '4294967295',
    '99999999999999',
    '10.0.0.5',
    'fd00::5',
    'nas',
    '*',
    'duid',
    ',',
    ' ',
    '\n',
    '\r\n',
  ],
  ...[
    'lease 10.0.0.5 {',
    'iaaddr fd00::5 {',
    'ia-na "x" {',
    '}',
    ';',
    'ends 3 2026/11/18 10:00:00;',
    'ends never;',
    'ends epoch 5;',
  ],
  ...[
    'client-hostname "nas";',
    'binding state free;',
    'set ddns-fwd-name = "a";',
    'abandoned;',
    '"',
    '\\',
    '#',
    '{',
    `${KEA_COLUMNS}\n`,
  ],
  ...[
    '10.0.0.5,,,3600,1700000000,1,0,0,nas,0\n',
    'address,hostname\n',
    'x'.repeat(5000),
    '\0',
    'ends 3 9999/99/99 99:99:99;',
  ],
);

export const leaseFiles: FuzzTarget<LeaseTexts> = {
  name: 'lease-files',
  oracle: 'reading back what is written, and a line for what is unread',
  runs: 2500,
  input: fc.record({
    leases: fc.array(fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), host: hostText, expiresSeconds }), {
      maxLength: 6,
    }),
    text: fc.oneof(
      fc.array(pieces, { maxLength: 40 }).map((some) => some.join('')),
      anyText,
    ),
  }),
  holds({ leases, text }) {
    for (const [format, read] of Object.entries(READERS)) {
      const written = WRITERS[format as keyof typeof WRITERS](leases);
      mustEqual([...read(written)].flatMap(shown), leases.map(wanted), `leases of ${format}`);
      mustHaveLines([...read(text)], text);
    }
  },
};

const WRITERS: Readonly<Record<keyof typeof READERS, (leases: readonly WrittenLease[]) => string>> = {
  dnsmasq: (leases) =>
    leases
      .map(({ address, host, expiresSeconds }) => `${expiresSeconds} 00:11 ${address} ${host} *\n`)
      .join(''),
  kea: (leases) =>
    `${KEA_COLUMNS}\n${leases.map(({ address, host, expiresSeconds }) => `${address},00:11,,${LIFETIME_SECONDS},${expiresSeconds},1,0,0,${host},0\n`).join('')}`,
  isc: (leases) =>
    leases
      .map(({ address, host, expiresSeconds }) => {
        const date = new Date(expiresSeconds * 1000)
          .toISOString()
          .replace(/-/g, '/')
          .replace('T', ' ')
          .slice(0, 19);
        return `lease ${address} {\n  ends 3 ${date};\n  client-hostname "${host}";\n}\n`;
      })
      .join('# between\n'),
};

function mustHaveLines(items: readonly LeaseItem[], text: string): void {
  const count = [...linesOf(text)].length;
  must(items.length >= Math.min(count, 1), 'reading gives way');
  for (const item of items) {
    if (item.kind === 'unread')
      must(item.line >= 1 && item.line <= count, 'an unread line is one of the file');
    if (item.kind !== 'lease') continue;
    const { expiresMs, sinceMs, address, host } = item.lease;
    must(!Number.isNaN(expiresMs) && !Number.isNaN(sinceMs), 'instants are numbers');
    must(typeof address === 'string' && typeof host === 'string', 'address and host are texts');
  }
}

function shown(item: LeaseItem): string[] {
  if (item.kind === 'nothing') return [];
  return item.kind === 'lease'
    ? [wanted({ ...item.lease, expiresSeconds: item.lease.expiresMs / 1000 })]
    : [item.kind];
}

function wanted({ address, host, expiresSeconds }: WrittenLease): string {
  return `${address} ${host} ${expiresSeconds}`;
}
