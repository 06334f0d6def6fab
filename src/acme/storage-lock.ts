// One at a time, in this process and among all that share a directory: flock(2) on a file in it. The kernel lets go of it
// when its holder dies, kill -9 included; it works on one host, and over NFS (Linux since 2.6.12).
// Where flock is not to be had, one at a time in this process is all that is kept, and the log says so once.

import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import koffi from 'koffi';
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { StorageBusy, StorageProblem } from './storage.ts';
import { makeDirectories } from './stored-text.ts';

/** How often a lock that another holds is asked for (milliseconds). */
export const TRY_EVERY_MS = 250;

const FILE_MODE = 0o600;

/** flock(2): LOCK_EX | LOCK_NB, and LOCK_UN; the same on Linux, macOS and the BSDs. */
const TAKE_WITHOUT_WAITING = 2 | 4;
const LET_GO = 8;

/** Null when it was done, else the name of the system's error ("EAGAIN"). */
export type Flock = (descriptor: number, operation: number) => string | null;

/** The system's flock, or why it cannot be had. */
export function loadFlock(): { readonly flock: Flock } | { readonly flock: null; readonly reason: string } {
  try {
    const flock = koffi.load(null).func('int flock(int, int)') as unknown as (a: number, b: number) => number;
    const nameOf = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    nameOf.set(koffi.os.errno.EAGAIN!, 'EAGAIN'); // and EWOULDBLOCK, which is the same number
    return {
      flock(descriptor, operation) {
        if (flock(descriptor, operation) === 0) return null;
        const number = koffi.errno();
        return nameOf.get(number) ?? String(number);
      },
    };
  } catch (error) {
    return { flock: null, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** File systems without locks say one of these. */
const NO_LOCKS = ['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];

/**
 * Locks that this process holds, by path; null: the file is not locked, or not yet. The handles are kept here, for Node
 * closes one that nothing refers to any more, and an action that hangs may be such a nothing: its lock stays.
 */
const held = new Map<string, FileHandle | null>();

export interface StorageLockParts {
  /** Absolute path. It is made, and never deleted: who waits for it has it open. */
  readonly file: string;
  /** Those that lead to it and are made where they are missing, from the outermost on. */
  readonly directories: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly flock: ReturnType<typeof loadFlock>;
}

export class StorageLock {
  readonly #parts: StorageLockParts;
  #hasWarned = false;

  constructor(parts: StorageLockParts) {
    this.#parts = parts;
  }

  /**
   * Runs `action` with the lock. Not to be nested: the inner one would wait for the outer.
   * @throws StorageBusy when it was not to be had `withinMs`, StorageProblem when there is no making the file,
   *   and what `action` throws
   */
  async exclusively<T>(action: () => Promise<T>, withinMs: number): Promise<T> {
    const letGo = await this.#take(withinMs);
    try {
      return await action();
    } finally {
      await letGo();
    }
  }

  async #take(withinMs: number): Promise<() => Promise<void>> {
    const { clock, file } = this.#parts;
    const endMs = clock.monotonic() + withinMs;
    for (;;) {
      const letGo = await this.#try();
      if (letGo !== null) return letGo;
      const leftMs = endMs - clock.monotonic();
      if (leftMs <= 0) {
        const waited = `${Math.round(withinMs / 1000)} s`;
        throw new StorageBusy(
          `${file} was held for ${waited}: somebody else, here or in another Noonmark on this directory, is at it`,
        );
      }
      await new Promise<void>((resolve) => clock.after(Math.min(TRY_EVERY_MS, leftMs), resolve));
    }
  }

  /** How to let go of it again; null: another has it. */
  async #try(): Promise<(() => Promise<void>) | null> {
    const { file } = this.#parts;
    if (held.has(file)) return null;
    held.set(file, null);
    try {
      const handle = await this.#tryFile();
      if (handle === 'held') {
        held.delete(file);
        return null;
      }
      held.set(file, handle);
      return async () => {
        if (handle !== null) {
          this.#parts.flock.flock?.(handle.fd, LET_GO); // a program that is just being started may have it open too
          await handle.close().catch(() => {});
        }
        held.delete(file);
      };
    } catch (error) {
      held.delete(file);
      throw error;
    }
  }

  /** The locked file, null where files cannot be locked. */
  async #tryFile(): Promise<FileHandle | 'held' | null> {
    const { file, directories, flock: loaded } = this.#parts;
    if (loaded.flock === null) {
      this.#warn(loaded.reason);
      return null;
    }
    const handle = await openLockFile(file, directories);
    const error = loaded.flock(handle.fd, TAKE_WITHOUT_WAITING);
    if (error === null && (await isStill(handle, file))) return handle;
    await handle.close();
    if (error === null || error === 'EAGAIN' || error === 'EINTR') return 'held';
    if (!NO_LOCKS.includes(error)) throw new StorageProblem(`${file} cannot be locked (${error})`);
    this.#warn(`flock: ${error}`);
    return null;
  }

  #warn(reason: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { file, log } = this.#parts;
    log.warn(`${file} cannot be locked: let no other Noonmark share this directory`, { reason });
  }
}

async function openLockFile(file: string, directories: readonly string[]): Promise<FileHandle> {
  await makeDirectories(directories);
  try {
    // For writing, or NFS gives no exclusive lock; without waiting, should a pipe stand there.
    const handle = await open(file, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, FILE_MODE);
    await handle.chmod(FILE_MODE).catch(() => {}); // a umask has taken from it; or it is another user's
    return handle;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StorageProblem(`${file} cannot be opened (${code}); make this user the owner of certs_dir`);
  }
}

/** Somebody may have cleared the directory away: a lock on a file that is gone keeps nobody out. */
async function isStill(handle: FileHandle, file: string): Promise<boolean> {
  try {
    const [own, there] = await Promise.all([handle.stat({ bigint: true }), stat(file, { bigint: true })]);
    return own.ino === there.ino && own.dev === there.dev;
  } catch {
    return false;
  }
}
