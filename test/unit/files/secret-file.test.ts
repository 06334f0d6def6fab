// Files with secrets as they are found on a real disk: what is read, and each reason why one is not, in words.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { readSecretFile, type SecretFile } from '../../../src/files/secret-file.ts';
import { isRoot } from '../../support/peers/packages.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SECRET = 'correct horse';

class Refusal extends Error {}
const demands: SecretFile = {
  ...{ octetsMax: 100, what: 'a file of tokens', content: 'a token', secret: 'its token is' },
  refusal: (words) => new Refusal(words),
};

let path: string;
beforeEach(() => {
  path = join(temporaryDirectory('secret-file'), 'token');
});

function put(text: string | Uint8Array, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe('a file with a secret', () => {
  it.each([0o600, 0o400, 0o640, 0o660, 0o620, 0o602])('is read with the mode %o', async (mode) => {
    put(SECRET, mode);
    expect(await readSecretFile(path, demands)).toBe(SECRET);
  });

  it('is read as octets, up to as many as it may have, by way of a link too', async () => {
    put(Uint8Array.from({ length: 100 }, (_, at) => at * 2));
    symlinkSync(path, `${path}-link`);
    const text = await readSecretFile(`${path}-link`, demands);
    expect(Buffer.from(text, 'latin1')).toEqual(Buffer.from(Array.from({ length: 100 }, (_, at) => at * 2)));
  });

  it.each<[string, () => void, () => string]>([
    ['is not there', () => {}, () => 'there is no such file; check the path'],
    ['is a directory', () => mkdirSync(path), () => 'not a plain file; name a file of tokens'],
    ['is a device', () => symlinkSync('/dev/zero', path), () => 'not a plain file; name a file of tokens'],
    [
      'is a pipe that nobody writes to',
      () => execFileSync('mkfifo', [path]),
      () => 'not a plain file; name a file of tokens',
    ],
    [
      'everybody may read',
      () => put(SECRET, 0o604),
      () => `its token is readable by everybody on the machine; run: chmod o-r ${path}`,
    ],
    ['is too long', () => put('x'.repeat(101)), () => 'larger than 100 octets, so hardly a token'],
    [
      'is enormous',
      () => {
        put('');
        truncateSync(path, 1e12);
      },
      () => 'larger than 100 octets, so hardly a token',
    ],
    ['is a link in a ring', () => symlinkSync(path, path), () => 'cannot be opened (ELOOP)'],
  ])('that %s is refused in words, by the error of its reader', async (_what, given, words) => {
    given();
    const reading = readSecretFile(path, demands);
    await expect(reading).rejects.toThrow(Refusal);
    await expect(reading).rejects.toThrow(new RegExp(`^${RegExp.escape(words())}$`));
  });

  it.skipIf(isRoot)('that is not ours is refused', async () => {
    put(SECRET, 0o000);
    await expect(readSecretFile(path, demands)).rejects.toThrow(
      'not readable for this process; check its owner and mode',
    );
  });

  it('may have other words, and none to hide may be read by everybody', async () => {
    put(SECRET, 0o644);
    expect(await readSecretFile(path, { ...demands, secret: null })).toBe(SECRET);
    const reading = readSecretFile(path, { ...demands, secret: 'this key is', repair: 'chmod 600' });
    await expect(reading).rejects.toThrow(
      `this key is readable by everybody on the machine; run: chmod 600 ${path}`,
    );
    const short = readSecretFile(path, { ...demands, secret: null, octetsMax: 5, unit: 'bytes' });
    await expect(short).rejects.toThrow('larger than 5 bytes');
  });
});
