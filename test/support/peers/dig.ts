// dig, kdig and delv as the tests read them: what a person would look at, taken out of the printed text.

import { run } from '../running.ts';

export interface Dug {
  /** "NOERROR" and so on; empty when no answer came. */
  readonly status: string;
  /** Lower case: qr, aa, tc, rd, ra, ad, cd. */
  readonly flags: readonly string[];
  /** Lines of the answer section, single spaces. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly question: string;
  /** Codes of extended errors. */
  readonly extendedErrors: readonly number[];
  /** Everything that was printed. */
  readonly text: string;
  readonly code: number | null;
}

/** `dig` at 127.0.0.1, one try of six seconds. */
export function dig(port: number, ...args: readonly string[]): Promise<Dug> {
  const server = args.some((arg) => arg.startsWith('@')) ? [] : ['@127.0.0.1'];
  return read('dig', [...server, '-p', String(port), '+tries=1', '+time=6', ...args]);
}

/** `kdig` at 127.0.0.1, one try of six seconds. */
export function kdig(port: number, ...args: readonly string[]): Promise<Dug> {
  const server = args.some((arg) => arg.startsWith('@')) ? [] : ['@127.0.0.1'];
  return read('kdig', [...server, '-p', String(port), '+retry=0', '+time=6', ...args]);
}

export async function read(command: string, args: readonly string[]): Promise<Dug> {
  const { code, stdout, stderr } = await run(command, args);
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? '',
    flags: (/;; flags: ([a-z ]*);/i.exec(stdout)?.[1] ?? '').split(' '),
    answer: section(stdout, 'ANSWER'),
    authority: section(stdout, 'AUTHORITY'),
    question: section(stdout, 'QUESTION')[0] ?? '',
    extendedErrors: [...stdout.matchAll(/EDE: (\d+)/g)].map((match) => Number(match[1])),
    text: stdout + stderr,
    code,
  };
}

function section(text: string, name: string): string[] {
  const [, body = ''] = new RegExp(`;; ${name} SECTION:\\n([\\s\\S]*?)(\\n\\n|$)`).exec(text) ?? [];
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/\s+/g, ' '));
}
