// What does not work about coming in to the pages, in words: a file of `admin` that cannot be used, which lets nobody in. What
// it holds is never said. Pure.

import { sinceOf } from './clock-report.ts';
import type { Facts } from './degradation.ts';
import type { Degraded } from './status.ts';

export interface AccessProblem {
  readonly key: 'password_file' | 'token_file';
  /** Which file, and what is wrong with it. */
  readonly problem: string;
  readonly problemForMs: number;
}

const WHAT = {
  password_file: 'nobody can sign in to the pages',
  token_file: 'no token is taken for the pages',
} as const;

const ADVICE = {
  password_file:
    'mend it, or make another with `noonmark password --config FILE`; it is read again by itself',
  token_file: 'mend it, or draw another with `openssl rand -base64 33`; it is read again by itself',
} as const;

export function accessDegradations({ accessProblems, clock }: Facts): Degraded[] {
  return accessProblems.map(({ key, problem, problemForMs }) => ({
    id: `admin ${key}`,
    what: WHAT[key],
    ...sinceOf(problemForMs, clock),
    evidence: problem,
    doThis: ADVICE[key],
  }));
}
