// A soak of seconds (test/soak/run.ts is the one of half an hour): everything at once, and not one wrong answer.

import { expect, test } from 'vitest';
import { soak } from '../soak/soak.ts';
import { complaintsAtAll } from '../soak/verdict.ts';

const DURATION_MS = 15_000;

test('After floods, faults, restarts and reloads at once, nothing wrong was said and nothing is left open', async () => {
  const report = await soak({ durationMs: DURATION_MS });
  expect(report.samples.length).toBeGreaterThan(0);
  expect(complaintsAtAll(report)).toEqual([]);
});
