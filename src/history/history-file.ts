// The history on the disk: read once, and written as a whole beside the old one, which it then replaces. So the file is never
// torn and never locked, and all of the waiting is done outside of the event loop: a disk that hangs holds up no answer.
// What was read and is none of ours is set aside and not thrown away; what could not be read is left alone, for it may be
// good; what cannot be written is tried again. Nothing here rejects.

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../clock/clock.ts';
import { openWithoutWaiting } from '../files/read-file.ts';
import { replaceFile } from '../files/replacement.ts';
import type { Log } from '../observe/log.ts';

/** The charts lose no more than this when the power fails (milliseconds); for the sake of SD cards not more often. */
const SAVE_EVERY_MS = 600_000;
/** An incident is on the disk so soon, with those that come along with it (milliseconds). */
const SOON_MS = 2000;
/** What flaps does not write all the time (milliseconds). */
const PAUSE_MS = 30_000;
/** A full or lost disk is tried again after this (milliseconds). */
const RETRY_MS = 60_000;
/** A disk that takes longer does not answer (milliseconds). */
const READ_WITHIN_MS = 10_000;
/** At the end, less than the drain: a disk that takes longer keeps the older file (milliseconds). */
const LAST_SAVE_WITHIN_MS = 3000;
/** A full history with the longest texts has 2.3 MiB (docs/history.md); octets. */
const MAX_FILE_OCTETS = 8 * 2 ** 20;

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room',
  EROFS: 'the disk can only be read: let this server write into state_dir',
};

export interface HistoryFileParts {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How a file is read; from the disk unless said. */
  readonly readWhole?: (path: string) => Promise<Uint8Array>;
}

/** What came of reading it. */
type Found =
  | { readonly octets: Uint8Array | null }
  /** It is there, and no history; the rest of a sentence that begins with its path. */
  | { readonly unfit: string }
  /** Nobody knows what is in it; a clause. */
  | { readonly unread: string };

export class HistoryFile {
  readonly path: string;
  readonly #parts: HistoryFileParts;
  #image: (() => Uint8Array) | null = null;
  #timer: Timer | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  /** The file is written by one at a time. */
  #turn: Promise<void> | null = null;
  /** Something has happened while it was written. */
  #isWanted = false;
  #problem: string | null = null;
  #isClosed = false;

  constructor(parts: HistoryFileParts) {
    this.#parts = parts;
    this.path = join(parts.stateDir, 'history.sqlite');
  }

  /** Why what is kept is in memory alone, in words; null: it is on the disk, or not yet. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Its octets; null: there is none that can be used; `unread`: nobody knows, and it must not be written over. */
  async read(): Promise<Uint8Array | 'unread' | null> {
    const over = Promise.withResolvers<Found>();
    const late = { unread: 'the disk does not answer' };
    const patience = this.#parts.clock.after(READ_WITHIN_MS, () => over.resolve(late));
    const found = await Promise.race([this.#find(), over.promise]);
    patience.cancel();
    if ('octets' in found) return found.octets;
    if ('unfit' in found) {
      await this.setAside(found.unfit);
      return null;
    }
    this.#problem = `${this.path} cannot be read (${found.unread}); the history is in memory alone until the next start, and what stands there is left as it is`;
    this.#parts.log.warn(this.#problem);
    return 'unread';
  }

  /** Changes nothing, since what it finds may come too late. */
  async #find(): Promise<Found> {
    try {
      return { octets: await (this.#parts.readWhole ?? readWhole)(this.path) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return { octets: null };
      if (code === 'EISDIR') return { unfit: 'is a directory' };
      return error instanceof TooLong ? { unfit: message } : { unread: code ?? message };
    }
  }

  /** Begins to write what `image` says, now and again. */
  keep(image: () => Uint8Array): void {
    this.#image = image;
    this.#wantWithin(SAVE_EVERY_MS);
  }

  /** Something has happened that should outlive a power cut. */
  soon(): void {
    if (this.#image !== null) this.#wantWithin(Math.max(SOON_MS, this.#savedAtMs + PAUSE_MS - this.#nowMs));
  }

  /** For the last time; resolves when that is done or takes too long. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    const over = Promise.withResolvers<void>();
    const patience = this.#parts.clock.after(LAST_SAVE_WITHIN_MS, over.resolve);
    await Promise.race([(this.#turn ?? Promise.resolve()).then(() => this.#save()), over.promise]);
    patience.cancel();
  }

  /** It keeps its content under another name, beside; one such file is kept. `why`: the rest of a sentence. */
  async setAside(why: string): Promise<void> {
    const { log } = this.#parts;
    const aside = `${this.path}.broken`;
    const moved = await rename(this.path, aside).then(
      () => `it is now ${aside}`,
      ({ code, message }: NodeJS.ErrnoException) => `it could not be moved aside (${code ?? message})`,
    );
    log.warn(`the history file ${this.path} ${why}; ${moved}, and the history begins anew`);
  }

  get #nowMs(): number {
    return this.#parts.clock.monotonic();
  }

  #wantWithin(ms: number): void {
    const dueMs = this.#nowMs + ms;
    if (this.#isClosed || dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#parts.clock.after(ms, () => {
      this.#dueMs = Number.POSITIVE_INFINITY;
      void this.#saveInTurn();
    });
  }

  /** A disk that hangs is not asked a second time; what is wanted meanwhile comes after it. */
  async #saveInTurn(): Promise<void> {
    if (this.#turn !== null) {
      this.#isWanted = true;
      return;
    }
    this.#isWanted = false;
    this.#turn = this.#save();
    await this.#turn;
    this.#turn = null;
    const isWell = this.#problem === null;
    this.#wantWithin(isWell && this.#isWanted ? PAUSE_MS : isWell ? SAVE_EVERY_MS : RETRY_MS);
  }

  async #save(): Promise<void> {
    const { log } = this.#parts;
    if (this.#image === null) return;
    try {
      await replaceFile(this.path, [this.#image()]);
      if (this.#problem !== null) log.info('the history is written again', { file: this.path });
      this.#problem = null;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const advice = ADVICE[code ?? ''] ?? 'make state_dir writable';
      const problem = `${this.path} cannot be written (${code ?? message}); ${advice}, or a restart forgets the incidents since`;
      if (problem !== this.#problem) log.warn(problem);
      this.#problem = problem;
    }
    this.#savedAtMs = this.#nowMs;
  }
}

class TooLong extends Error {}

async function readWhole(path: string): Promise<Uint8Array> {
  const handle = await openWithoutWaiting(path);
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_OCTETS) throw new TooLong(`is longer than ${MAX_FILE_OCTETS} octets`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
