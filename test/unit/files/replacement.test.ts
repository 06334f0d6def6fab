// A file replaced as a whole or not at all, and for whom it is readable.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { deleteFile, Replacement, replaceFile } from '../../../src/files/replacement.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('a replacement', () => {
  let directory: string;
  let path: string;
  const content = () => readFileSync(path, 'utf8');
  const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8);

  beforeEach(() => {
    directory = join(temporaryDirectory('replace'), 'state');
    path = join(directory, 'file');
  });

  it('makes the directory, and both for this user alone', async () => {
    await replaceFile(path, ['one ', Buffer.from('two')]);
    expect(content()).toBe('one two');
    expect([modeOf(directory), modeOf(path)]).toEqual(['700', '600']);
    expect(readdirSync(directory)).toEqual(['file']);
  });

  it('has the mode that was asked for, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await replaceFile(path, ['certificate'], 0o644);
    } finally {
      process.umask(before);
    }
    expect(modeOf(path)).toBe('644');
  });

  it('leaves the old file while it is written, and when it is abandoned', async () => {
    await replaceFile(path, ['old']);
    const replacement = await Replacement.begin(path);
    await replacement.write('new');
    expect(content()).toBe('old');
    await replacement.abandon();
    expect([content(), readdirSync(directory)]).toEqual(['old', ['file']]);
  });

  it('leaves the old file and no draft when what should be written throws', async () => {
    await replaceFile(path, ['old']);
    const pieces = function* () {
      yield 'new';
      throw new Error('no more');
    };
    await expect(replaceFile(path, pieces())).rejects.toThrow('no more');
    expect([content(), readdirSync(directory)]).toEqual(['old', ['file']]);
  });

  it.runIf(process.getuid?.() === 0)(
    'is given away before it has its place, and no link is followed',
    async () => {
      await replaceFile(join(directory, 'victim'), ['of root']);
      symlinkSync(join(directory, 'victim'), path);
      const replacement = await Replacement.begin(path);
      await replacement.write('new');
      await replacement.giveTo({ uid: 1234, gid: 1235 });
      await replacement.commit();
      expect(lstatSync(path)).toMatchObject({ uid: 1234, gid: 1235 });
      expect(lstatSync(path).isFile()).toBe(true);
      expect(lstatSync(join(directory, 'victim'))).toMatchObject({ uid: 0, gid: 0 });
    },
  );

  it('takes no draft over that another has left, with whatever mode', async () => {
    mkdirSync(directory);
    writeFileSync(`${path}.new`, 'half of an old one, and longer', { mode: 0o666 });
    await replaceFile(path, ['new']);
    expect([content(), modeOf(path)]).toEqual(['new', '600']);
  });

  it('rejects where it cannot be written, and says which file', async () => {
    mkdirSync(`${path}.new`, { recursive: true });
    await expect(replaceFile(path, ['new'])).rejects.toThrow('file.new');
    expect(existsSync(path)).toBe(false);
  });

  it('is deleted with its draft, and nothing is wrong where there is none', async () => {
    await replaceFile(path, ['old']);
    writeFileSync(`${path}.new`, 'draft');
    await deleteFile(path);
    expect(readdirSync(directory)).toEqual([]);
    await deleteFile(path);
  });
});
