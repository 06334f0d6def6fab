// The copy of a fetched list in state_dir/lists, so that a restart without the network blocks what it blocked before.
// The file is the list itself; its last line, a comment, says what it is of, and a file without that line is torn.
// That it cannot be written is told, and no more comes of it.

import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Replacement } from '../files/replacement.ts';
import { describeReadFailure, openPlain, readListFile } from './list-file.ts';
import type { ReadList } from './list-reader.ts';

const DIRECTORY = 'lists';
const LAST_LINE = /\n# noonmark list 1 (\{[^\n]*\})\n$/;
/** Of the last line: a URL of 2,048 characters and two validators of 1,024, escaped. */
const LAST_LINE_OCTETS_MAX = 16_384;
/** Copies, and drafts of fetches that did not end. */
const FILE_NAME = /^[0-9a-f]{32}\.txt(?:\.new)?$/;

/** What a server said to tell this version of a list by (RFC 9110 section 8.8). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface Kept extends Validators {
  /** Milliseconds since 1970. */
  readonly fetchedAtMs: number;
}

export interface KeptList {
  readonly read: ReadList;
  readonly kept: Kept;
}

export type FoundKept =
  | { readonly kind: 'found'; readonly list: KeptList }
  | { readonly kind: 'none' }
  /** Part of a sentence. */
  | { readonly kind: 'unusable'; readonly problem: string };

/** Where the copy of the list at `url` is. */
export function keptFile(stateDir: string, url: string): string {
  return join(stateDir, DIRECTORY, `${stemOf(url)}.txt`);
}

export async function readKept(stateDir: string, url: string): Promise<FoundKept> {
  const file = keptFile(stateDir, url);
  try {
    const kept = await readLastLine(file, url);
    if (kept === null) return { kind: 'unusable', problem: `${file} is torn or not ours` };
    return { kind: 'found', list: { read: await readListFile(file), kept } };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
    return { kind: 'unusable', problem: `${file} cannot be read: ${describeReadFailure(error)}` };
  }
}

async function readLastLine(file: string, url: string): Promise<Kept | null> {
  const handle = await openPlain(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, LAST_LINE_OCTETS_MAX);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    const [, json] = LAST_LINE.exec(buffer.subarray(0, bytesRead).toString('latin1')) ?? [];
    return json === undefined ? null : keptOf(json, url);
  } finally {
    await handle.close();
  }
}

function keptOf(json: string, url: string): Kept | null {
  try {
    const written = JSON.parse(json) as Record<string, unknown>;
    const { etag, lastModified, fetchedAtMs } = written;
    if (written.url !== url || typeof fetchedAtMs !== 'number') return null;
    return { etag: textOrNull(etag), lastModified: textOrNull(lastModified), fetchedAtMs };
  } catch {
    return null;
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Takes a list down while it comes in. After a failure it goes on doing nothing: the list itself is not at fault. */
export class KeptListWriter {
  readonly #file: string;
  readonly #url: string;
  /** Begun with the first piece: most fetches find the list unchanged. */
  #replacement: Replacement | null = null;
  /** Why nothing is kept; null while all is well. */
  problem: string | null = null;

  constructor(stateDir: string, url: string) {
    this.#url = url;
    this.#file = keptFile(stateDir, url);
  }

  async write(octets: Uint8Array): Promise<void> {
    await this.#attempt(async () => {
      this.#replacement ??= await Replacement.begin(this.#file);
      await this.#replacement.write(octets);
    });
  }

  /** All of it has come: the copy takes the place of the old one. */
  async commit(kept: Kept): Promise<void> {
    const replacement = this.#replacement;
    if (replacement === null) return;
    await this.#attempt(async () => {
      await replacement.write(`\n# noonmark list 1 ${JSON.stringify({ url: this.#url, ...kept })}\n`);
      await replacement.commit();
      this.#replacement = null;
    });
  }

  /** Lets go of what was not committed. */
  async close(): Promise<void> {
    await this.#replacement?.abandon();
    this.#replacement = null;
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    if (this.problem !== null) return;
    try {
      await act();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.problem = `${this.#file} cannot be written (${code ?? message})`;
      await this.close();
    }
  }
}

/** Removes the copies of lists that are not configured any more. Never rejects. */
export async function forgetOthers(stateDir: string, urls: readonly string[]): Promise<void> {
  const directory = join(stateDir, DIRECTORY);
  const stems = new Set(urls.map(stemOf));
  const names = await readdir(directory).catch(() => []);
  const others = names.filter((name) => FILE_NAME.test(name) && !stems.has(name.slice(0, 32)));
  await Promise.all(others.map((name) => rm(join(directory, name), { force: true }).catch(() => {})));
}

function stemOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 32);
}
