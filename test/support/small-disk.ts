// A disk of its own for a test: small, and if wanted one that can only be read. It needs root, and is unmounted at the end
// of the test process at the latest.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';
import { SYSTEM_PATH } from './running.ts';

export interface SmallDisk {
  /** Puts a file there that leaves no room. */
  fill(): void;
  /** From now on nothing there can be written. */
  makeReadOnly(): void;
  unmount(): void;
}

export function mountSmallDisk(directory: string, kib = 64): SmallDisk {
  mount('-t', 'tmpfs', '-o', `size=${kib}k`, 'noonmark-test', directory);
  let isMounted = true;
  const unmount = () => {
    if (!isMounted) return;
    isMounted = false;
    execFileSync('umount', ['-l', directory], { env: { PATH: SYSTEM_PATH } });
  };
  atExit(unmount);
  return {
    unmount,
    makeReadOnly: () => mount('-o', 'remount,ro', directory),
    fill() {
      try {
        for (;;) writeFileSync(join(directory, 'filler'), Buffer.alloc(1024), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
  };
}

function mount(...options: string[]): void {
  execFileSync('mount', options, { env: { PATH: SYSTEM_PATH } });
}
