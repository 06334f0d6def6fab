// Notices that files have changed. They are polled, because fs.watch follows an inode: tools rename a new file, or a
// symbolic link to another directory, over the old one, and the watch stays on the file that is gone. A change counts
// when the files have held still for one period after it, since many are written in several steps.

import { stat } from 'node:fs/promises';
import type { Clock, Timer } from '../clock/clock.ts';

/** How often the files are looked at. */
export const LOOK_EVERY_MS = 2_000;

export interface FileWatchParts {
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** Called once for each change; a file that goes or comes is one. */
  readonly onChange: () => unknown;
}

export class FileWatch {
  readonly #parts: FileWatchParts;
  readonly #timer: Timer;
  #paths: readonly string[];
  /** Fingerprints of the files: when they were last looked at, and as their reader has them. */
  #seen = '';
  #known = '';
  #isLooking = false;

  constructor(parts: FileWatchParts) {
    this.#parts = parts;
    this.#paths = parts.paths;
    this.#timer = parts.clock.every(LOOK_EVERY_MS, () => void this.look());
  }

  /**
   * The files as they are now are known, and are `paths` from now on. Called before they are read: what is changed
   * while they are being read is a change.
   */
  async know(paths = this.#paths): Promise<void> {
    this.#paths = paths;
    this.#known = await this.#fingerprint();
  }

  /** Looks once. */
  async look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const fingerprint = await this.#fingerprint();
      const isStill = fingerprint === this.#seen;
      this.#seen = fingerprint;
      if (!isStill || fingerprint === this.#known) return;
      this.#known = fingerprint;
      await this.#parts.onChange();
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#timer.cancel();
  }

  async #fingerprint(): Promise<string> {
    return (await Promise.all(this.#paths.map(fingerprintOf))).join(' ');
  }
}

/** Changes whenever the file does; its ctime also notices a chmod, which may be just the repair asked for. */
async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
