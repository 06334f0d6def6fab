// `noonmark password`: what it makes, where that goes, and what it asks somebody at a terminal. Nothing of the password is shown.

import { EventEmitter } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { PasswordChecks } from '../../../src/admin/access/password.ts';
import { askHidden, firstLine } from '../../../src/cli/terminal-secret.ts';
import { readPasswordHash } from '../../../src/config/admin-secrets.ts';
import { MAIN_FILE, NODE } from '../../support/noonmark.ts';
import { run } from '../../support/running.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const PASSWORD = 'the noon mark on our sill';
const SLOW_MACHINE_MS = 60_000;

const directory = temporaryDirectory('password');
const command = (input: string, ...args: string[]) => run(NODE, [MAIN_FILE, 'password', ...args], { input });
const fits = (line: string, password = PASSWORD) =>
  new PasswordChecks().check(password, readPasswordHash(line));

describe('`noonmark password`', { timeout: SLOW_MACHINE_MS }, () => {
  it('prints the line for the first line of its input, and says nothing else', async () => {
    const { code, stdout, stderr } = await command(`${PASSWORD}\r\nsomething else\n`);
    expect([code, stderr]).toEqual([0, '']);
    expect(await fits(stdout)).toBe(true);
  });

  it('writes a file that its owner alone may read, in place of the one that was there', async () => {
    const path = join(directory, 'written');
    writeFileSync(path, 'an old one');
    chmodSync(path, 0o666);
    const { code, stdout, stderr } = await command(PASSWORD, '--write', path);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toContain('only its owner may read it');
    expect(stderr).not.toContain(PASSWORD);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await fits(readFileSync(path, 'utf8'))).toBe(true);
  });

  it('writes the file that a configuration names', async () => {
    const config = join(directory, 'named.yaml');
    writeFileSync(config, 'admin: {password_file: secret}\n');
    expect((await command(PASSWORD, '--config', config)).code).toBe(0);
    expect(await fits(readFileSync(join(directory, 'secret'), 'utf8'))).toBe(true);
  });

  it.each([
    ['too short a password', 'seven 7', [], 1, /too short; take 8 characters/],
    ['too long a password', 'x'.repeat(300), [], 1, /too long; take 256 octets/],
    ['no password', '', [], 1, /too short/],
    [
      'a directory that is missing',
      PASSWORD,
      ['--write', join(directory, 'missing/password')],
      1,
      /there is no directory \S+\/missing; make it first/,
    ],
    ['a directory that is a file', PASSWORD, ['--write', `${MAIN_FILE}/password`], 1, /cannot be written/],
    ['an option too many', PASSWORD, ['--passwd', 'x'], 64, /unknown option --passwd/],
    ['the password as an argument', '', [PASSWORD], 64, /one word too many/],
    ['a configuration that is not there', PASSWORD, ['--config', '/nowhere.yaml'], 78, /no such file/],
  ])('makes nothing of %s', async (_what, input, args, code, words) => {
    const ended = await command(input, ...args);
    expect([ended.code, ended.stdout]).toEqual([code, '']);
    expect(ended.stderr).toMatch(words);
    expect(existsSync(join(directory, 'missing'))).toBe(false);
  });

  it('says which key is missing in a configuration that names no file', async () => {
    const config = join(directory, 'nameless.yaml');
    writeFileSync(config, 'admin: {}\n');
    const { code, stderr } = await command(PASSWORD, '--config', config);
    expect(code).toBe(78);
    expect(stderr).toContain('names no `admin.password_file`');
  });
});

describe('at a terminal', () => {
  function ask() {
    const unread: string[] = [];
    const input = Object.assign(new EventEmitter(), {
      setRawMode: vi.fn(),
      setEncoding: vi.fn(),
      resume: vi.fn(),
      pause: vi.fn(),
      unshift: (text: string) => void unread.push(text),
    });
    const output: string[] = [];
    const terminal = input as unknown as Parameters<typeof askHidden>[1];
    const answer = askHidden('New password: ', terminal, { write: (text) => output.push(text) });
    return { input, output, unread, answer, type: (text: string) => input.emit('data', text) };
  }

  it('shows nothing of what is typed, and leaves the terminal as it was', async () => {
    const { input, output, answer, type } = ask();
    for (const key of ['s', 'e', 'cret', '\r']) type(key);
    expect(await answer).toBe('secret');
    expect(output).toEqual(['New password: ', '\n']);
    expect(input.setRawMode.mock.calls).toEqual([[true], [false]]);
    expect(input.pause).toHaveBeenCalledOnce();
    expect(input.listenerCount('data')).toBe(0);
  });

  it.each([
    ['a slip and a backspace', 'secrut\u007f\u007fet\r', 'secret'],
    ['a whole line taken back', 'nonsense\u0015secret\r', 'secret'],
    ['a backspace too many', '\u007f\u007fsecret\n', 'secret'],
    ['letters of two units', '🌞ü\u007f\r', '🌞'],
    ['Ctrl+C', 'secre\u0003', null],
    ['Ctrl+D at once', '\u0004', null],
    ['Ctrl+D later on', 'secret\u0004\r', 'secret'],
  ])('understands %s', async (_what, keys, found) => {
    const { answer, type } = ask();
    type(keys);
    expect(await answer).toBe(found);
  });

  it('keeps what was pasted behind Enter for the next question', async () => {
    const { answer, unread, type } = ask();
    type('secret\rsecret\r');
    expect([await answer, unread]).toEqual(['secret', ['secret\r']]);
  });

  it('that goes away gives nothing', async () => {
    const { answer, input } = ask();
    input.emit('end');
    expect(await answer).toBeNull();
  });
});

describe('the first line of an input', () => {
  const of = (...pieces: string[]) => firstLine(Readable.from(pieces.map((piece) => Buffer.from(piece))), 8);

  it('ends with the line, or with the input', async () => {
    expect(await of('one\ntwo')).toBe('one');
    expect(await of('o', 'ne\r', '\ntwo')).toBe('one');
    expect(await of('one')).toBe('one');
    expect(await of()).toBe('');
  });

  it('is not read without end, and stays too long', async () => {
    let pieces = 0;
    async function* endless() {
      for (;;) {
        pieces += 1;
        yield Buffer.from('xxxx');
      }
    }
    expect((await firstLine(endless(), 8)).length).toBeGreaterThan(8);
    expect(pieces).toBeLessThan(5);
  });
});
