// What may be written under `admin`, and what its two files may hold.

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatPasswordHash, readAdminToken, readPasswordHash } from '../../../src/config/admin-secrets.ts';
import { filesOnDisk, filesUnseen, type NamedFiles } from '../../../src/config/named-files.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigProblems } from '../../../src/config/problems.ts';
import { ValueError } from '../../../src/config/value-error.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SALT = Buffer.alloc(16, 1).toString('base64');
const HASH = Buffer.alloc(32, 2).toString('base64');
const LINE = `scrypt:32768:8:3:${SALT}:${HASH}`;
const TOKEN = 'Yq8wX2h5Vb0nTzR7kLmC3dPf9sJgA1uE';

const parse = (lines: string, files: NamedFiles = filesUnseen) =>
  parseConfig(`upstreams: [{url: tls://9.9.9.9}]\n${lines}`, { file: '/etc/noonmark/home.yaml', files });

function problemsOf(lines: string): readonly string[] {
  try {
    parse(lines);
  } catch (error) {
    if (error instanceof ConfigProblems) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

describe('admin', () => {
  it('is open on loopback and has neither password nor token unless written', () => {
    const nothing = { passwordFile: null, tokenFile: null, loopback: 'open' };
    expect(parse('').config.admin).toEqual(nothing);
    expect(parse('admin: {}').config.admin).toEqual(nothing);
  });

  it('names files beside that of the configuration, which are among those that it is made of', () => {
    const { config, files } = parse(
      'admin: {password_file: password, token_file: /run/token, loopback: closed}',
    );
    const [passwordFile, tokenFile] = ['/etc/noonmark/password', '/run/token'];
    expect(config.admin).toEqual({ passwordFile, tokenFile, loopback: 'closed' });
    expect(files).toEqual(expect.arrayContaining([passwordFile, tokenFile]));
  });

  it.each([
    ['admin: {loopback: on}', 'the text "on" is not one of open, closed'],
    ['admin: {loopback: opne}', '"opne" is not one of open, closed; did you mean open?'],
    ['admin: {password: hello}', 'unknown key `password`; did you mean `password_file`?'],
    ['admin: {token_file: 7}', null],
  ])('%s is refused', (lines, message) => {
    const problems = problemsOf(lines);
    expect(problems).toHaveLength(1);
    if (message !== null) expect(problems[0]).toContain(message.replace('the text ', ''));
  });

  it.each([
    ['password_file', 'passwordProblem', 'until that is mended, nobody can sign in'],
    ['token_file', 'tokenProblem', 'until that is mended, no token is taken'],
  ])('with a %s that cannot be used is told, and names are answered all the same', (key, look, hint) => {
    const files = { ...filesUnseen, [look]: () => '"secret" is empty' };
    expect(parse(`admin: {${key}: secret}`, files).warnings).toMatchObject([
      { path: `admin.${key}`, message: `"secret" is empty; ${hint}` },
    ]);
  });
});

describe('pages that nobody could open', () => {
  const listen = 'listen: {dns: [127.0.0.1], admin: [127.0.0.1, 192.168.1.2, "::"]}\n';
  const warningsOf = (lines: string) => parse(listen + lines).warnings.map(({ path }) => path);

  it('are told, beyond loopback, where there is neither password nor token', () => {
    expect(warningsOf('')).toEqual(['listen.admin[1]', 'listen.admin[2]']);
    expect(parse(listen).warnings[0]!.message).toBe(
      'the pages will be refused at 192.168.1.2:8080: others can connect to it, and there is no password; make one with `noonmark password --write FILE` and name it as `admin.password_file`',
    );
  });

  it('are told on loopback, too, where that is closed', () => {
    expect(warningsOf('admin: {loopback: closed}')).toHaveLength(3);
  });

  it.each(['password_file: p', 'token_file: t', 'password_file: p, loopback: closed'])(
    'are none with %s',
    (keys) => expect(warningsOf(`admin: {${keys}}`)).toEqual([]),
  );
});

describe('the line of a password', () => {
  it('is read as it was written', () => {
    const read = readPasswordHash(`${LINE}\n`);
    expect(read).toMatchObject({ cost: 32768, blockSize: 8, parallelization: 3 });
    expect(formatPasswordHash(read)).toBe(LINE);
  });

  it.each([
    ['nothing', ' \n', /is empty/],
    ['the password itself', 'open sesame', /no line of `noonmark password`/],
    ['another hash', '$2y$10$abcdefghijklmnopqrstuv', /no line of `noonmark password`/],
    ['two lines', `${LINE}\n${LINE}`, /no line of `noonmark password`/],
    ['too cheap a cost', LINE.replace('32768', '8192'), /guessed too fast/],
    ['a cost that is no power of two', LINE.replace('32768', '40000'), /guessed too fast/],
    ['a block that is too small', LINE.replace(':8:3', ':1:3'), /guessed too fast/],
    ['no parallelization', LINE.replace(':8:3', ':8:0'), /guessed too fast/],
    ['more memory than there is', LINE.replace('32768:8', '1048576:8'), /takes too long/],
    ['more work than can be waited for', LINE.replace(':8:3', ':8:100'), /takes too long/],
    ['a short salt', LINE.replace(SALT, 'AAAA'), /cut short/],
    ['a short hash', `scrypt:32768:8:3:${SALT}:AAAA`, /cut short/],
  ])('is refused with %s, and nothing of it repeated', (_what, text, message) => {
    expect(() => readPasswordHash(text)).toThrow(ValueError);
    expect(() => readPasswordHash(text)).toThrow(message);
    for (const word of text.split(/[\s:]+/).filter((one) => one.length > 5))
      expect(() => readPasswordHash(text)).not.toThrow(new RegExp(word.replace(/[$+/]/g, '.')));
  });
});

describe('a token', () => {
  it('is a line of 32 characters or more', () => {
    expect(readAdminToken(`  ${TOKEN}\r\n`)).toBe(TOKEN);
    expect(readAdminToken('0123456789abcdef0123456789abcdef')).toHaveLength(32);
  });

  it.each([
    ['nothing', '\n', /is empty/],
    ['too little', TOKEN.slice(1), /31 characters, and 32 are the least/],
    ['two lines', `${TOKEN}\n${TOKEN}`, /something else than one token/],
    ['a name before it', `Bearer ${TOKEN}`, /something else than one token/],
    ['what no header field can carry', `${TOKEN}é`, /something else than one token/],
    ['too much', TOKEN.repeat(33), /something else than one token/],
    ['a few characters over and over', 'abcabc'.repeat(8), /can be guessed/],
  ])('is refused with %s, and nothing of it repeated', (_what, text, message) => {
    expect(() => readAdminToken(text)).toThrow(message);
    expect(() => readAdminToken(text)).not.toThrow(new RegExp(TOKEN.slice(1, 20)));
  });
});

describe('the files on disk', () => {
  const directory = temporaryDirectory('admin-files');
  const written = (name: string, text: string, mode = 0o600) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('can be used when they are right', () => {
    expect(filesOnDisk.passwordProblem(written('password', `${LINE}\n`))).toBeNull();
    expect(filesOnDisk.tokenProblem(written('token', `${TOKEN}\n`))).toBeNull();
  });

  it.each([
    ['is not there', () => join(directory, 'none'), /none" cannot be used: there is no such file/],
    [
      'may be read by everybody',
      () => written('open', `${LINE}\n`, 0o644),
      /open" can be read by every user/,
    ],
    ['is a directory', () => directory, /is not a plain file/],
    ['holds something else', () => written('other', 'hello world'), /other" holds no line of/],
    ['is endless', () => written('long', 'x'.repeat(5000)), /long" is longer than any such file/],
  ])('cannot be used when one %s', (_what, path, message) => {
    expect(filesOnDisk.passwordProblem(path())).toMatch(message);
  });
});
