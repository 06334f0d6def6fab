// Notices that files have changed. They are polled, because fs.watch follows an inode: tools rename a new file, or a
// symbolic link to another directory, over the old one, and the watch stays on the file that is gone. A change counts
// when the files have held still for one period after it, since many are written in several steps. Files that nobody
// touches are looked at less often where the system gives hints (change-hints.ts), until it gives one.

import { type BigIntStats, stat } from 'node:fs';
import type { Clock, Timer } from '../clock/clock.ts';
import { type ChangeHints, changeHints } from './change-hints.ts';

/** How often the files are looked at. */
export const LOOK_EVERY_MS = 2_000;
/** Looks that found nothing new, until hints are asked for. */
const LOOKS_UNTIL_REST = 10;
/** With hints, of so many looks one is taken: whatever no hint is given of is noticed all the same. */
const LOOKS_AT_REST = 5;

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
  /** Looks that found nothing new since one that did. */
  #quietLooks = 0;
  /** Null: every look is taken. */
  #hints: ChangeHints | null = null;
  #isAskingForHints = false;

  constructor(parts: FileWatchParts) {
    this.#parts = parts;
    this.#paths = parts.paths;
    this.#timer = parts.clock.every(LOOK_EVERY_MS, () => this.#lookUnlessAtRest());
  }

  /**
   * The files as they are now are known, and are `paths` from now on. Called before they are read: what is changed
   * while they are being read is a change.
   */
  async know(paths = this.#paths): Promise<void> {
    this.#paths = paths;
    this.#wakeUp();
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
      if (!isStill || fingerprint !== this.#known) this.#wakeUp();
      if (!isStill || fingerprint === this.#known) return;
      this.#known = fingerprint;
      await this.#parts.onChange();
    } finally {
      this.#isLooking = false;
    }
  }

  close(): void {
    this.#timer.cancel();
    this.#wakeUp();
  }

  #lookUnlessAtRest(): void {
    const look = this.#quietLooks++;
    if (look === LOOKS_UNTIL_REST && !this.#isAskingForHints) void this.#rest();
    if (this.#hints === null || look % LOOKS_AT_REST === 0) void this.look();
  }

  async #rest(): Promise<void> {
    const paths = this.#paths;
    this.#isAskingForHints = true;
    const hints = await changeHints(paths, () => this.#wakeUp());
    this.#isAskingForHints = false;
    const isPast = paths !== this.#paths || this.#quietLooks < LOOKS_UNTIL_REST; // also where it was closed
    if (isPast) hints?.close();
    else this.#hints = hints;
    void this.look(); // what has changed before there were any
  }

  /** Every look is taken from now on. */
  #wakeUp(): void {
    this.#quietLooks = 0;
    this.#hints?.close();
    this.#hints = null;
  }

  async #fingerprint(): Promise<string> {
    return (await Promise.all(this.#paths.map(fingerprintOf))).join(' ');
  }
}

/** Changes whenever the file does; its ctime also notices a chmod, which may be just the repair asked for. */
function fingerprintOf(path: string): Promise<string> {
  return new Promise((resolve) =>
    // With a callback: what node:fs/promises does around it costs more than the look, day and night.
    stat(path, { bigint: true }, (error, stats) =>
      resolve(error === null ? inWords(stats) : String(error.code)),
    ),
  );
}

function inWords({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}
