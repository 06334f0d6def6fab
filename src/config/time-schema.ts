// What may be written under `time`: the sources, each with its url and what it is trusted for.
// A part of schema.ts, in a file of its own for its length; rules between the keys are in time-rules.ts.

import { z } from 'zod';
import type { TimeKeyType } from './config.ts';
import { ENTRIES_MAX } from './limits.ts';
import {
  address,
  choiceSentence,
  filePath,
  missing,
  onOrOff,
  pins,
  text,
  wholeNumber,
} from './schema-forms.ts';
import { parseTimeSourceUrl, timeSourceForm } from './time-url.ts';
import { printable, quote, ValueError } from './value-error.ts';

/** RFC 8573 (CMAC) and RFC 5905 section 7.3 (digests), by the names that chrony.conf(5) has for them. */
const KEY_TYPES = ['MD5', 'SHA1', 'SHA256', 'AES128', 'AES256'] as const satisfies readonly TimeKeyType[];

/** RFC 5905 section 7.3: 32 bits; 0 means "no key" in a crypto-NAK. */
const KEY_ID_MAX = 0xffff_ffff;

/** Longer than any name of one; it is a column of `noonmark time`. */
const OPERATOR_CHARACTERS_MAX = 63;

/** @throws ValueError */
function parseKeyType(written: string): TimeKeyType {
  const type = KEY_TYPES.find((known) => known === written.toUpperCase());
  if (type) return type;
  throw new ValueError(choiceSentence(written, KEY_TYPES));
}

/** In lower case, so that two spellings are one operator. */
function parseOperator(written: string): string {
  const name = written.trim().toLowerCase();
  if (name !== '' && name.length <= OPERATOR_CHARACTERS_MAX && printable(name) === name) return name;
  throw new ValueError(
    `${quote(written)} is no name for an operator; write 1 to ${OPERATOR_CHARACTERS_MAX} characters, such as torix`,
  );
}

/** People bring lines of chrony.conf along. */
const bareSource = ({ input }: { input?: unknown }) =>
  typeof input === 'string'
    ? `a time source is an entry with keys; write "- url: ${timeSourceForm(input)}"`
    : undefined;

const key = z
  .strictObject({
    id: wholeNumber(1, KEY_ID_MAX, { description: 'Number of the key in its file' }),
    type: text(parseKeyType, {
      description: `Digest or cipher, in any case: ${KEY_TYPES.join(', ')}`,
      examples: [...KEY_TYPES],
    }),
    file: filePath("Key file as chrony's keyfile has it"),
  })
  .optional()
  .describe('Symmetric key that authenticates an ntp source');

const source = z.strictObject(
  {
    url: text(
      parseTimeSourceUrl,
      {
        description:
          'ntp://HOST, or https://HOST/PATH for the Date header of its answers; HOST is a name or an address, with :PORT where it is not 123 or 443',
        examples: ['ntp://192.168.1.13', 'ntp://[2001:db8::1]:123', 'https://time.example/'],
      },
      missing('a time source needs a `url`, such as ntp://192.168.1.13'),
    ),
    addresses: z
      .array(address())
      .max(ENTRIES_MAX.addresses)
      .optional()
      .describe('Where to ask when the url has a name, so that nobody needs to look it up'),
    key,
    ca_file: filePath(
      'PEM file of the CA to trust for an https source, in place of the public roots',
    ).optional(),
    pins: pins(),
    operator: text(parseOperator, {
      description: 'Who runs it: sources of one operator have one vote together',
      examples: ['torix'],
    }).optional(),
    prefer: onOrOff('Its offset is used inside the agreed interval'),
    trusted: onOrOff('This one alone may decide, where no authenticated source contradicts it'),
  },
  { error: bareSource },
);

export const time = z
  .strictObject({
    sources: z
      .array(source)
      .max(ENTRIES_MAX.sources)
      .optional()
      .describe('The order is no preference; an empty list means none, an absent one the built-in sources'),
  })
  .optional()
  .describe('Where the time comes from');
