// A list in a file, read in pieces so that queries are answered in between; of bounded length, and a plain file only.
// Whose file it is, the owner's or our own copy of what was fetched, does not matter here.

import type { FileHandle } from 'node:fs/promises';
import { openWithoutWaiting, reasonOf } from '../files/read-file.ts';
import { ListReader, type ReadList } from './list-reader.ts';
import { NamesRefused } from './name-table.ts';

/** A million names with addresses before them are 35 MB; beyond this it is no list of names. */
export const LIST_OCTETS_MAX = 64 * 2 ** 20;
/** One read of the system. */
const PIECE_OCTETS = 65_536;

/** @throws NamesRefused, or the system's error; `describeReadFailure` has words for both */
export async function readListFile(file: string): Promise<ReadList> {
  const handle = await openPlain(file);
  try {
    const reader = new ListReader();
    const piece = Buffer.allocUnsafe(PIECE_OCTETS);
    let octets = 0;
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, PIECE_OCTETS);
      if (bytesRead === 0) return await reader.finish();
      octets += bytesRead;
      if (octets > LIST_OCTETS_MAX) throw new NamesRefused(`it is longer than ${LIST_OCTETS_MAX} octets`);
      await reader.push(piece.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** Part of a sentence. */
export function describeReadFailure(error: unknown): string {
  return error instanceof NamesRefused ? error.message : reasonOf(error);
}

/** @throws NamesRefused for what is no file, and the system's error */
export async function openPlain(file: string): Promise<FileHandle> {
  const handle = await openWithoutWaiting(file);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new NamesRefused('it is not a plain file');
}
