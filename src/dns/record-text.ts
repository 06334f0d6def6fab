// One resource record as people write it in the config: "nas 300 A 192.168.1.20" (RFC 1035 section 5.1). The owner
// comes first, then TTL and class in either order or not at all, then type and RDATA. Not a master file: no directives,
// no owner taken from the line before.

import { typeName, typeNumber } from './codes.ts';
import { formatName, isAtOrBelow, lowerName, type NameKey, NameSyntaxError, parseName } from './names.ts';
import { parseSeconds } from './rdata-fields.ts';
import { parseRdata } from './rdata-text.ts';
import { RDATA_SHAPES } from './rdata-types.ts';
import type { ResourceRecord } from './records.ts';
import { TextSyntaxError, type Token, tokenize } from './tokens.ts';

/** Where no TTL is written: short, because a house changes its mind and asks over a wire of its own. */
const DEFAULT_TTL_SECONDS = 300;
/** RFC 2181 section 8. */
const MAX_TTL_SECONDS = 0x7fff_ffff;
/** How much of a record its error message repeats. */
const SHOWN_CHARACTERS = 80;
const EXAMPLE = 'nas 300 A 192.168.1.20';

/** Text that is not a record. The message is one sentence: what is wrong and what a right record looks like. */
export class RecordSyntaxError extends Error {
  readonly code = 'record-syntax';
}

/**
 * A record of class IN; names without a dot at their end are relative to `origin`, and the owner must lie in it.
 * @throws RecordSyntaxError
 */
export function parseRecordText(text: string, origin: NameKey): ResourceRecord {
  let example = EXAMPLE;
  try {
    const tokens = tokenize(text);
    if (tokens.length === 0) throw new TextSyntaxError('it is empty');
    const owner = parseName(tokens[0]!.text, origin);
    if (!isAtOrBelow(lowerName(owner), origin)) {
      throw new TextSyntaxError(`its name ${formatName(owner)} lies outside the zone ${formatName(origin)}`);
    }
    const { ttlSeconds, type, length } = readHeader(tokens.slice(1));
    const shape = RDATA_SHAPES.get(type);
    if (shape) example = `${tokens[0]!.text} 300 ${typeName(type)} ${shape.example}`;
    return { owner, type, ttlSeconds, rdata: parseRdata(type, tokens.slice(1 + length), origin) };
  } catch (error) {
    if (!(error instanceof TextSyntaxError || error instanceof NameSyntaxError)) throw error;
    const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
    throw new RecordSyntaxError(`"${shown}" is not a record: ${error.message}; write it like "${example}"`);
  }
}

/** TTL, class and type, and how many tokens they take. */
function readHeader(tokens: readonly Token[]): { ttlSeconds: number; type: number; length: number } {
  let ttlSeconds: number | undefined;
  let hasClass = false;
  for (const [at, { text }] of tokens.entries()) {
    const seconds = parseSeconds(text);
    const type = typeNumber(text);
    if (seconds !== undefined && ttlSeconds === undefined) {
      if (seconds > MAX_TTL_SECONDS)
        throw new TextSyntaxError(`the TTL ${text} is over ${MAX_TTL_SECONDS} seconds`);
      ttlSeconds = seconds;
    } else if (isClass(text) && !hasClass) {
      if (!/^(?:IN|CLASS1)$/i.test(text))
        throw new TextSyntaxError(`the class ${text} is not served here, only IN is`);
      hasClass = true;
    } else if (type !== undefined && isQuestionOnly(type)) {
      throw new TextSyntaxError(`${text} is asked for but never stored`);
    } else if (type !== undefined) {
      return { ttlSeconds: ttlSeconds ?? DEFAULT_TTL_SECONDS, type, length: at + 1 };
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
