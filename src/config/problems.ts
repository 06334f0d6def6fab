// What is wrong with a configuration file: every problem with its place, gathered first and thrown together.
// A problem reads `home.yaml:12: zones.home.arpa.records[1]: "10.0.0.300" is not an IPv4 address; …`.

import { printable } from './value-error.ts';

/** Steps from the top of the file: keys, and positions in lists from 0. */
export type Path = readonly (string | number)[];

export interface ConfigProblem {
  /** "zones.home.arpa.records[1]"; empty for the file as a whole. */
  readonly path: string;
  /** From 1; 0 for the file as a whole. */
  readonly line: number;
  /** One sentence without a full stop: what is wrong and what to do. */
  readonly message: string;
}

/** So many problems are shown; a file with more has one cause for most of them. */
const SHOWN_MAX = 100;

/** All problems of one file, sorted by line; `message` is one line for each. */
export class ConfigProblems extends Error {
  readonly code = 'config';
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
  /** As those of a ParsedConfig: one of them is to be mended. Empty where nothing is known of them. */
  readonly files: readonly string[];

  constructor(file: string, problems: readonly ConfigProblem[], files: readonly string[] = []) {
    const sorted = sortByLine(problems);
    const lines = sorted.slice(0, SHOWN_MAX).map((problem) => formatProblem(file, problem));
    if (sorted.length > SHOWN_MAX)
      lines.push(`${printable(file)}: and ${sorted.length - SHOWN_MAX} problems more`);
    super(lines.join('\n'));
    this.file = file;
    this.problems = sorted;
    this.files = files;
  }
}

export function sortByLine(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line);
}

/** One line for a person: file, line, path, sentence. */
export function formatProblem(file: string, { path, line, message }: ConfigProblem): string {
  const place = line > 0 ? `${file}:${line}` : file;
  return printable([place, path, message].filter((part) => part !== '').join(': '));
}

export function formatPath(path: Path): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at > 0 ? '.' : ''}${step}`))
    .join('');
}

/** Gathers errors and warnings while a file is judged. */
export class Report {
  readonly errors: ConfigProblem[] = [];
  readonly warnings: ConfigProblem[] = [];
  readonly #lineOf: (path: Path) => number;

  constructor(lineOf: (path: Path) => number) {
    this.#lineOf = lineOf;
  }

  error(path: Path, message: string): void {
    this.errors.push(this.#problem(path, message));
  }

  warning(path: Path, message: string): void {
    this.warnings.push(this.#problem(path, message));
  }

  /** An error at `path` about the key `key` in it, which has a line of its own. */
  keyError(path: Path, key: string, message: string): void {
    this.errors.push({ ...this.#problem(path, message), line: this.#lineOf([...path, key]) });
  }

  /** Is an error known of the value at `path`, or of something in it? */
  hasErrorIn(path: Path): boolean {
    const place = formatPath(path);
    const isIn = (text: string) => text.startsWith(place) && /^([.[]|$)/.test(text.slice(place.length));
    return this.errors.some((error) => isIn(error.path));
  }

  #problem(path: Path, message: string): ConfigProblem {
    return { path: formatPath(path), line: this.#lineOf(path), message };
  }
}
