// Key files as chrony.conf(5) describes them, what is refused in them and in which words. No word betrays a secret.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TimeKey } from '../../../src/config/config.ts';
import { loadNtpKey, NtpKeyFileError, readNtpKeys } from '../../../src/timesync/ntp-key-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const FILE = '/etc/noonmark/ntp.key';
/** The example of chrony.conf(5), and a type that only chrony can use. */
const EXAMPLE = `
# keys of the house
10 tulip
11 hyacinth
20 MD5 ASCII:crocus
25 SHA1 HEX:933F62BE1D604E68A81B557F18CFA200483F5B70
  30\tAES128  HEX:7EA62AE64D190114D46D5A082F948EC1
31 AES256 HEX:37DDCBC67BB902BCB8E995977FAB4D2B5642F5B32EBCEEE421921D97E5CBFE39
40 SHA512 ASCII:iris
! ; and two kinds of comment more
% the last
`;

function messageOf(text: string): string {
  try {
    readNtpKeys(text, FILE);
  } catch (error) {
    expect(error).toBeInstanceOf(NtpKeyFileError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

function keyFile(text: string, mode = 0o600): string {
  const path = join(temporaryDirectory('ntp-keys'), 'ntp.key');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('the text of a key file', () => {
  it('gives the keys of the manual page by their numbers', () => {
    const keys = readNtpKeys(EXAMPLE, FILE);
    expect([...keys.keys()]).toEqual([10, 11, 20, 25, 30, 31, 40]);
    expect(keys.get(10)).toEqual({ id: 10, type: 'MD5', secret: Buffer.from('tulip') });
    expect(keys.get(20)).toEqual({ id: 20, type: 'MD5', secret: Buffer.from('crocus') });
    expect(keys.get(25)!.secret.length).toBe(20);
    expect(keys.get(30)).toMatchObject({ type: 'AES128' });
    expect(keys.get(31)!.secret).toEqual(
      Buffer.from('37DDCBC67BB902BCB8E995977FAB4D2B5642F5B32EBCEEE421921D97E5CBFE39', 'hex'),
    );
  });

  it('takes a prefix in small letters for part of the key, as chrony does', () => {
    expect(readNtpKeys('1 MD5 hex:61', FILE).get(1)!.secret).toEqual(Buffer.from('hex:61'));
  });

  it('reads lines that end as on Windows', () => {
    expect(readNtpKeys('1 SHA1 HEX:61\r\n', FILE).get(1)!.secret).toEqual(Buffer.from('a'));
  });

  it('takes every key number of 32 bits and no other', () => {
    expect(readNtpKeys('4294967295 tulip', FILE).has(4_294_967_295)).toBe(true);
    for (const id of ['4294967296', '0', '-1', '1.5', '0x10', 'one']) {
      expect(messageOf(`${id} tulip`)).toContain(`${FILE}:1: the line does not begin with a key's number`);
    }
  });

  it.each([
    ['one word', '1', 'this line is not a key'],
    ['four words', '1 SHA1 HEX:61 62', 'this line is not a key'],
    [
      'an unknown type',
      '1 SHA0 HEX:61',
      'the type of key 1 is unknown; write MD5, SHA1, SHA256, AES128, AES256',
    ],
    ['a type in small letters', '1 sha1 HEX:61', 'the type of key 1 is unknown'],
    ['the name of a method', '1 toString HEX:61', 'the type of key 1 is unknown'],
    ['half an octet', '1 SHA1 HEX:616', 'key 1 cannot be read'],
    ['letters that are no digits', '1 SHA1 HEX:6g', 'key 1 cannot be read'],
    ['no key behind its prefix', '1 SHA1 ASCII:', 'key 1 cannot be read'],
    ['characters beyond ASCII', '1 SHA1 kr\u00f6kus', 'key 1 cannot be read'],
    ['a short AES key', '1 AES128 HEX:6162', 'key 1 has 2 octets, and AES128 takes 16'],
    ['a long AES key', `1 AES256 HEX:${'61'.repeat(33)}`, 'key 1 has 33 octets, and AES256 takes 32'],
    ['a number twice', '1 tulip\n1 crocus', 'key 1 is there already'],
  ])('is refused for %s', (_what, text, message) => {
    expect(messageOf(text)).toContain(message);
  });

  it('has all its problems told at once, each with its line', () => {
    const lines = messageOf('1 tulip\n2 SHA0 x\n# fine\n3 AES128 short\n').split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^\/etc\/noonmark\/ntp\.key:2: /);
    expect(lines[1]).toMatch(/^\/etc\/noonmark\/ntp\.key:4: /);
  });

  it('stays out of every message, for any word of a broken line may be the secret', () => {
    const secret = 'S3cr3t';
    const broken = [
      `${secret}`,
      `1 ${secret} x`,
      `${secret} MD5 x`,
      `1 MD5 x ${secret}`,
      `1 MD5 HEX:${secret}`,
    ];
    for (const text of broken) expect(messageOf(text)).not.toContain(secret);
    expect(messageOf(`1 ${secret}\n1 ${secret}`)).not.toContain(secret);
  });
});

describe('loading the key of a source', () => {
  const wanted = (file: string, key: Partial<TimeKey> = {}): TimeKey => ({
    id: 25,
    type: 'SHA1',
    file,
    ...key,
  });

  it('gives the key with the number and the type that the configuration names', async () => {
    const key = await loadNtpKey(wanted(keyFile(EXAMPLE)));
    expect(key).toMatchObject({ id: 25, type: 'SHA1' });
    expect(key.secret.length).toBe(20);
  });

  it('refuses a type that is not the one in the file', async () => {
    const file = keyFile(EXAMPLE);
    await expect(loadNtpKey(wanted(file, { type: 'SHA256' }))).rejects.toThrow(
      `${file}: key 25 is of type SHA1, and the configuration says SHA256`,
    );
    await expect(loadNtpKey(wanted(file, { id: 40 }))).rejects.toThrow('key 40 is of type SHA512');
  });

  it('refuses a number that is not there', async () => {
    await expect(loadNtpKey(wanted(keyFile(EXAMPLE), { id: 12 }))).rejects.toThrow('there is no key 12');
  });

  it('refuses a file that everybody may read, and says how to mend that', async () => {
    const file = keyFile(EXAMPLE, 0o644);
    await expect(loadNtpKey(wanted(file))).rejects.toThrow(
      `readable by everybody on the machine; run: chmod o-r ${file}`,
    );
    chmodSync(file, 0o640);
    await expect(loadNtpKey(wanted(file))).resolves.toMatchObject({ id: 25 });
  });

  it('refuses what is missing, no plain file, or far too large', async () => {
    await expect(loadNtpKey(wanted('/nowhere/ntp.key'))).rejects.toThrow('there is no such file');
    await expect(loadNtpKey(wanted(temporaryDirectory('ntp-keys')))).rejects.toThrow('not a plain file');
    await expect(loadNtpKey(wanted(keyFile('#'.repeat(70_000))))).rejects.toThrow('larger than 65536 octets');
  });
});
