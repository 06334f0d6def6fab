// The walls of the house hold: the rules of rules.ts, tried on this repository. That each rule can fail is shown
// on snippets in rules.test.ts.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  dependenciesHaveReasons,
  filesAreShort,
  filesOpenWithHeader,
  helpersHookNothing,
  importsPointDown,
  installIsSafe,
  linksResolve,
  mapIsComplete,
  namesSaySomething,
  nothingBanned,
} from './rules.ts';
import { REPOSITORY, readSources, type Violation } from './source-files.ts';

const sources = readSources('src');
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');
const exists = (path: string) => existsSync(join(REPOSITORY, path));

function expectNone(violations: readonly Violation[]): void {
  expect(violations.map(({ where, what }) => `${where} ${what}`)).toEqual([]);
}

describe('src', () => {
  it('has files', () => expect(sources.length).toBeGreaterThan(50));
  it('imports downwards only', () => expectNone(importsPointDown(sources)));
  it('takes time, names, settings and output from where they belong', () =>
    expectNone(nothingBanned(sources)));
  it('has no file of over 400 lines', () => expectNone(filesAreShort(sources)));
  it('says at the top of every file what it is', () => expectNone(filesOpenWithHeader(sources)));
  it('uses no word that says nothing', () => expectNone(namesSaySomething(sources)));
  it('is on the map of src/README.md, one line a file', () =>
    expectNone(mapIsComplete(read('src/README.md'), sources)));
});

describe('the tests', () => {
  it('share no hooks', () =>
    expectNone(helpersHookNothing([...readSources('test/unit'), ...readSources('test/support')])));
});

describe('the pages', () => {
  it.each(['README.md', 'src/README.md', 'certs/README.md', 'config/README.md'])(
    '%s links to what is there',
    (page) => {
      expectNone(linksResolve(page, read(page), exists));
    },
  );

  it('give a reason for each dependency', () => {
    expectNone(dependenciesHaveReasons(JSON.parse(read('package.json')), read('docs/dependencies.md')));
  });
});

describe('an install', () => {
  it('runs no script, asks the registry of the house, and checks every hash', () => {
    expectNone(installIsSafe(JSON.parse(read('package-lock.json')), read('.npmrc')));
  });
});
