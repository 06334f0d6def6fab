// Passwords hashed and checked, a few at a time, beside the event loop.

import { scryptSync } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { hashPassword, PasswordChecks, passwordProblem } from '../../../../src/admin/access/password.ts';
import {
  formatPasswordHash,
  type PasswordHash,
  readPasswordHash,
} from '../../../../src/config/admin-secrets.ts';

const PASSWORD = 'the noon mark on our sill';
const SLOW_MACHINE_MS = 60_000;

/** As cheap as can be: what is shown does not depend on the cost. */
function hashOf(password: string, cost = 16): PasswordHash {
  const salt = Buffer.alloc(16, 7);
  const hash = scryptSync(password, salt, 32, { N: cost, r: 8, p: 1 });
  return { cost, blockSize: 8, parallelization: 1, salt, hash };
}

test(
  'a hash is scrypt as OWASP asks for it, with a salt of its own each time',
  async () => {
    const [one, other] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)]);
    expect(one).toMatchObject({ cost: 2 ** 15, blockSize: 8, parallelization: 3 });
    expect(one.salt).not.toEqual(other.salt);
    const options = { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 26 };
    expect(one.hash).toEqual(scryptSync(PASSWORD, one.salt, 32, options));
    const read = readPasswordHash(formatPasswordHash(one));
    expect(await new PasswordChecks().check(PASSWORD, read)).toBe(true);
  },
  SLOW_MACHINE_MS,
);

describe('checks', () => {
  it('know the password, and no other', async () => {
    const checks = new PasswordChecks();
    const found = [PASSWORD, `${PASSWORD} `, PASSWORD.toUpperCase(), ''].map((one) =>
      checks.check(one, hashOf(PASSWORD)),
    );
    expect(await Promise.all(found)).toEqual([true, false, false, false]);
  });

  it('know it however the keyboard writes its accents', async () => {
    const hash = hashOf('Mittagslinie Z\u00fcrich');
    expect(await new PasswordChecks().check('Mittagslinie Zu\u0308rich', hash)).toBe(true);
  });

  it('are two at a time, and too many are turned away', async () => {
    const hash = hashOf(PASSWORD);
    const checks = new PasswordChecks();
    const results = await Promise.all(Array.from({ length: 40 }, () => checks.check('x', hash)));
    expect(results.filter((one) => one === null)).toHaveLength(10);
    expect(await checks.check(PASSWORD, hash)).toBe(true); // and there is room again
  });

  it(
    'leave the event loop free',
    async () => {
      let turns = 0;
      const turn = () => {
        turns += 1;
        timer = setImmediate(turn);
      };
      let timer = setImmediate(turn);
      await new PasswordChecks().check(PASSWORD, hashOf(PASSWORD, 2 ** 13));
      clearImmediate(timer);
      expect(turns).toBeGreaterThan(10);
    },
    SLOW_MACHINE_MS,
  );

  it('take no time for what is too long to be a password', async () => {
    const never = { ...hashOf(PASSWORD), cost: 3 }; // scrypt would refuse such a cost
    expect(await new PasswordChecks().check('x'.repeat(257), never)).toBe(false);
  });
});

describe('a new password', () => {
  it.each([
    ['seven 7', /too short; take 8/],
    ['', /too short/],
    ['ü'.repeat(129), /too long; take 256 octets/],
    ['tab\tand more', /control character/],
  ])('%j is refused', (text, message) => expect(passwordProblem(text)).toMatch(message));

  it.each(['eight888', 'ü'.repeat(128), '🌞'.repeat(8), ' with spaces '])('%j is taken', (text) => {
    expect(passwordProblem(text)).toBeNull();
  });
});
