// Syntax errors of YAML in words for someone who edits the file: the line where the mistake is made, and what to write.
// The usual mistakes of this very format come first: addresses in brackets and records that begin with * or @.

import { type Document, isCollection, isScalar, type LineCounter, visit, type YAMLError } from 'yaml';
import type { ConfigProblem } from './problems.ts';
import { quote } from './value-error.ts';

/** Deeper than the stack is; the reader stops there, or says it as an error of its own. */
export const NESTED_TOO_DEEPLY = 'the file is nested too deeply to be a configuration';

/** At most one problem a line: one slip makes the reader stumble several times. */
export function syntaxProblems(text: string, document: Document.Parsed, lines: LineCounter): ConfigProblem[] {
  const byLine = new Map<number, ConfigProblem>();
  const errors = [...document.errors, ...document.warnings];
  if (errors.length === 0) return [];
  const openings = openingsIn(document);
  const writtenLines = text.split('\n');
  for (const error of errors) {
    const unclosed = /end with a|Missing closing|Expected flow/.test(error.message);
    const [at] = error.pos;
    const offset = unclosed ? (openings.findLast((start) => start < at) ?? at) : at;
    const line = lines.linePos(offset).line;
    const written = writtenLines[line - 1] ?? '';
    if (!byLine.has(line)) byLine.set(line, { path: '', line, message: sentence(error, unclosed, written) });
  }
  return [...byLine.values()];
}

/**
 * Where quotes and brackets were opened, in their order: the reader notices only at the end of the file that one was not
 * closed. Looked for once, since a thousand brackets are as many errors.
 */
function openingsIn(document: Document.Parsed): number[] {
  const openings: number[] = [];
  visit(document, (_, node) => {
    const opens =
      (isCollection(node) && node.flow === true) ||
      (isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE'));
    if (opens && node.range) openings.push(node.range[0]);
  });
  return openings;
}

/** Does a text on this line begin with *, as an alias does: at its start, behind a key or a hyphen, or in brackets? */
function beginsWithStar(line: string): boolean {
  const bare = line.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, 'x').replace(/(^|\s)#.*/, '');
  return /^\s*(- +|[\w-]+: +)?\*|[[{,]\s*\*/.test(bare);
}

function sentence(error: YAMLError, unclosed: boolean, written: string): string {
  if (error.code === 'RESOURCE_EXHAUSTION') return NESTED_TOO_DEEPLY;
  if (unclosed) return 'a quote or bracket is opened here and not closed';
  if (beginsWithStar(written)) {
    return 'a text that begins with * needs quotes, such as "*.lab A 192.168.1.20"';
  }
  if (/^\s*(- +|[\w-]+: +)?\[[0-9a-f:.]*:[0-9a-f:.%\w]*\]:\d/i.test(written)) {
    return 'an address in brackets needs quotes, such as "[::1]:53"';
  }
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; YAML takes spaces only';
    case 'BAD_SCALAR_START':
      return 'a text cannot begin with this character; put the whole text in quotes';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a second key begins within this one; put texts with ": " in quotes, and indent keys of one level alike';
    case 'MULTILINE_IMPLICIT_KEY':
    case 'MISSING_CHAR':
      return `${quote(written.trim())} fits in here neither as "key: value" nor as "- entry"; a space follows the colon or hyphen`;
    case 'BAD_INDENT':
      return 'this line is indented unlike the others of its level; indent keys of one level alike';
    case 'MULTIPLE_DOCS':
      return 'a second document begins here; keep everything in one, without "---"';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (!name) are not used here; delete it, or put the text in quotes';
    default:
      return `this is not YAML: ${error.message.split('\n')[0]}`;
  }
}
