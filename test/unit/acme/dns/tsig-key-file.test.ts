// TSIG key files as tsig-keygen writes them and as people change them, and in which words others are refused. No word
// betrays a secret.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadTsigKey, readTsigKey, TsigKeyFileError } from '../../../../src/acme/dns/tsig-key-file.ts';
import { formatName } from '../../../../src/dns/names.ts';
import { SEED } from '../../../support/arbitrary-messages.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';

const FILE = '/etc/noonmark/update.key';
const SECRET = '8Eh/FVtaikOxF7nApG+AdHJh2ThXF85cUBmOmNdRsvs=';
/** Of tsig-keygen 9.18. */
const WRITTEN = `key "acme-key" {
\talgorithm hmac-sha256;
\tsecret "${SECRET}";
};
`;

function messageOf(text: string): string {
  try {
    readTsigKey(text, FILE);
  } catch (error) {
    expect(error).toBeInstanceOf(TsigKeyFileError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

function keyFile(text = WRITTEN, mode = 0o600): string {
  const path = join(temporaryDirectory('tsig-key'), 'update.key');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('the text of a key file', () => {
  it.each([
    ['as tsig-keygen writes it', WRITTEN],
    ['with comments of all three kinds', `// mine\n# ours\n/* key "x" {\n */ ${WRITTEN} // the end`],
    ['on one line, without quotation marks', `key acme-key{algorithm hmac-sha256;secret ${SECRET};};`],
    [
      'in capitals, and the other way round',
      `KEY "Acme-Key." { SECRET "${SECRET}"; ALGORITHM "HMAC-SHA256"; };`,
    ],
    ['with line ends as on Windows', WRITTEN.replaceAll('\n', '\r\n')],
    ['with a secret in two lines', WRITTEN.replace('pG', 'p\n  G')],
  ])('gives the key %s', (_what, text) => {
    const { name, algorithm, secret } = readTsigKey(text, FILE);
    expect(formatName(name)).toBe('acme-key.');
    expect(algorithm).toBe('hmac-sha256');
    expect(secret.export().toString('base64')).toBe(SECRET);
  });

  it.each(['hmac-sha1', 'hmac-sha224', 'hmac-sha384', 'hmac-sha512'])('knows %s', (algorithm) => {
    expect(readTsigKey(WRITTEN.replace('hmac-sha256', algorithm), FILE)).toMatchObject({ algorithm });
  });

  it.each([
    ['nothing', '', ':1: expected "key" here; copy the key as tsig-keygen wrote it'],
    ['something else', 'zone "x" { };', ':1: expected "key" here; copy the key as tsig-keygen wrote it'],
    ['the secret alone', SECRET, ':1: expected "key" here; copy the key as tsig-keygen wrote it'],
    [
      'an end in the middle',
      'key "x" {\nalgorithm hmac-sha256;',
      ':2: expected one algorithm and one secret here; copy',
    ],
    ['no algorithm', `key "x" { secret "${SECRET}"; };`, ':1: the key has no algorithm; copy'],
    ['no secret', 'key "x" { algorithm hmac-sha256; };', ':1: the key has no secret; copy'],
    [
      'two secrets',
      WRITTEN.replace('};', `secret "${SECRET}";\n};`),
      ':4: expected one algorithm and one secret',
    ],
    [
      'MD5',
      WRITTEN.replace('sha256', 'md5'),
      ':2: the key is for hmac-md5, which is too weak to be used; make another with tsig-keygen -a hmac-sha256, for both sides',
    ],
    [
      'MD5 by its whole name',
      WRITTEN.replace('hmac-sha256', 'HMAC-MD5.SIG-ALG.REG.INT.'),
      ':2: the key is for hmac-md5',
    ],
    [
      'an algorithm that nobody knows',
      WRITTEN.replace('sha256', 'sha3'),
      ':2: the algorithm is unknown; write one of hmac-sha256, hmac-sha384, hmac-sha512, hmac-sha224, hmac-sha1',
    ],
    ['a truncated algorithm', WRITTEN.replace('sha256', 'sha256-128'), ':2: the algorithm is unknown'],
    ['an empty secret', WRITTEN.replace(SECRET, ''), ':3: the secret is not base64; copy'],
    ['a secret cut short', WRITTEN.replace('vs=', 'vs'), ':3: the secret is not base64; copy'],
    [
      'a secret in hexadecimal with a prefix',
      WRITTEN.replace(SECRET, 'HEX:6162'),
      ':3: the secret is not base64',
    ],
    ['an empty name', WRITTEN.replace('acme-key', ''), ':1: the key has no name that is a domain name; copy'],
    [
      'a name too long',
      WRITTEN.replace('acme-key', 'x'.repeat(64)),
      ':1: the key has no name that is a domain name',
    ],
    ['no semicolon', WRITTEN.replace('sha256;', 'sha256'), ':3: expected ";" here; copy'],
    ['an open quotation mark', WRITTEN.replace('="', '='), ':3: a quotation mark is not closed; close it'],
    ['two keys', `${WRITTEN}${WRITTEN}`, ':4: there is a second key; leave one, or put each into a file'],
    ['more than the key', `${WRITTEN}options { };`, ':4: there is more behind the key; leave the key alone'],
  ])('is refused for %s', (_what, text, message) => {
    expect(messageOf(text)).toContain(`${FILE}${message}`);
  });

  it('stays out of every message, for in a broken file any word may be the secret', () => {
    const words = [
      'key',
      '"acme-key"',
      '{',
      'algorithm',
      'hmac-sha256',
      ';',
      'secret',
      `"${SECRET}"`,
      '}',
      '//',
      '"',
    ];
    const text = fc
      .array(fc.constantFrom(...words, SECRET, '\n'), { maxLength: 14 })
      .map((all) => all.join(' '));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (broken) => {
        try {
          readTsigKey(broken, FILE);
        } catch (error) {
          expect(error).toBeInstanceOf(TsigKeyFileError);
          expect((error as Error).message).not.toContain(SECRET.slice(0, 8));
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

describe('loading a key', () => {
  it('gives it, from a file that its group may read as well', async () => {
    for (const mode of [0o600, 0o640])
      expect(await loadTsigKey(keyFile(WRITTEN, mode))).toMatchObject({ algorithm: 'hmac-sha256' });
  });

  it('shows no secret to whoever prints the key', async () => {
    const key = await loadTsigKey(keyFile());
    expect(JSON.stringify(key)).not.toContain(SECRET.slice(0, 8));
  });

  it('is refused where everybody may read it, with what mends that', async () => {
    const file = keyFile(WRITTEN, 0o644);
    await expect(loadTsigKey(file)).rejects.toThrow(
      `${file}: its key is readable by everybody on the machine; run: chmod o-r ${file}`,
    );
  });

  it('is refused for what is missing, no plain file, or far too large', async () => {
    await expect(loadTsigKey('/nowhere/update.key')).rejects.toThrow(
      '/nowhere/update.key: there is no such file; check the path',
    );
    await expect(loadTsigKey(temporaryDirectory('tsig-key'))).rejects.toThrow(
      'not a plain file; name a TSIG key file',
    );
    await expect(loadTsigKey(keyFile('#'.repeat(20_000)))).rejects.toThrow(
      'larger than 16384 octets, so hardly a TSIG key',
    );
  });
});
