// A process whose system clock is wrong, and can be put right while it runs: libfaketime, told by a file.
// Timers and monotonic time stay true. The two NO_CACHE and MONOTONIC settings are both needed.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faketimeLibrary } from './peers/packages.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export interface WrongClock {
  readonly env: NodeJS.ProcessEnv;
  /** As faketime reads it: "@1970-01-01 00:00:05" (goes on from there), "-56y", "+0" (the true time). */
  set(time: string): void;
}

export function wrongClock(time: string): WrongClock {
  const file = join(temporaryDirectory('clock'), 'time');
  const set = (next: string) => writeFileSync(file, `${next}\n`);
  set(time);
  return {
    env: {
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      LD_PRELOAD: faketimeLibrary(),
    },
    set,
  };
}
