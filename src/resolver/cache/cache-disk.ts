// The cache file on the disk: read frame by frame, and replaced as a whole (files/replacement.ts), so that whatever ends
// this process or the power leaves one good file. Both wait for the disk after each frame and let queries be answered meanwhile.
// What the frames hold is cache-frames.ts, when it is read and written cache-file.ts.

import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { openWithoutWaiting } from '../../files/read-file.ts';
import { replaceFile } from '../../files/replacement.ts';
import { FIRST_LINE, FRAME_HEAD_OCTETS, isIntact, LAST_FRAME, payloadOctets } from './cache-frames.ts';

const FILE_NAME = 'cache';

export function cacheFileIn(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

/** What is there is no whole cache file; the message says how. */
export class DamagedFile extends Error {}

/**
 * The payloads of a cache file's frames, the head's first.
 * @throws DamagedFile, after the payloads before the damage; or the system's error
 */
export async function* readFrames(file: string): AsyncGenerator<Buffer> {
  const handle = await openWithoutWaiting(file);
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
export function writeFrames(file: string, frames: Iterable<Buffer>): Promise<void> {
  return replaceFile(file, wholeFile(frames));
}

function* wholeFile(frames: Iterable<Buffer>): Generator<Buffer | string> {
  yield FIRST_LINE;
  yield* frames;
  yield LAST_FRAME;
}
