// What may be written under `hosts` and `leases`: files of this host in which other programs keep names.
// A part of schema.ts; rules between the entries are in name-files-rules.ts.

import { z } from 'zod';
import { type NameKey, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import { ENTRIES_MAX } from './limits.ts';
import { choiceSentence, filePath, missing, text } from './schema-forms.ts';
import { quote, ValueError } from './value-error.ts';

const LEASE_FORMATS = ['dnsmasq', 'kea', 'isc'] as const;

/** @throws ValueError */
function parseDomain(written: string): NameKey {
  let name = ROOT;
  try {
    name = nameKey(written);
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    const advice = error.message.includes('; write') ? '' : '; write a zone such as home.arpa';
    throw new ValueError(error.message + advice);
  }
  if (name === ROOT) throw new ValueError(`${quote(written)} is the root; write a zone such as home.arpa`);
  return name;
}

export const hosts = z
  .array(filePath('A hosts file'))
  .max(ENTRIES_MAX.nameFiles)
  .optional()
  .describe('Files such as /etc/hosts whose names are answered, read again when they change');

const lease = z
  .strictObject({
    file: filePath('The file', missing('leases need a `file`, such as /var/lib/misc/dnsmasq.leases')),
    format: z
      .enum(LEASE_FORMATS, {
        error: ({ input }) =>
          input === undefined
            ? `leases need a \`format\`; write ${LEASE_FORMATS.join(', ')}`
            : choiceSentence(input, LEASE_FORMATS),
      })
      .describe('Who writes it: dnsmasq, kea (memfile) or isc (dhcpd)'),
    domain: text(
      parseDomain,
      { description: 'The zone that its names are in', examples: ['home.arpa', 'lan'] },
      missing('leases need a `domain`, the zone that their names are in, such as home.arpa'),
    ),
  })
  .describe('A file in which a DHCP server writes who has which address');

export const leases = z
  .array(lease)
  .max(ENTRIES_MAX.nameFiles)
  .optional()
  .describe('Lease files of DHCP servers whose names are answered, read again when they change');
