// When a bundle may run: when all of its sources, and its own files, are as they were when it was written; in doubt not.

import { appendFileSync, cpSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshBundle, LIST_FILE, listed } from '../../../src/bundle/fresh-bundle.js';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SOURCE = 'src/answer.ts';
const CHUNK = 'dist/a/start.js';
const FILES = [CHUNK, SOURCE, 'src/query.ts', 'package.json'];

describe('A bundle', () => {
  let root: string;
  const at = (path: string) => join(root, path);
  const list = (files: unknown) => writeFileSync(at(LIST_FILE), JSON.stringify({ folder: 'dist/a', files }));
  const isFresh = () => {
    const folder = freshBundle(root);
    expect([null, at('dist/a')]).toContain(folder);
    return folder !== null;
  };

  beforeEach(() => {
    root = temporaryDirectory('bundle');
    for (const folder of ['src', 'dist/a']) mkdirSync(at(folder), { recursive: true });
    for (const path of FILES) writeFileSync(at(path), `content of ${path}`);
    list(FILES.map((path) => listed(root, path)));
  });

  test('runs when nothing has changed', () => expect(isFresh()).toBe(true));

  test('runs when files were touched, and their octets are the same', () => {
    utimesSync(at(SOURCE), 1, 1);
    expect(isFresh()).toBe(true);
  });

  test('runs in a copy, whose files have other times', () => {
    const copy = temporaryDirectory('bundle-copy');
    cpSync(root, copy, { recursive: true });
    root = copy;
    expect(isFresh()).toBe(true);
  });

  test.each<[string, () => void]>([
    ['there is no list', () => rmSync(at(LIST_FILE))],
    ['its list is cut off', () => writeFileSync(at(LIST_FILE), '{"folder":"dist/a","files":[["dist')],
    ['its list is of something else', () => writeFileSync(at(LIST_FILE), 'null')],
    ['its list is empty', () => list([])],
    ['a source has grown', () => appendFileSync(at(SOURCE), '\n')],
    ['a source has other octets', () => writeFileSync(at(SOURCE), `CONTENT of ${SOURCE}`)],
    [
      'the last source of the list has other octets',
      () => writeFileSync(at('package.json'), 'content of packagE.json'),
    ],
    ['a source is gone', () => rmSync(at(SOURCE))],
    ['a chunk is empty, as after a power cut', () => writeFileSync(at(CHUNK), '')],
    ['a chunk has been edited', () => writeFileSync(at(CHUNK), `CONTENT of ${CHUNK}`)],
    ['its folder is gone', () => rmSync(at('dist/a'), { recursive: true })],
  ])('does not run when %s', (_, change) => {
    change();
    expect(isFresh()).toBe(false);
  });

  test.each([
    ['size', 1],
    ['time of modification', 2],
    ['time of its last change', 3],
  ] as const)('reads a file that has another %s, and no other', (_, field) => {
    const files = FILES.map((path) => listed(root, path));
    const file = files.at(-1)!;
    file[4] = 'the digest of something else';
    list(files);
    expect(isFresh()).toBe(true);
    file[field] += 1;
    list(files);
    expect(isFresh()).toBe(false);
  });

  test('does not run when a source has other octets and, by somebody who sets times, those of before', async () => {
    const before = statSync(at(SOURCE));
    await eventually(() => {
      writeFileSync(at(SOURCE), `CONTENT of ${SOURCE}`); // until the clock of the file system has gone on
      utimesSync(at(SOURCE), before.atimeMs / 1000, before.mtimeMs / 1000);
      return statSync(at(SOURCE)).ctimeMs > before.ctimeMs;
    });
    expect(isFresh()).toBe(false);
  });
});
