// What a set-up page says, as plain values: what holds at this moment, then steps, with this server's own names, addresses
// and ports in what is to be copied. In texts, what stands between backticks is what a person types or sees.
// Rendering is src/web's.

import type { DeviceFacts } from './facts.ts';

export const FAMILIES = ['apple', 'android', 'windows', 'linux', 'browsers', 'routers', 'curl'] as const;
export type Family = (typeof FAMILIES)[number];

export interface Guide {
  /** "iPhone, iPad, Mac". */
  readonly title: string;
  /** One sentence that holds now, for the overview. */
  readonly summary: string;
  /** What holds now; nothing beyond is promised. */
  readonly holds: readonly Holding[];
  readonly parts: readonly GuidePart[];
}

export interface Holding {
  /** good: works as it is. plain: works once a step below is done. bad: does not work now. */
  readonly tone: 'good' | 'plain' | 'bad';
  readonly text: string;
}

export interface GuidePart {
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly text: string;
  readonly blocks?: readonly CodeBlock[];
  readonly qr?: { readonly text: string; readonly label: string };
  readonly links?: readonly { readonly href: string; readonly text: string }[];
  /** What the web page draws here besides: the form that makes a profile. */
  readonly form?: 'apple-profile';
}

/** To be copied as a whole. */
export interface CodeBlock {
  /** Unique on its page. */
  readonly id: string;
  /** A file's path, or what kind of window it is typed into. */
  readonly label: string;
  readonly lines: readonly string[];
  /** What a button copies, where it is not the lines. */
  readonly copied?: string;
}

export interface GuideInputs {
  readonly facts: DeviceFacts;
  /** Where another device can open these pages, "http://192.168.1.2:8080"; null: it cannot. */
  readonly pagesUrl: string | null;
}

export const TERMINAL = 'Terminal';

/** Characters that a page has room for beside a margin, at a desk. */
const COMMAND_LENGTH = 72;

/** A command for a shell: on one line where it is short, else with an option a line. */
export function commandLines(command: string, ...options: readonly string[]): string[] {
  const whole = [command, ...options].join(' ');
  if (whole.length <= COMMAND_LENGTH) return [whole];
  const lines = [command, ...options.map((option) => `  ${option}`)];
  return lines.map((line, at) => (at < lines.length - 1 ? `${line} \\` : line));
}

/** A sentence for each in a list: "a, b and c". */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Steps that are there only sometimes. */
export function steps(...all: readonly (Step | null)[]): Step[] {
  return all.filter((step) => step !== null);
}
