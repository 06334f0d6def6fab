// What stands in the two files that `admin` names: the password as a line of scrypt (RFC 7914), `scrypt:N:r:p:SALT:HASH` in
// base64, which `noonmark password` makes, and the bearer token (RFC 6750). Pure: texts in, values or a refusal out.
// No message repeats what stands in a file: in a broken one, any word may be the secret.

import { ValueError } from './value-error.ts';

export interface PasswordHash {
  /** N, r and p of RFC 7914 section 2. */
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** Longer than any line or token with a line break, or a few. */
export const ADMIN_SECRET_OCTETS_MAX = 2048;

/** What scrypt needs at a time: 128 · N · r octets (RFC 7914 section 6); two at once leave a small machine some room. */
const MEMORY_OCTETS_MAX = 128 * 2 ** 20;
/** N · r · p: five times what `noonmark password` asks for, some seconds on a Raspberry Pi. */
const WORK_MAX = 2 ** 22;
/** Less than N = 2^14, r = 8 is a hash that was made for speed. */
const COST_MIN = 2 ** 14;
const BLOCK_SIZE_MIN = 8;
const SALT_OCTETS = { min: 16, max: 64 } as const;
const HASH_OCTETS = { min: 32, max: 64 } as const;

const LINE = /^scrypt:(\d{1,7}):(\d{1,3}):(\d{1,3}):([A-Za-z\d+/]+={0,2}):([A-Za-z\d+/]+={0,2})$/;
const MAKE = 'make one with `noonmark password --write FILE`';

/** @throws ValueError, part of a sentence about the file */
export function readPasswordHash(text: string): PasswordHash {
  const line = text.trim();
  if (line === '') throw new ValueError(`is empty; ${MAKE}`);
  const match = LINE.exec(line);
  if (match === null) throw new ValueError(`holds no line of \`noonmark password\`; ${MAKE}`);
  const [cost, blockSize, parallelization] = match.slice(1, 4).map(Number) as [number, number, number];
  const [salt, hash] = match.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer];
  const isPowerOfTwo = Number.isInteger(Math.log2(cost));
  if (!isPowerOfTwo || cost < COST_MIN || blockSize < BLOCK_SIZE_MIN || parallelization < 1)
    throw new ValueError(`holds a hash that is guessed too fast; ${MAKE}`);
  if (128 * cost * blockSize > MEMORY_OCTETS_MAX || cost * blockSize * parallelization > WORK_MAX)
    throw new ValueError(`holds a hash that takes too long to check; ${MAKE}`);
  if (!isWithin(salt, SALT_OCTETS) || !isWithin(hash, HASH_OCTETS))
    throw new ValueError(`holds a line that was cut short; ${MAKE}`);
  return { cost, blockSize, parallelization, salt, hash };
}

/** The line, without a line break. */
export function formatPasswordHash({ cost, blockSize, parallelization, salt, hash }: PasswordHash): string {
  const base64 = (octets: Uint8Array) => Buffer.from(octets).toString('base64');
  return ['scrypt', cost, blockSize, parallelization, base64(salt), base64(hash)].join(':');
}

function isWithin(
  { length }: Uint8Array,
  { min, max }: { readonly min: number; readonly max: number },
): boolean {
  return length >= min && length <= max;
}

/**
 * 32 random characters are 106 bits at least, which nobody guesses over a network, at any rate. So guesses at a token are
 * not limited: a scraper with an old one would keep its neighbours out.
 */
const TOKEN_CHARACTERS = { min: 32, max: 1024 } as const;
/** Fewer than 7 different ones among 32 random digits: once in 50,000 draws. In what a hand repeats: as a rule. */
const DISTINCT_CHARACTERS_MIN = 7;
/** What may stand behind "Bearer" (RFC 6750 section 2.1). */
const TOKEN = /^[A-Za-z\d._~+/-]+=*$/;
const DRAW = 'draw one with `openssl rand -base64 33`';

/** @throws ValueError, part of a sentence about the file */
export function readAdminToken(text: string): string {
  const token = text.trim();
  const { min, max } = TOKEN_CHARACTERS;
  if (token === '') throw new ValueError(`is empty; ${DRAW}`);
  if (token.length > max || !TOKEN.test(token))
    throw new ValueError(
      `holds something else than one token; leave it alone on one line, of letters, digits and - . _ ~ + /, or ${DRAW}`,
    );
  if (token.length < min)
    throw new ValueError(`holds a token of ${token.length} characters, and ${min} are the least; ${DRAW}`);
  if (new Set(token).size < DISTINCT_CHARACTERS_MIN)
    throw new ValueError(`holds a token that can be guessed; ${DRAW}`);
  return token;
}
