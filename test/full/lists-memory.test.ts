// A million names on a list, read by a filter in a process of its own: what it grows by, and that all of them are there.

import { execFile } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { NODE } from '../support/noonmark.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const NAMES = 1_000_000;
const GROWTH_MAX_OCTETS = 100e6;
const LINES_A_WRITE = 10_000;

const READER = `
  import { leanHeap } from '${new URL('../../src/app/lean-memory.ts', import.meta.url)}';
  import { nameKey } from '${new URL('../../src/dns/names.ts', import.meta.url)}';
  import { Filter } from '${new URL('../../src/lists/filter.ts', import.meta.url)}';
  leanHeap(); // as the server does
  const never = () => {};
  const clock = {
    status: { state: 'synchronized' },
    monotonic: () => 0,
    now: () => ({ epochMs: 0 }),
    every: () => ({ cancel: never }),
    onStateChange: () => never,
  };
  const log = { debug: never, info: never, warn: never, error: never };
  const source = { kind: 'file', file: process.argv[1] };
  const before = process.memoryUsage.rss();
  const config = { blocked: { kind: 'nxdomain' }, lists: [{ name: 'ads', allows: false, source }], rewrites: [], groups: [] };
  const filter = new Filter({ config, stateDir: null, clock, log });
  while (filter.report()[0].entries === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  const grown = process.memoryUsage.rss() - before;
  let missing = 0;
  for (let index = 0; index < ${NAMES}; index += 1) {
    if (filter.judge(nameKey('host' + index + '.d' + (index % 1000) + '.example'), '127.0.0.1') === null) missing += 1;
  }
  process.stdout.write(JSON.stringify({ grown, missing, entries: filter.report()[0].entries }));
`;

test('a million names cost less than 100 MB', async () => {
  const file = join(temporaryDirectory('million'), 'ads.txt');
  const descriptor = openSync(file, 'w');
  for (let index = 0; index < NAMES; index += LINES_A_WRITE) {
    const lines = Array.from({ length: LINES_A_WRITE }, (_, line) => {
      const number = index + line;
      return `0.0.0.0 host${number}.d${number % 1000}.example\n`;
    });
    writeSync(descriptor, lines.join(''));
  }
  closeSync(descriptor);
  const { stdout } = await promisify(execFile)(NODE, ['--input-type=module', '-e', READER, file]);
  const { grown, missing, entries } = JSON.parse(stdout);
  expect({ missing, entries }).toEqual({ missing: 0, entries: NAMES });
  expect(grown).toBeLessThan(GROWTH_MAX_OCTETS);
  process.stdout.write(`a million names: ${(grown / 1e6).toFixed(0)} MB\n`);
});
