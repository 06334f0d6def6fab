// The suites, by how they may run: small ones side by side, end-to-end ones in pairs, since they start servers and mostly
// wait for them, and those alone that count milliseconds of a client's patience, octets of memory, or need a network.

import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { isFull } from './support/is-full.ts';

const E2E_TIMEOUT_MS = 60_000;
const LAB_TIMEOUT_MS = 180_000;
/** Numbers of runs end a fuzz target, and no clock. */
const FUZZ_TIMEOUT_MS = 120_000;
const FULL_TIMEOUT_MS = 1_800_000;
/** One group after another, in this order. Attacks mostly compute and end-to-end tests mostly wait, so they share. */
const ORDER = [['e2e', 'attacks'], ['faults'], ['alone'], ['lab'], ['full']];
/** Of the end-to-end suites. */
const ALONE = [
  'cache-restart',
  'chromium-doh',
  'devices',
  'lifecycle',
  'ntp',
  'rehearse',
  'systemd-resolved',
  'upstream-faults',
].map((name) => `test/e2e/${name}.test.ts`);

const suite = (name: string, testTimeout?: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    sequence: { groupOrder: 0 },
    ...(testTimeout === undefined ? {} : { testTimeout }),
  },
});

/** The stories that everybody replays; the others take minutes. */
const LAB_IN_SHORT = 'test/lab/story-0[0-3]*.test.ts';

interface Suite {
  readonly timeoutMs: number;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  /** At a time. */
  readonly files?: number;
}

/** Tests of one file that say that they may run side by side. */
const CONCURRENT_TESTS = 3;

const inOrder = (name: string, { timeoutMs, include, exclude = [], files = 1 }: Suite) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    exclude: [...exclude],
    fileParallelism: files > 1,
    maxConcurrency: CONCURRENT_TESTS,
    maxWorkers: files,
    testTimeout: timeoutMs,
    hookTimeout: E2E_TIMEOUT_MS,
    sequence: { groupOrder: ORDER.findIndex((group) => group.includes(name)) + 1 },
  },
});

const all = (name: string) => [`test/${name}/**/*.test.ts`];

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    passWithNoTests: true,
    projects: [
      suite('unit'),
      suite('contract'),
      suite('tidy'),
      suite('fuzz', FUZZ_TIMEOUT_MS),
      inOrder('e2e', { timeoutMs: E2E_TIMEOUT_MS, include: all('e2e'), exclude: ALONE, files: 2 }),
      inOrder('attacks', { timeoutMs: E2E_TIMEOUT_MS, include: all('attacks'), files: 2 }),
      inOrder('faults', { timeoutMs: E2E_TIMEOUT_MS, include: all('faults') }),
      inOrder('alone', { timeoutMs: E2E_TIMEOUT_MS, include: ALONE }),
      inOrder('lab', { timeoutMs: LAB_TIMEOUT_MS, include: isFull ? all('lab') : [LAB_IN_SHORT] }),
      ...(isFull ? [inOrder('full', { timeoutMs: FULL_TIMEOUT_MS, include: all('full') })] : []),
    ],
  },
});
