// Hints of the system that something has changed where files are: fs.watch on their directories, which is inotify(7) on Linux.
// A hint says "look", and no more. It is asked for on file systems of this machine alone, because of what others do to a
// network's nobody is told; and it follows inodes, so whoever relies on it still looks now and then (file-watch.ts).

import { type FSWatcher, watch } from 'node:fs';
import { realpath, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** By their magic numbers (statfs(2), linux/magic.h). */
const OF_THIS_MACHINE: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
  0x24051905, // UBIFS
  0x4d44, // FAT
]);

export interface ChangeHints {
  close(): void;
}

/**
 * Hints from now on: `onHint` is called when something may have changed in a directory that one of `paths` is in, or that a
 * symbolic link in its place leads to; also when no more will come. Null: they are not to be had for all of them.
 */
export async function changeHints(paths: readonly string[], onHint: () => void): Promise<ChangeHints | null> {
  const watchers: FSWatcher[] = [];
  const close = () => {
    for (const one of watchers) one.close();
  };
  try {
    for (const directory of await directoriesOf(paths)) {
      const { type } = await statfs(directory);
      if (!OF_THIS_MACHINE.has(type)) throw new Error('not a file system of this machine');
      watchers.push(watch(directory, { persistent: false }, onHint).on('error', onHint));
    }
    return { close };
  } catch {
    close(); // also where the system has no watches left, or a directory is not there
    return null;
  }
}

async function directoriesOf(paths: readonly string[]): Promise<Set<string>> {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return new Set([...paths, ...real].map((path) => dirname(path)));
}
