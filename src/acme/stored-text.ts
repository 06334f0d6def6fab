// One file of the storage as text: read with a bound, replaced as a whole, moved aside when it cannot be used. What is
// wrong is said in words, with the path and what to do. What the text means is its reader's business. A secret that others
// may read is closed to them and used all the same: to refuse it would cost a good certificate, and give nobody his secret back.

import { chmod, type FileHandle, lstat, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openWithoutWaiting, reasonOf } from '../files/read-file.ts';
import { deleteFile, replaceFile } from '../files/replacement.ts';
import { StorageProblem } from './storage.ts';

/** For this user alone: keys are kept here. */
const DIRECTORY_MODE = 0o700;
const SECRET_FILE_MODE = 0o600;
/** Reading by anybody on the machine. */
const OTHERS_READ = 0o004;

/** Copies of one file that may stand aside before somebody has to look at them. */
const ASIDE_MAX = 100;

/** How a file with a key in it is kept from others. */
export interface Secrecy {
  /** What is not, behind a link say, keeps the mode that it has. */
  readonly isOurs: (text: string) => boolean;
  /** Told where everybody could read it, and what has become of that; a sentence with the path. */
  readonly onExposed: (sentence: string) => void;
}

/** Null: there is no such file. @param secrecy absent: anybody may read it @throws StorageProblem */
export async function readStoredText(
  path: string,
  octetsMax: number,
  secrecy?: Secrecy,
): Promise<string | null> {
  try {
    const handle = await openWithoutWaiting(path);
    try {
      // Asked of the open file, not of its path, which may mean another file a moment later.
      const stats = await handle.stat();
      if (!stats.isFile()) throw new StorageProblem(`${path}: it is not a plain file; move it away`);
      if (stats.size > octetsMax)
        throw new StorageProblem(`${path}: it is longer than ${octetsMax} octets, so not ours; move it away`);
      const text = await handle.readFile('utf8');
      if (secrecy?.isOurs(text) && isOpenToAll(stats))
        secrecy.onExposed(
          `${path}: it holds a key and everybody on the machine could read it; ${await seal(handle, path)}`,
        );
      return text;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof StorageProblem) throw error;
    if (isMissing(error)) return null;
    throw new StorageProblem(`${path}: ${reasonOf(error)}; ${adviceFor(error)}`);
  }
}

function isOpenToAll({ mode }: { readonly mode: number }): boolean {
  return (mode & OTHERS_READ) !== 0;
}

/** What came of it, in words. A share that knows no modes takes the call and does nothing, or refuses it. */
async function seal(handle: FileHandle, path: string): Promise<string> {
  const advice = `it is used all the same; keep others out of ${dirname(path)}, or run: chmod 600 ${path}`;
  try {
    await handle.chmod(SECRET_FILE_MODE);
    if (isOpenToAll(await handle.stat())) return `this file system does not keep the mode 600, and ${advice}`;
    return 'it has the mode 600 again, so give another program a copy of its own';
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return `that cannot be changed (${code ?? message}), and ${advice}`;
  }
}

/** As a whole or not at all; directories that are missing are made. @throws StorageProblem */
export async function writeStoredText(path: string, text: string): Promise<void> {
  await inWords(path, 'written', () => replaceFile(path, [text]));
}

/** Fine when there is none. @throws StorageProblem */
export async function deleteStored(path: string): Promise<void> {
  await inWords(path, 'deleted', () => deleteFile(path));
}

/** Directories that are missing, from the outermost on, each for this user alone. @throws StorageProblem */
export async function makeDirectories(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await inWords(path, 'made', async () => {
      const made = await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
      if (made !== undefined) await chmod(path, DIRECTORY_MODE); // a umask has taken from it
    });
  }
}

/** The file gets another name beside its own, which is returned; null: there was none. @throws StorageProblem */
export async function moveAside(path: string): Promise<string | null> {
  if (!(await mayBeThere(path))) return null;
  for (let number = 1; number <= ASIDE_MAX; number += 1) {
    const aside = `${path}.damaged${number === 1 ? '' : `-${number}`}`;
    if (await mayBeThere(aside)) continue;
    await inWords(path, 'moved aside', () => rename(path, aside));
    return aside;
  }
  throw new StorageProblem(
    `${path}: it cannot be moved aside, for there are ${ASIDE_MAX} like it in ${dirname(path)}; look at them and delete them`,
  );
}

/** Any error but "no such file" means that something may be there, which must not be overwritten. */
async function mayBeThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    return !isMissing(error);
  }
}

export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function inWords(path: string, done: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StorageProblem(`${path} cannot be ${done} (${code ?? message}); ${adviceFor(error)}`);
  }
}

const ADVICE = new Map([
  ['EACCES', 'make this user the owner of it and of its directory'],
  ['EPERM', 'make this user the owner of it and of its directory'],
  ['EROFS', 'this file system can only be read: name a directory on another'],
  ['ENOSPC', 'the disk is full: make room'],
  ['EDQUOT', 'the quota is used up: make room'],
  ['EEXIST', 'a file stands where a directory should be: move it away'],
  ['ENOTDIR', 'a file stands where a directory should be: move it away'],
]);

function adviceFor(error: unknown): string {
  return ADVICE.get((error as NodeJS.ErrnoException).code ?? '') ?? 'look at the disk';
}
