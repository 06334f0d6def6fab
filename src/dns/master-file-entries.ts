// The text of a master file as entries (RFC 1035 section 5.1): an entry ends with its line, unless a parenthesis is open.
// What an entry means, a record or a directive, is dns/master-file.ts. One that cannot be read is told with its line, and
// reading goes on with the next line.

import type { Token } from './tokens.ts';

export interface Entry {
  /** The line that it begins on, from 1. */
  readonly line: number;
  readonly tokens: readonly Token[];
  /** It begins with a blank: its owner is that of the entry before. */
  readonly isIndented: boolean;
}

/** `problem`: why it cannot be read, as the end of a sentence. */
export interface BadEntry {
  readonly line: number;
  readonly problem: string;
}

const BLANKS_AND_COMMENT = /[^\S\n]*(?:;[^\n]*)?/y;
// Quotation marks close on their own line: one that is forgotten would swallow the rest of the file. RDATA has at most
// 65,535 octets, of four characters each where they are escaped; endless repetition would exhaust the stack.
const QUOTED = /"((?:[^"\\\n]|\\[^\n]){0,262140})"/y;
const WORD = /(?:[^\s"();\\]|\\[^\n]){1,262140}/y;
const LINE = /[^\n]*\n?/y;

/** Reads lazily, so that whoever has seen enough may stop. */
export function* entriesOf(text: string): Generator<Entry | BadEntry> {
  let at = 0;
  let line = 1;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const takeToken = (): Token | null => {
    const word = text[at] === '"' ? '' : take(WORD)?.[0];
    if (word === undefined) return null;
    if (text[at] !== '"' || !(word === '' || word.endsWith('='))) return { text: word, quoted: false };
    const quoted = take(QUOTED);
    return quoted && { text: word + quoted[1]!, quoted: true };
  };
  while (at < text.length) {
    const first = line;
    const isIndented = text[at] === ' ' || text[at] === '\t';
    const tokens: Token[] = [];
    let problem = '';
    /** Lines of the parentheses that are open. */
    const open: number[] = [];
    while (problem === '') {
      take(BLANKS_AND_COMMENT);
      if (at >= text.length) break;
      if (text[at] === '\n') {
        at += 1;
        line += 1;
        if (open.length === 0) break;
      } else if (text[at] === '(') {
        at += 1;
        open.push(line);
      } else if (text[at] === ')') {
        at += 1;
        if (open.pop() === undefined) problem = 'a parenthesis is closed that was not opened';
      } else {
        const token = takeToken();
        if (token) tokens.push(token);
        else if (text[at] === '"')
          problem = 'a quotation mark is not closed on its line, or the text in it is longer than a record';
        else problem = 'a backslash stands at the end of the line';
      }
    }
    if (problem !== '') {
      yield { line, problem };
      take(LINE);
      line += 1;
    } else if (open.length > 0) {
      yield { line: open[0]!, problem: 'a parenthesis is not closed' };
    } else if (tokens.length > 0) {
      yield { line: first, tokens, isIndented };
    }
  }
}
