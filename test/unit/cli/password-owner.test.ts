// To whom `noonmark password`, run by root, gives the file that it has made: never one that somebody has put in its place, who may
// write into the directory and swaps it the moment it is there.

import { chownSync, lstatSync, mkdirSync, rmSync, type Stats, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { password } from '../../../src/cli/password.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const [UID, GID] = [1234, 1235];

const directory = temporaryDirectory('password-owner');
const [path, victim] = [join(directory, 'password'), join(directory, 'shadow')];

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...real,
    rename: async (from: string, to: string) => {
      await real.rename(from, to);
      moved = lstatSync(to);
      rmSync(to);
      symlinkSync(join(to, '../shadow'), to);
    },
  };
});
let moved: Stats | undefined;

afterEach(() => void vi.restoreAllMocks());

it.runIf(process.getuid?.() === 0)('the file is given away before it has its name', async () => {
  const stateDir = join(directory, 'state');
  mkdirSync(stateDir);
  writeFileSync(victim, 'of root');
  chownSync(stateDir, UID, GID);
  writeFileSync(join(directory, 'noonmark.yaml'), 'state_dir: state\nadmin: {password_file: password}\n');
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(
    Readable.from([Buffer.from('the noon mark\n')]) as unknown as typeof process.stdin,
  );
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  expect(await password.run(['--config', join(directory, 'noonmark.yaml')])).toBe(0);
  expect(moved).toMatchObject({ uid: UID, gid: GID });
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(lstatSync(victim)).toMatchObject({ uid: 0, gid: 0 });
});
