// What may be written under `rebinding`, and what the house takes from it. A part of schema.ts.
// What is stripped, and which names are always allowed, is resolver/rebinding.ts.

import { z } from 'zod';
import { type NameKey, NameSyntaxError, nameKey, ROOT } from '../dns/names.ts';
import type { Config } from './config.ts';
import { ENTRIES_MAX } from './limits.ts';
import { onOrOff, text } from './schema-forms.ts';
import { isAddressText } from './socket-address.ts';
import { quote, ValueError } from './value-error.ts';

/** @throws ValueError */
function parseAllowed(written: string): NameKey {
  if (isAddressText(written)) {
    throw new ValueError(
      `${quote(written)} is an address, and only names can be allowed here; write the name that may lead to it, such as nas.example.com`,
    );
  }
  if (written.startsWith('*.')) {
    throw new ValueError(`names below count without a star; write ${written.slice(2)}`);
  }
  try {
    const name = nameKey(written);
    if (name !== ROOT) return name;
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    throw new ValueError(
      error.message.includes('; write')
        ? error.message
        : `${error.message}; write a name such as plex.direct`,
    );
  }
  throw new ValueError(`${quote(written)} is every name; write \`protect: off\` for that`);
}

export const rebinding = z
  .strictObject({
    protect: onOrOff('Strip private addresses from names of the world'),
    allow: z
      .array(text(parseAllowed, { examples: ['nas.example.com'] }))
      .max(ENTRIES_MAX.rebinding)
      .optional()
      .describe('Names that may have private addresses all the same, with all names below them'),
  })
  .optional()
  .describe('Protection against DNS rebinding');

export function readRebinding(written: z.output<typeof rebinding>): Config['rebinding'] {
  return { protect: written?.protect ?? false, allow: [...new Set(written?.allow)] };
}
