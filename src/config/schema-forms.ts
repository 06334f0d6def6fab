// The forms that values of the file have: texts with a reader, quantities with a unit, whole numbers, on or off, choices,
// paths, addresses, pins. schema.ts puts the keys together from them. Each says in one sentence what to write in its place.

import { z } from 'zod';
import { ENTRIES_MAX, type LimitRow } from './limits.ts';
import { parseAddress } from './socket-address.ts';
import { suggest } from './suggest.ts';
import { formatDuration, formatSize, parseDuration, parseSize } from './units.ts';
import { quote, ValueError } from './value-error.ts';

z.config({ jitless: true }); // a file is read once: code made for its forms would never pay

/** What the JSON Schema tells an editor about a value. */
export interface Words {
  readonly description?: string;
  readonly examples?: string[];
  readonly pattern?: string;
  readonly default?: unknown;
}

type Sentence = (issue: { readonly input?: unknown }) => string | undefined;

/** A text that `read` turns into what the house uses, or refuses with a ValueError; `wrongType` speaks for what is no text. */
export function text<T>(
  read: (written: string) => T,
  words: Words = {},
  wrongType: Sentence = () => undefined,
) {
  return z
    .string({ error: wrongType })
    .meta({ ...words })
    .transform((written, context) => {
      try {
        return read(written);
      } catch (error) {
        context.addIssue({ code: 'custom', message: sentenceOf(error) });
        return z.NEVER;
      }
    });
}

function sentenceOf(error: unknown): string {
  if (error instanceof ValueError) return error.message;
  throw error;
}

/** For `text`: the sentence for a key that must be there and is not. */
export const missing =
  (sentence: string): Sentence =>
  ({ input }) =>
    input === undefined ? sentence : undefined;

interface Unit {
  readonly parse: (written: string) => number;
  readonly format: (value: number) => string;
  readonly pattern: string;
}

const DURATION: Unit = { parse: parseDuration, format: formatDuration, pattern: '^[0-9]+(ms|s|m|h|d)$' };
const SIZE: Unit = { parse: parseSize, format: formatSize, pattern: '^[0-9]+(B|kB|KB|MB|GB|KiB|MiB|GiB)$' };

type Bounds = Pick<LimitRow, 'default' | 'min' | 'max' | 'what'>;

export const duration = (bounds: Bounds) => quantity(DURATION, bounds);
export const size = (bounds: Bounds) => quantity(SIZE, bounds);

/** A number with a unit, within bounds; a bare number is told which unit to carry. */
function quantity({ parse, format, pattern }: Unit, { default: standard, min, max, what }: Bounds) {
  const range = `${format(min)} to ${format(max)}`;
  const read = (written: string) => {
    const value = parse(written);
    if (value >= min && value <= max) return value;
    throw new ValueError(`${quote(written)} is out of bounds; write ${range} (default ${format(standard)})`);
  };
  const bareNumber: Sentence = ({ input }) => {
    if (typeof input !== 'number') return undefined;
    try {
      parse(String(input));
    } catch (error) {
      return sentenceOf(error);
    }
    return undefined;
  };
  return text(read, { description: `${what}; ${range}`, pattern, default: format(standard) }, bareNumber);
}

export function wholeNumber(min: number, max: number, words: Words) {
  const error: Sentence = ({ input }) =>
    input === undefined
      ? undefined
      : `${describeValue(input)} does not fit; write a whole number of ${min} to ${max}`;
  return z
    .int({ error })
    .min(min, { error })
    .max(max, { error })
    .meta({ ...words });
}

/** YAML 1.2 reads on and off as texts; true and false are taken too. `standard` is for the docs: whoever reads decides. */
export function onOrOff(description: string, standard: 'on' | 'off' = 'off') {
  return z
    .union([z.boolean(), z.enum(['on', 'off'])], {
      error: ({ input }) => `${describeValue(input)} does not fit; write on or off`,
    })
    .meta({ description, default: standard })
    .transform((written) => written === true || written === 'on')
    .optional();
}

export function choice<const T extends readonly [string, ...string[]]>(choices: T, words: Words) {
  return z
    .enum(choices, { error: ({ input }) => choiceSentence(input, choices) })
    .optional()
    .meta({ ...words });
}

/** "… is not one of …", with the one that was probably meant. */
export function choiceSentence(input: unknown, choices: readonly string[]): string {
  const near = typeof input === 'string' ? suggest(input, choices) : undefined;
  const wrong = typeof input === 'string' ? quote(input) : describeValue(input);
  return `${wrong} is not one of ${choices.join(', ')}${near ? `; did you mean ${near}?` : ''}`;
}

/** A path as written; parse.ts makes it absolute. */
export function filePath(what: string, wrongType?: Sentence) {
  return text(
    (written) => {
      if (written === '' || written.includes('\0')) throw new ValueError(`${quote(written)} is no path`);
      if (written.startsWith('~'))
        throw new ValueError(`${quote(written)}: ~ is not expanded here; write the whole path`);
      return written;
    },
    { description: `${what}; a relative path starts at the directory of this file` },
    wrongType,
  );
}

/** An address without a port. */
export const address = () =>
  text((written) => parseAddress(written).address, { examples: ['192.0.2.1', '2001:db8::1'] });

/** RFC 7858 section 4.2: SHA-256 of the SPKI, 32 octets in base64. */
const PIN = /^sha256\/[A-Za-z0-9+/]{43}=$/;

/** @throws ValueError */
export function parsePin(written: string): string {
  if (PIN.test(written)) return written;
  throw new ValueError(`${quote(written)} is not a pin; write sha256/ and 44 characters of base64`);
}

export const pins = () =>
  z
    .array(text(parsePin, { pattern: PIN.source }))
    .max(ENTRIES_MAX.pins)
    .optional()
    .describe('SPKI pins; where there are any, the certificate must match one of them as well');

/** What stands in the file, for "… does not fit". */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return `the text ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (value === undefined) return 'an empty entry';
  return Array.isArray(value) ? 'a list' : 'a mapping of keys';
}
