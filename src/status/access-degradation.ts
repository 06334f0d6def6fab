// What does not work about coming in to the pages, in words: a file of `admin` that cannot be used, which lets nobody in, or
// none at all where others can connect. What a file holds is never said. Pure.

import { sinceOf } from './clock-report.ts';
import type { Facts } from './degradation.ts';
import type { Degraded } from './status.ts';

export interface AccessProblem {
  readonly key: 'password_file' | 'token_file' | 'locked';
  /** Which file, and what is wrong with it; or at which addresses there is none. */
  readonly problem: string;
  readonly problemForMs: number;
}

const WHAT = {
  password_file: 'nobody can sign in to the pages',
  token_file: 'no token is taken for the pages',
  locked: 'nobody is let in to the pages from beyond this host',
} as const;

const ADVICE = {
  password_file:
    'mend it, or make another with `noonmark password --config FILE`; it is read again by itself',
  locked:
    'make a password with `noonmark password --write FILE` and name that file under `admin`, or take the address out of `listen.admin`',
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
