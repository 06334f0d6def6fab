// The corpus of real malformed and odd DNS messages that lies beside the repository, in ../shared/corpus.
// One raw message a member of each zip. It is third-party material and is read where it lies, never copied.

import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const FOLDER = resolve(import.meta.dirname, '../../../shared/corpus');
const SAMPLE_SEED = 20261122;
/** Small enough for every run. */
const SAMPLE_SIZE = 60;

export interface CorpusMessage {
  /** "zip/member". */
  readonly name: string;
  readonly wire: Buffer;
}

export const hasCorpus = existsSync(FOLDER);

/** Everything, in a fixed order; empty where the folder is absent. */
export function wholeCorpus(): CorpusMessage[] {
  const files = globSync('*.zip', { cwd: FOLDER }).sort();
  return files.flatMap((file) =>
    membersOf(readFileSync(resolve(FOLDER, file))).map(({ name, content }) => ({
      name: `${basename(file, '.zip')}/${name}`,
      wire: content,
    })),
  );
}

/** The same messages in every run. */
export function sampleOfCorpus(size = SAMPLE_SIZE): CorpusMessage[] {
  const random = seeded(SAMPLE_SEED);
  return wholeCorpus()
    .map((message) => ({ message, rank: random() }))
    .sort((one, other) => one.rank - other.rank)
    .slice(0, size)
    .map(({ message }) => message);
}

/** Mulberry32: enough to choose by. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** A zip's central directory and its members, stored or deflated (PKWARE APPNOTE 4.3). */
function membersOf(zip: Buffer): { name: string; content: Buffer }[] {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const members: { name: string; content: Buffer }[] = [];
  for (let member = 0; member < count; member++) {
    const isDeflated = zip.readUInt16LE(at + 10) === 8;
    const size = zip.readUInt32LE(at + 20);
    const nameLength = zip.readUInt16LE(at + 28);
    const skipped = zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const raw = zip.subarray(start, start + size);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    members.push({ name, content: isDeflated ? inflateRawSync(raw) : Buffer.from(raw) });
    at += 46 + nameLength + skipped;
  }
  return members;
}
