// What may be written under `forward`: zones, each with the resolvers on the LAN that answer for it.
// A part of schema.ts; rules between the entries are in forward-rules.ts.

import { z } from 'zod';
import { ENTRIES_MAX } from './limits.ts';
import { text } from './schema-forms.ts';
import { parseSocketAddress } from './socket-address.ts';

const DNS_PORT = 53;

export const forward = z
  .record(
    z.string(),
    z
      .array(
        text((written) => parseSocketAddress(written, DNS_PORT), {
          examples: ['192.168.1.1', '[fd00::1]:53'],
        }),
      )
      .max(ENTRIES_MAX.addresses)
      .optional(),
  )
  .optional()
  .describe('Zones that a resolver on the LAN answers, over plain DNS to private addresses only');
