// Files of this host as far as they may be long, and in words why one cannot be read.
// Configuration and state are read through here; what it means is the reader's business.

import { closeSync, constants, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** For reading; never waits for the other end of a pipe that stands in the file's place. */
export function openWithoutWaiting(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** By descriptor and with an end, so that a pipe works and a device does not fill the memory. */
export function readAtMost(path: string, octetsMax: number): Uint8Array {
  const descriptor = openSync(path, 'r');
  try {
    const buffer = new Uint8Array(octetsMax);
    let length = 0;
    for (let read = -1; read !== 0 && length < octetsMax; length += read) {
      read = readSync(descriptor, buffer, length, octetsMax - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

const REASONS = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'there is no such file'],
  ['EACCES', 'the file may not be read by this user'],
  ['EPERM', 'the file may not be read by this user'],
  ['EISDIR', 'it is a directory'],
]);

/** What `error`, thrown by a read, means. */
export function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS.get(code) ?? `the file cannot be read (${code || message})`;
}
