// The cache file on the disk: read frame by frame, and replaced as a whole by a rename, so that whatever ends this
// process or the power leaves one good file. Both wait for the disk after each frame and let queries be answered meanwhile.
// What the frames hold is cache-frames.ts, when it is read and written cache-file.ts.

import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FIRST_LINE, FRAME_HEAD_OCTETS, isIntact, LAST_FRAME, payloadOctets } from './cache-frames.ts';

const FILE_NAME = 'cache';
const DIRECTORY_MODE = 0o700;
/** It tells which names were asked for. */
const FILE_MODE = 0o600;

export function cacheFileIn(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

function draftOf(file: string): string {
  return `${file}.new`;
}

/** What is there is no whole cache file; the message says how. */
export class DamagedFile extends Error {}

/**
 * The payloads of a cache file's frames, the head's first.
 * @throws DamagedFile, after the payloads before the damage; or the system's error
 */
export async function* readFrames(file: string): AsyncGenerator<Buffer> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // never waits for a pipe's other end
  try {
    const firstLine = await readExactly(handle, FIRST_LINE.length);
    if (firstLine?.toString('latin1') !== FIRST_LINE)
      throw new DamagedFile('is not of this release or not ours');
    for (;;) {
      const head = await readExactly(handle, FRAME_HEAD_OCTETS);
      const octets = head === null ? null : payloadOctets(head);
      const payload = octets === null ? null : await readExactly(handle, octets);
      if (payload === null || !isIntact(head!, payload)) throw new DamagedFile('is torn');
      if (payload.length === 0) return;
      yield payload;
    }
  } finally {
    await handle.close();
  }
}

/** The next octets of a file; null when there are fewer. */
async function readExactly(handle: FileHandle, octets: number): Promise<Buffer | null> {
  const buffer = Buffer.allocUnsafe(octets);
  for (let length = 0; length < octets; ) {
    const { bytesRead } = await handle.read(buffer, length, octets - length, null);
    if (bytesRead === 0) return null;
    length += bytesRead;
  }
  return buffer;
}

/**
 * Replaces a cache file by one of these frames, readable by this user alone.
 * @throws the system's error or what `frames` throws; the old file then stands
 */
export async function replaceFile(file: string, frames: Iterable<Buffer>): Promise<void> {
  const draft = draftOf(file);
  await mkdir(dirname(file), { recursive: true, mode: DIRECTORY_MODE });
  await rm(draft, { force: true }); // of a save that did not end, with whatever mode it has
  try {
    const handle = await open(draft, 'wx', FILE_MODE);
    try {
      await handle.writeFile(FIRST_LINE, 'latin1');
      for (const one of frames) await handle.writeFile(one);
      await handle.writeFile(LAST_FRAME);
      await handle.sync(); // a power cut right after the rename must not leave an empty file
    } finally {
      await handle.close();
    }
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {}); // what matters is why it could not be written
    throw error;
  }
  await syncDirectory(dirname(file));
}

/** The rename itself, where the file system keeps such a thing. */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync().catch(() => {});
  } finally {
    await handle.close();
  }
}

/** @throws the system's error, when there is one that cannot be deleted */
export async function deleteCacheFile(file: string): Promise<void> {
  await Promise.all([file, draftOf(file)].map((path) => rm(path, { force: true })));
}
