// Who may come in, for tests of that: a visit of somebody from the house who has not signed in, and a file with a password that
// is cheap to check.

import { randomBytes, scryptSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { AdminVisit } from '../../src/admin/route.ts';
import { formatPasswordHash } from '../../src/config/admin-secrets.ts';
import { adminVisit } from './admin-visits.ts';

export function strangerVisit(parts: Partial<AdminVisit> = {}): AdminVisit {
  return adminVisit('/', { isAdmitted: false, ...parts });
}

/** The least that is taken. */
const CHEAP = { cost: 2 ** 14, blockSize: 8 } as const;

/** `parallelization`: how many times longer it takes to check. */
export function writePassword(path: string, password: string, parallelization = 1): void {
  const salt = randomBytes(16);
  const { cost: N, blockSize: r } = CHEAP;
  const hash = scryptSync(password, salt, 32, { N, r, p: parallelization });
  const line = formatPasswordHash({ ...CHEAP, parallelization, salt, hash });
  writeFileSync(path, `${line}\n`, { mode: 0o600 });
}
