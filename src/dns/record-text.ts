// One resource record as people write it: "nas 300 A 192.168.1.20" (RFC 1035 section 5.1). The owner comes first, then
// TTL and class in either order or not at all, then type and RDATA. Directives, and an owner or a TTL that is taken from
// the entry before, are dns/master-file.ts.

import { typeName, typeNumber } from './codes.ts';
import { formatName, isAtOrBelow, lowerName, type NameKey, NameSyntaxError, parseName } from './names.ts';
import { parseSeconds } from './rdata-fields.ts';
import { isGenericMark, parseRdata } from './rdata-text.ts';
import { RDATA_SHAPES } from './rdata-types.ts';
import type { ResourceRecord } from './records.ts';
import { SAYS_ALL, TextSyntaxError, type Token, tokenize } from './tokens.ts';

/** Where no TTL is written: short, because a house changes its mind and asks over a wire of its own. */
export const DEFAULT_TTL_SECONDS = 300;
/** RFC 2181 section 8. */
export const MAX_TTL_SECONDS = 0x7fff_ffff;
/** How much of a record its error message repeats. */
const SHOWN_CHARACTERS = 80;
const EXAMPLE = 'nas 300 A 192.168.1.20';

/**
 * Text that is not a record. The message is one sentence: what is wrong and, where that says more, what a right record
 * looks like, in quotes of YAML.
 */
export class RecordSyntaxError extends Error {
  readonly code = 'record-syntax';
}

/**
 * A record of class IN; names without a dot at their end are relative to `origin`, and the owner must lie in it.
 * @throws RecordSyntaxError
 */
export function parseRecordText(text: string, origin: NameKey): ResourceRecord {
  let tokens: Token[];
  try {
    tokens = tokenize(text);
  } catch (error) {
    throw refusal(error, text, null);
  }
  const context = { text, origin, zone: origin, quoteExample: inQuotes };
  const { ttlSeconds = DEFAULT_TTL_SECONDS, ...rest } = recordOf(tokens, context);
  return { ...rest, ttlSeconds };
}

/** A record whose TTL may not be written. */
export interface WrittenRecord extends Omit<ResourceRecord, 'ttlSeconds'> {
  readonly ttlSeconds: number | undefined;
}

export interface RecordContext {
  /** For the message of an error. */
  readonly text: string;
  /** What relative names are relative to. */
  readonly origin: NameKey;
  /** Where the owner must lie. */
  readonly zone: NameKey;
  /** The owner in wire form, where none is written. */
  readonly owner?: string | undefined;
  /** How an example is written in an error, so that it can be put in the place of `text`. */
  readonly quoteExample: (example: string) => string;
}

/**
 * A record of class IN from its tokens.
 * @throws RecordSyntaxError
 */
export function recordOf(
  tokens: readonly Token[],
  { text, origin, zone, owner: given, quoteExample }: RecordContext,
): WrittenRecord {
  let example: string | null = EXAMPLE;
  try {
    if (tokens.length === 0) throw new TextSyntaxError('it is empty');
    const owner = given ?? parseName(tokens[0]!.text, origin);
    if (!isAtOrBelow(lowerName(owner), zone)) {
      const outside = `its name ${formatName(owner)} lies outside the zone ${formatName(zone)}`;
      throw new TextSyntaxError(`${outside}; write it under a zone that holds it`, SAYS_ALL);
    }
    const ownerTokens = given === undefined ? 1 : 0;
    const { ttlSeconds, type, length } = readHeader(tokens.slice(ownerTokens));
    const rdata = tokens.slice(ownerTokens + length);
    const shape = RDATA_SHAPES.get(type);
    const name = given === undefined && !tokens[0]!.quoted ? tokens[0]!.text : formatName(owner);
    example = shape && !isGenericMark(rdata[0]) ? `${name} 300 ${typeName(type)} ${shape.example}` : null;
    return { owner, type, ttlSeconds, rdata: parseRdata(type, rdata, origin) };
  } catch (error) {
    throw refusal(error, text, example && quoteExample(example));
  }
}

/** The sentence for a person; an error of another kind passes through. */
function refusal(error: unknown, text: string, example: string | null): unknown {
  if (!(error instanceof TextSyntaxError || error instanceof NameSyntaxError)) return error;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  const saysAll = error instanceof NameSyntaxError || error.saysAll;
  const advice = example === null || saysAll ? '' : `; write it like ${example}`;
  return new RecordSyntaxError(`${inQuotes(shown)} is not a record: ${error.message}${advice}`);
}

/** A scalar of YAML: in single quotes, which know no escapes, where there is something that double ones would change. */
function inQuotes(text: string): string {
  return /["\\]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
}

/** TTL, class and type, and how many tokens they take. */
function readHeader(tokens: readonly Token[]): Pick<WrittenRecord, 'ttlSeconds' | 'type'> & {
  readonly length: number;
} {
  let ttlSeconds: number | undefined;
  let hasClass = false;
  for (const [at, { text }] of tokens.entries()) {
    const seconds = parseSeconds(text);
    const type = typeNumber(text);
    if (seconds !== undefined && ttlSeconds === undefined) {
      if (seconds > MAX_TTL_SECONDS)
        throw new TextSyntaxError(
          `the TTL ${text} is over ${MAX_TTL_SECONDS} seconds; write fewer`,
          SAYS_ALL,
        );
      ttlSeconds = seconds;
    } else if (isClass(text) && !hasClass) {
      if (!/^(?:IN|CLASS1)$/i.test(text))
        throw new TextSyntaxError(
          `the class ${text} is not served here; write IN in its place, or nothing`,
          SAYS_ALL,
        );
      hasClass = true;
    } else if (type !== undefined && isQuestionOnly(type)) {
      throw new TextSyntaxError(
        `${text} is asked for but never stored; write the type of one record`,
        SAYS_ALL,
      );
    } else if (type !== undefined) {
      return { ttlSeconds, type, length: at + 1 };
    } else {
      throw new TextSyntaxError(`"${text}" stands where a TTL, the class IN or a record type belongs`);
    }
  }
  throw new TextSyntaxError('the record type is missing');
}

function isClass(text: string): boolean {
  return /^(?:IN|CH|CS|HS|NONE|CLASS\d+)$/i.test(text);
}

/** OPT, and the range of QTYPEs and meta types (RFC 6895 section 3.1). */
function isQuestionOnly(type: number): boolean {
  return type === 0 || type === 41 || (type >= 128 && type <= 255);
}
