// One line of a list to the rule that it means, in the three syntaxes that lists come in: hosts files, plain names, and
// adblock rules as far as they speak of whole names. Pure; docs/filtering.md has the table.
// A line that says anything else, or more than can be kept, is unread and counted: read in part it would block more, or
// less, than its author meant.

import { domainToASCII } from 'node:url';

/** What a rule does with a name: bits, of which a name on a list has several. Pairs of self and below, by precedence. */
export const MARK = {
  BLOCK: 0b11,
  ALLOW: 0b1100,
  BLOCK_IMPORTANT: 0b11_0000,
  ALLOW_IMPORTANT: 0b1100_0000,
  /** In each pair: the name itself, and all names below it. */
  SELF: 0b0101_0101,
  BELOW: 0b1010_1010,
} as const;

export type Line =
  /** Nothing to read: a comment, a heading, an empty line. */
  null | 'unread' | { readonly names: readonly string[]; readonly marks: number };

/** RFC 1035 section 2.3.4, as text without the dot at its end. Longer text is not even brought into IDNA form. */
const NAME_CHARACTERS_MAX = 253;
/** Underscores stand in names of the world, and hyphens anywhere; nothing else does that a list could mean. */
const NAME = /^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;
const COMMENT = /^(?:[#!;]|$|\[[^\]]*\]$)/;
const BLANK = /\s/;
/** Whatever such a line names is not to be reached. Any other address would send its names to somebody. */
const NOWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '127.0.0.1', '::', '::1']);
/** First in a line, these make it one of a hosts file. */
const ADDRESS = /^(?:[0-9.]+|[0-9a-f]*:[0-9a-f:.]*(?:%\w+)?)$/i;
/** `@@`, one or two bars, the name, its end, modifiers. */
const ADBLOCK = /^(@@)?(\|\|?)([^|^$/*]+)\^(?:\$([^$]*))?$/;
/** Names that a hosts file has of its own machine. */
const OWN_NAMES: ReadonlySet<string> = new Set(['localhost.localdomain']);

/** @param text one line without its end */
export function readRule(text: string): Line {
  const trimmed = text.trim();
  if (COMMENT.test(trimmed)) return null;
  const line = withoutComment(trimmed);
  if (line.startsWith('|') || line.startsWith('@@')) return adblockRule(line);
  const space = line.search(BLANK);
  if (space < 0) return plainRule(line);
  const address = line.slice(0, space);
  return ADDRESS.test(address) ? hostsRule(address, line.slice(space).trim().split(/\s+/)) : 'unread';
}

/**
 * A comment behind a rule needs a blank before it: `example.com##.ad` hides a part of a page and is no name.
 * Found by its `#`: a pattern that begins with blanks takes quadratic time over a line that is full of them.
 */
function withoutComment(line: string): string {
  for (let at = line.indexOf('#'); at >= 0; at = line.indexOf('#', at + 1)) {
    if (BLANK.test(line.charAt(at - 1))) return line.slice(0, at).trimEnd();
  }
  return line;
}

function adblockRule(line: string): Line {
  const [, exception, bars, written, modifiers] = ADBLOCK.exec(line) ?? [];
  if (written === undefined || (modifiers !== undefined && modifiers !== 'important')) return 'unread';
  const name = nameOf(written);
  if (name === null) return 'unread';
  const isImportant = modifiers !== undefined;
  const pair = exception
    ? isImportant
      ? MARK.ALLOW_IMPORTANT
      : MARK.ALLOW
    : isImportant
      ? MARK.BLOCK_IMPORTANT
      : MARK.BLOCK;
  return { names: [name], marks: bars === '||' ? pair : pair & MARK.SELF };
}

/** Names without a dot are the machine's own, as are addresses that stand among them. */
function hostsRule(address: string, others: readonly string[]): Line {
  const written = others.filter((text) => text.includes('.') && !ADDRESS.test(text) && !OWN_NAMES.has(text));
  if (written.length === 0) return null;
  if (!NOWHERE.has(address)) return 'unread';
  const names: string[] = [];
  for (const text of written) {
    const name = nameOf(text);
    if (name === null) return 'unread';
    names.push(name);
  }
  return { names, marks: MARK.BLOCK & MARK.SELF };
}

/** A word alone is no name: it would be a top-level domain, and is rather the text of an error page. */
function plainRule(written: string): Line {
  const isWildcard = written.startsWith('*.');
  const name = nameOf(isWildcard ? written.slice(2) : written);
  if (name === null || !name.includes('.')) return 'unread';
  return { names: [name], marks: MARK.BLOCK & (isWildcard ? MARK.BELOW : MARK.SELF) };
}

/** In lower case and IDNA form, without a dot at its end; null for what is no name, or an address. */
function nameOf(written: string): string | null {
  if (written.length > NAME_CHARACTERS_MAX + 1) return null;
  const ascii = /^[\0-\x7f]*$/.test(written) ? written.toLowerCase() : domainToASCII(written);
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (name.length > NAME_CHARACTERS_MAX || !NAME.test(name)) return null;
  return /(?:^|\.)\d+$/.test(name) ? null : name; // no top-level domain is a number (RFC 3696 section 2)
}

/** The marks as a rule for a person, in the shortest syntax that says it. */
export function ruleText(name: string, marks: number): string {
  const isWhole = (marks & MARK.SELF) !== 0 && (marks & MARK.BELOW) !== 0;
  const isException = (marks & (MARK.ALLOW | MARK.ALLOW_IMPORTANT)) !== 0;
  const isImportant = (marks & (MARK.BLOCK_IMPORTANT | MARK.ALLOW_IMPORTANT)) !== 0;
  const isPlain = !isWhole && !isException && !isImportant;
  if (isPlain) return (marks & MARK.SELF) !== 0 ? name : `*.${name}`;
  return `${isException ? '@@' : ''}${isWhole ? '||' : '|'}${name}^${isImportant ? '$important' : ''}`;
}
