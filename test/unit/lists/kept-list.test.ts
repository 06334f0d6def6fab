// Which files of fetched lists stay: those of lists that are configured, and whatever is not ours. And what is no file.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { expect, it } from 'vitest';
import { forgetOthers, keptFile, readKept } from '../../../src/lists/kept-list.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

it('copies of lists that are not configured any more go, and drafts of fetches that did not end', async () => {
  const stateDir = temporaryDirectory('kept');
  const kept = keptFile(stateDir, 'https://lists.example/kept');
  const gone = keptFile(stateDir, 'https://lists.example/gone');
  mkdirSync(dirname(kept));
  for (const file of [kept, gone, `${gone}.new`]) writeFileSync(file, 'ads.example\n');
  writeFileSync(`${dirname(kept)}/notes.txt`, 'not ours');
  await forgetOthers(stateDir, ['https://lists.example/kept']);
  expect(readdirSync(dirname(kept)).sort()).toEqual([basename(kept), 'notes.txt'].sort());
});

it('a pipe in the place of a copy is not waited for', async () => {
  const stateDir = temporaryDirectory('kept');
  const url = 'https://lists.example/pipe';
  mkdirSync(dirname(keptFile(stateDir, url)));
  execFileSync('mkfifo', [keptFile(stateDir, url)]);
  const problem = expect.stringContaining('it is not a plain file');
  expect(await readKept(stateDir, url)).toEqual({ kind: 'unusable', problem });
});
