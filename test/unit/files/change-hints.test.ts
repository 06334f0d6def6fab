// Hints of the system: what they are given of, and where there are none. Real directories.

import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChangeHints, changeHints } from '../../../src/files/change-hints.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
let hints: ChangeHints | null = null;
let given = 0;
const at = (...names: string[]) => join(directory, ...names);
const attend = async (...paths: string[]) => {
  hints = await changeHints(paths, () => (given += 1));
  given = 0;
  return hints;
};

beforeEach(() => {
  directory = temporaryDirectory('hints');
  mkdirSync(at('elsewhere'));
  writeFileSync(at('file'), 'one');
  writeFileSync(at('elsewhere', 'file'), 'one');
  writeFileSync(at('other'), 'one');
  symlinkSync(at('elsewhere', 'file'), at('link'));
});
afterEach(() => {
  hints?.close();
  hints = null;
});

describe.runIf(process.platform === 'linux')('a hint', () => {
  it.each([
    ['is written', 'file', () => writeFileSync(at('file'), 'two')],
    ['goes', 'file', () => rmSync(at('file'))],
    ['comes', 'none', () => writeFileSync(at('none'), 'one')],
    ['is replaced by another', 'file', () => renameSync(at('other'), at('file'))],
    ['is written where a link leads to', 'link', () => writeFileSync(at('elsewhere', 'file'), 'two')],
    ['is a link that leads elsewhere now', 'link', () => replaceLink()],
  ])('is given when a file %s', async (_what, name, change) => {
    expect(await attend(at(name))).not.toBeNull();
    change();
    await eventually(() => given > 0);
  });

  it('is given of all files, and no more once they are closed', async () => {
    await attend(at('file'), at('elsewhere', 'file'));
    writeFileSync(at('elsewhere', 'file'), 'two');
    await eventually(() => given > 0);
    hints!.close();
    given = 0;
    const others = await changeHints([at('file')], () => (given -= 1));
    writeFileSync(at('file'), 'two');
    await eventually(() => given < 0);
    others!.close();
  });
});

describe('no hints are to be had', () => {
  it.each([
    ['where a directory is missing', () => at('missing', 'file')],
    ['of a file system that is not on a disk of this machine', () => '/proc/uptime'],
  ])('%s', async (_where, path) => {
    expect(await attend(at('file'), path())).toBeNull();
  });
});

function replaceLink(): void {
  symlinkSync(at('other'), at('new'));
  renameSync(at('new'), at('link'));
}
