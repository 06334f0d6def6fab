// A directory for one test's files, removed when the test process ends.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';

const made = new Set<string>();
atExit(() => {
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
});

/** Absolute path; `what` is part of its name. */
export function temporaryDirectory(what: string): string {
  const directory = mkdtempSync(join(tmpdir(), `noonmark-${what}-`));
  made.add(directory);
  return directory;
}
