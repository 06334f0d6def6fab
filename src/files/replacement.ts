// A file that takes the place of another as a whole or not at all, through kill -9 and a power cut: a draft beside it is
// written, synced, and renamed over it. What the file means is its writer's business.

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** For this user alone. */
const OWN_DIRECTORY_MODE = 0o700;
const OWN_FILE_MODE = 0o600;

type Piece = string | Uint8Array;

export class Replacement {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /**
   * Opens the draft. A directory that is missing is made, for this user alone.
   * @param mode of the file from its first octet on, whatever the umask
   * @throws the system's error, as do all methods but giveTo() and abandon(); the old file then stands
   */
  static async begin(path: string, mode = OWN_FILE_MODE): Promise<Replacement> {
    await mkdir(dirname(path), { recursive: true, mode: OWN_DIRECTORY_MODE });
    await rm(draftOf(path), { force: true }); // of one that did not end, with whatever mode and owner it has
    const handle = await open(draftOf(path), 'wx', mode);
    const replacement = new Replacement(path, handle);
    await replacement.#orAbandon(() => handle.chmod(mode)); // a umask has taken from it
    return replacement;
  }

  write(piece: Piece): Promise<void> {
    return this.#orAbandon(() => this.#handle.writeFile(piece));
  }

  /**
   * Whose it will be, as far as this process may say: only root may. It is the draft itself that is given, before it has its
   * place: whoever owns the directory could have put a link to a file of somebody else there by now.
   */
  giveTo({ uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
    return this.#handle.chown(uid, gid).catch(() => {});
  }

  /** The draft takes the file's place. */
  commit(): Promise<void> {
    return this.#orAbandon(async () => {
      await this.#handle.sync(); // a power cut right after the rename must not leave an empty file
      await this.#handle.close();
      await rename(draftOf(this.#path), this.#path);
      await syncDirectory(dirname(this.#path));
    });
  }

  /** The old file stays, and no draft. Never rejects; what comes after a commit is nothing. */
  async abandon(): Promise<void> {
    await this.#handle.close().catch(() => {});
    await rm(draftOf(this.#path), { force: true }).catch(() => {});
  }

  async #orAbandon(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      await this.abandon(); // what matters is why it could not be written
      throw error;
    }
  }
}

/**
 * All of it at once; `pieces` may wait for their maker between one and the next.
 * @throws the system's error or what `pieces` throws; the old file then stands
 */
export async function replaceFile(
  path: string,
  pieces: Iterable<Piece>,
  mode = OWN_FILE_MODE,
): Promise<void> {
  const replacement = await Replacement.begin(path, mode);
  try {
    for (const piece of pieces) await replacement.write(piece);
  } catch (error) {
    await replacement.abandon();
    throw error;
  }
  await replacement.commit();
}

/** @throws the system's error, when there is one that cannot be deleted */
export async function deleteFile(path: string): Promise<void> {
  await Promise.all([path, draftOf(path)].map((one) => rm(one, { force: true })));
}

function draftOf(path: string): string {
  return `${path}.new`;
}

/** The rename itself, where the file system keeps such a thing. The file has its place already: nothing fails any more. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, 'r');
    await handle.sync().finally(() => handle.close());
  } catch {
    // after a power cut the old file may stand there again
  }
}
