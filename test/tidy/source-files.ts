// What the tidy rules look at: the files of src/ with their text, comments and strings blanked where a rule reads code.
// A rule is a pure function from files to violations, so that it can be tried on snippets.

import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

export interface SourceFile {
  /** From the repository's root: "src/dns/wire.ts". */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  /** "src/dns/wire.ts:12" or a file alone. */
  readonly where: string;
  /** What is wrong and what to use instead, as a sentence. */
  readonly what: string;
}

export type Rule = (files: readonly SourceFile[]) => Violation[];

/** Every .ts and .js file below a folder of the repository. */
export function readSources(folder: string): SourceFile[] {
  return readdirSync(join(REPOSITORY, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
    .map((entry) => relative(REPOSITORY, join(entry.parentPath, entry.name)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(REPOSITORY, path), 'utf8') }));
}

/** The text with comments blanked, line breaks kept; strings are kept, because import paths are strings. */
export function withoutComments(text: string): string {
  return blank(text, false);
}

/** The text with comments, strings and regular expressions blanked, so that only code is left. */
export function codeOnly(text: string): string {
  return blank(text, true);
}

const TOKEN = new RegExp(
  [
    /\/\/[^\n]*|\/\*[\s\S]*?\*\//, // a comment
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/, // a string
    /(?<=[=(,:;!&|?[{}\n]\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/, // a regular expression
    /`(?:\\.|[^`\\])*`/, // a template
  ]
    .map(({ source }) => `(${source})`)
    .join('|'),
  'g',
);

function blank(text: string, strings: boolean): string {
  return text.replace(TOKEN, (token, comment, _string, _expression, template) => {
    if (template !== undefined) return strings ? keepExpressions(token) : token;
    return comment !== undefined || strings ? token.replace(/[^\n]/g, ' ') : token;
  });
}

/** Of a template only what stands in ${…} is code. */
function keepExpressions(template: string): string {
  return template
    .split(/(\$\{[^}]*\})/)
    .map((part) => (part.startsWith('${') ? part : part.replace(/[^\n]/g, ' ')))
    .join('');
}

/** Every match with its place. */
export function findAll(
  { path, text }: SourceFile,
  pattern: RegExp,
): { where: string; match: RegExpExecArray }[] {
  return [...text.matchAll(new RegExp(pattern, 'g'))].map((match) => ({
    where: `${path}:${text.slice(0, match.index).split('\n').length}`,
    match,
  }));
}
