// The password to the pages, hashed and checked with scrypt (RFC 7914) in the thread pool of Node, so that queries go on
// meanwhile. Two at a time and few that wait: each takes 32 MiB and a fraction of a second. Who may try, and how often, is
// attempts.ts.

import { type BinaryLike, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { PasswordHash } from '../../config/admin-secrets.ts';

/** NIST SP 800-63B section 3.1.1.2 asks for 8 characters at least; the upper bound is our own. */
export const PASSWORD = { charactersMin: 8, octetsMax: 256 } as const;

/** OWASP's Password Storage Cheat Sheet: N = 2^15, r = 8, p = 3, as good as N = 2^17, p = 1 with a quarter of the memory. */
const COST = { cost: 2 ** 15, blockSize: 8, parallelization: 3 } as const;
/** RFC 7914 section 2 names no length; NIST SP 800-132 asks for 16 octets at least. */
const SALT_OCTETS = 16;
const HASH_OCTETS = 32;

/** Node has four threads unless told otherwise, and files are read by them too. */
const AT_ONCE_MAX = 2;
/** With the two that are checked, as many as attempts.ts lets through in a moment. */
const WAITING_MAX = 28;

/** What is wrong with it as a new password, as a sentence; null when nothing is. */
export function passwordProblem(password: string): string | null {
  const { charactersMin, octetsMax } = PASSWORD;
  if ([...normal(password)].length < charactersMin)
    return `the password is too short; take ${charactersMin} characters at least`;
  if (isTooLong(password)) return `the password is too long; take ${octetsMax} octets at most`;
  return /\p{Cc}/u.test(password)
    ? 'the password has a control character in it, which nobody can type in a browser; take another'
    : null;
}

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_OCTETS);
  return { ...COST, salt, hash: await derive(password, { ...COST, salt }, HASH_OCTETS) };
}

/** Checks passwords, a few at a time. */
export class PasswordChecks {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** Whether it is the password; null: too many are being checked. */
  async check(password: string, expected: PasswordHash): Promise<boolean | null> {
    if (isTooLong(password)) return false;
    if (this.#running >= AT_ONCE_MAX) {
      if (this.#waiting.length >= WAITING_MAX) return null;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running += 1;
    try {
      const found = await derive(password, expected, expected.hash.length);
      return timingSafeEqual(found, expected.hash);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function isTooLong(password: string): boolean {
  return Buffer.byteLength(normal(password)) > PASSWORD.octetsMax;
}

/** Keyboards write "é" in one way or another (RFC 8265 section 4.2.2). */
function normal(password: string): string {
  return password.normalize('NFC');
}

function derive(
  password: string,
  { cost, blockSize, parallelization, salt }: Omit<PasswordHash, 'hash'>,
  octets: number,
) {
  // Node refuses what takes more than maxmem; this is what scrypt takes, and some.
  const maxmem = 128 * blockSize * (cost + parallelization + 2) + 2 ** 16;
  const options = { N: cost, r: blockSize, p: parallelization, maxmem };
  return new Promise<Buffer>((resolve, reject) => {
    const done = (error: Error | null, key: Buffer) => (error === null ? resolve(key) : reject(error));
    scrypt(normal(password) as BinaryLike, salt, octets, options, done);
  });
}
