// The long form of the story in test/e2e/cache-restart.test.ts.

import { test } from 'vitest';
import { killWriters } from '../support/killed-writers.ts';

test('Killed a hundred times while it writes state, Noonmark starts again and answers from it', () =>
  killWriters(100));
