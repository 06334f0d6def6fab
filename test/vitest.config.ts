// The suites, by how they may run: small ones side by side, end-to-end ones alone, since those start
// servers, count milliseconds of a client's patience and have two cores to share.

import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

const E2E_TIMEOUT_MS = 60_000;
const FULL_TIMEOUT_MS = 1_800_000;
const isFull = process.env.NOONMARK_FULL === '1';

const suite = (name: string) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], sequence: { groupOrder: 0 } },
});

const alone = (name: string, timeoutMs: number) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: timeoutMs,
    hookTimeout: E2E_TIMEOUT_MS,
    sequence: { groupOrder: name === 'e2e' ? 1 : 2 },
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
      ...(isFull ? [alone('full', FULL_TIMEOUT_MS)] : []),
    ],
  },
});
