// Splits the text of one record into tokens (RFC 1035 section 5.1): blanks, quotes, escapes, comments, parentheses.
// Escapes stay unread in a token, because a name and a character-string read them differently; octetsOf reads those
// of a character-string. Lines and directives of a whole master file are not known here.

export interface Token {
  /** Without its quotes, escapes unread. */
  readonly text: string;
  readonly quoted: boolean;
}

/** Text of a record that cannot be read; the message says which part and why. */
export class TextSyntaxError extends Error {
  readonly code = 'text-syntax';
  /** It is not the form of the record that is at fault, so a right record beside it would say nothing more. */
  readonly saysAll: boolean;

  constructor(message: string, { saysAll = false } = {}) {
    super(message);
    this.saysAll = saysAll;
  }
}

/** For errors of one value. */
export const SAYS_ALL = { saysAll: true } as const;

// One record may span lines, so a line's end and parentheses are blanks.
const BLANKS_AND_COMMENTS = /(?:[\s()]|;.*)*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const WORD = /(?:[^\s"();\\]|\\.)+/sy;

/**
 * The tokens of a record. `key="a b"` is one token with the text `key=a b` (RFC 9460 section 2.1).
 * @throws TextSyntaxError
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (take(BLANKS_AND_COMMENTS); at < text.length; take(BLANKS_AND_COMMENTS)) {
    const word = text[at] === '"' ? '' : take(WORD)?.[0];
    if (word === undefined) throw new TextSyntaxError('it ends in a lone backslash');
    const opensQuote = text[at] === '"' && (word === '' || word.endsWith('='));
    const quoted = opensQuote ? take(QUOTED) : null;
    if (opensQuote && !quoted) throw new TextSyntaxError('a quotation mark is not closed');
    tokens.push({ text: word + (quoted?.[1] ?? ''), quoted: quoted !== null });
  }
  return tokens;
}

/**
 * Octets of a character-string: escapes `\X` and `\DDD` read, anything beyond ASCII as UTF-8.
 * @throws TextSyntaxError
 */
export function octetsOf(text: string): Buffer {
  const latin1 = Buffer.from(text, 'utf8').toString('latin1');
  const read = latin1.replace(/\\(?:(\d{3})|(.))/gs, (written, digits?: string, character?: string) => {
    const octet = digits === undefined ? character!.charCodeAt(0) : Number(digits);
    // A digit after a backslash begins \DDD; fewer than three are a slip (RFC 1035 section 5.1).
    if (octet > 255 || (digits === undefined && /\d/.test(character!))) {
      throw new TextSyntaxError(`the escape ${written} is not \\000 to \\255`, SAYS_ALL);
    }
    return String.fromCharCode(octet);
  });
  return Buffer.from(read, 'latin1');
}

/** A character-string in quotes that octetsOf reads back. */
export function quote(octets: Uint8Array): string {
  const escaped = Buffer.from(octets)
    .toString('latin1')
    .replace(/["\\]/g, '\\$&')
    .replace(/[^ -~]/g, (octet) => `\\${octet.charCodeAt(0).toString().padStart(3, '0')}`);
  return `"${escaped}"`;
}
