// The suites, by how they may run: small ones side by side, end-to-end ones alone, since those start
// servers, count milliseconds of a client's patience and have two cores to share.

import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { isFull } from './support/is-full.ts';

const E2E_TIMEOUT_MS = 60_000;
const LAB_TIMEOUT_MS = 180_000;
const FULL_TIMEOUT_MS = 1_800_000;
/** One after another, in this order. */
const ALONE = ['e2e', 'lab', 'full'];

const suite = (name: string) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], sequence: { groupOrder: 0 } },
});

/** The stories that everybody replays; the others take minutes. */
const LAB_IN_SHORT = 'test/lab/story-0[0-3]*.test.ts';

const alone = (name: string, timeoutMs: number, include = `test/${name}/**/*.test.ts`) => ({
  extends: true as const,
  test: {
    name,
    include: [include],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: timeoutMs,
    hookTimeout: E2E_TIMEOUT_MS,
    sequence: { groupOrder: ALONE.indexOf(name) + 1 },
  },
});

export default defineConfig({
  root: resolve(import.meta.dirname, '..'),
  test: {
    passWithNoTests: true,
    projects: [
      suite('unit'),
      suite('contract'),
      suite('tidy'),
      alone('e2e', E2E_TIMEOUT_MS),
      alone('lab', LAB_TIMEOUT_MS, isFull ? undefined : LAB_IN_SHORT),
      ...(isFull ? [alone('full', FULL_TIMEOUT_MS)] : []),
    ],
  },
});
