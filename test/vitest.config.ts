// The suites, by how they may run: small ones on every core, end-to-end ones three at a time, since they start servers and
// half of the time wait for them, and those alone that count milliseconds of a client's patience.

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { isFull } from './support/is-full.ts';

const E2E_TIMEOUT_MS = 60_000;
const LAB_TIMEOUT_MS = 180_000;
/** What computes has no clock against it: seven simulated days take half a second, and many on a busy machine. */
const UNIT_TIMEOUT_MS = 60_000;
/** Numbers of runs end a fuzz target, and no clock. */
const FUZZ_TIMEOUT_MS = 120_000;
const FULL_TIMEOUT_MS = 1_800_000;
/**
 * One group after another, in this order; within it vitest begins with the projects by name, and with their largest files,
 * so that attacks, which take longest, come first. In the long run the lab takes figures, and nothing beside it may take the time.
 */
const ORDER = isFull
  ? [['e2e', 'attacks'], ['faults'], ['alone'], ['lab'], ['full']]
  : [['e2e', 'attacks'], ['faults', 'lab'], ['alone']];
/** Some of them wait. vitest itself would leave out a core: half of a machine of two. */
const SMALL_FILES = availableParallelism() + 1;
const E2E_FILES = 3;
/** Files at a time, of the lab and of the faults. */
const STORIES = isFull ? 1 : 2;
/** Of the end-to-end suites. */
const ALONE = ['lifecycle', 'ntp', 'upstream-faults'].map((name) => `test/e2e/${name}.test.ts`);

const all = (name: string) => [`test/${name}/**/*.test.ts`];

/** Of the unit tests: those that change what a process has for good, be it a module or its certificate authorities. */
const OWN_PROCESS = [
  'cli/password-owner',
  'listener/interfaces',
  'tls/connect-relaxed',
  'tls/trust-anchors',
].map((name) => `test/unit/${name}.test.ts`);

interface SmallSuite {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly timeoutMs?: number;
  /** A process for each file; elsewhere many files have one, in which src/ is loaded once: a third of their time. */
  readonly isolate?: boolean;
}

const suite = (
  name: string,
  { include = all(name), exclude = [], timeoutMs = UNIT_TIMEOUT_MS, isolate = true }: SmallSuite = {},
) => ({
  extends: true as const,
  test: {
    name,
    include: [...include],
    exclude: [...exclude],
    sequence: { groupOrder: 0 },
    testTimeout: timeoutMs,
    isolate,
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

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    passWithNoTests: true,
    maxWorkers: SMALL_FILES,
    projects: [
      suite('unit', { exclude: OWN_PROCESS, isolate: false }),
      suite('unit-apart', { include: OWN_PROCESS }),
      suite('contract'),
      suite('tidy'),
      suite('fuzz', { timeoutMs: FUZZ_TIMEOUT_MS }),
      inOrder('e2e', { timeoutMs: E2E_TIMEOUT_MS, include: all('e2e'), exclude: ALONE, files: E2E_FILES }),
      inOrder('attacks', { timeoutMs: E2E_TIMEOUT_MS, include: all('attacks'), files: E2E_FILES }),
      inOrder('faults', { timeoutMs: E2E_TIMEOUT_MS, include: all('faults'), files: STORIES }),
      inOrder('alone', { timeoutMs: E2E_TIMEOUT_MS, include: ALONE }),
      inOrder('lab', {
        timeoutMs: LAB_TIMEOUT_MS,
        include: isFull ? all('lab') : [LAB_IN_SHORT],
        files: STORIES,
      }),
      ...(isFull ? [inOrder('full', { timeoutMs: FULL_TIMEOUT_MS, include: all('full') })] : []),
    ],
  },
});
