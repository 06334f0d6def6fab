// What a question is found by in tables: its octets in one form (wishes, type, class, name in lower case), a hash of them,
// and the hashes of its name and of every name above it. All of it is made in one walk over the name, without a string.
// The seed is this process's own, and the same in all its threads: who chooses names cannot choose what meets in a table.

import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';
import type { NameKey } from './names.ts';
import { hashed, mixed, newSeed } from './quick-hash.ts';
import { lowerOctet } from './wire.ts';

/** Wishes (1), type (2) and class (2) stand before the name. */
export const NAME_IN_KEY_AT = 5;
/** With the longest name. */
const MAX_KEY_OCTETS = NAME_IN_KEY_AT + 255;
/** Of one octet each, and the root. */
const MAX_LABELS = 128;

/** Under which threads inherit it: what one finds in shared memory, another has put there. */
const SEED_NAME = 'seed of question keys';
const SEED = inheritedSeed() ?? ownSeed();

/** Good until it is filled anew. */
export class QuestionKey {
  readonly octets = Buffer.alloc(MAX_KEY_OCTETS);
  length = 0;
  /** 32 bits, signed. */
  hash = 0;
  /** Of the name, the root not counted. */
  labels = 0;
  /** Where each label begins, its length octet. */
  readonly #starts = new Uint16Array(MAX_LABELS);
  readonly #hashes = new Int32Array(MAX_LABELS);

  /** From QNAME, QTYPE and QCLASS, well-formed, as they stand in `message`. `wishes`: one octet that tells equal questions apart. */
  read(message: Uint8Array, nameAt: number, questionEnd: number, wishes: number): void {
    const { octets } = this;
    const nameEnd = questionEnd - 4;
    octets[0] = wishes;
    for (let at = 0; at < 4; at += 1) octets[1 + at] = message[nameEnd + at]!;
    this.#readName(message, nameAt, nameEnd);
  }

  /** From its own octets, as Query.cacheKey has them in a string. */
  readText(key: string): void {
    const length = this.octets.write(key, 'latin1');
    this.#readName(this.octets, NAME_IN_KEY_AT, length);
  }

  /** An octet a character. */
  get text(): string {
    return this.octets.toString('latin1', 0, this.length);
  }

  /** Of the name without its first `label` labels. */
  hashAt(label: number): number {
    return this.#hashes[label]!;
  }

  /** From the root to the first label: each name's hash is that of the name above it, gone on with. */
  #readName(message: Uint8Array, nameAt: number, nameEnd: number): void {
    const { octets } = this;
    const length = NAME_IN_KEY_AT + nameEnd - nameAt;
    let labels = 0;
    for (let at = nameAt; message[at] !== 0; at += 1 + message[at]!) this.#starts[labels++] = at;
    let hash = SEED;
    let end = nameEnd - 1;
    octets[length - 1] = 0;
    this.#hashes[labels] = hash;
    for (let label = labels - 1; label >= 0; label -= 1) {
      const start = this.#starts[label]!;
      for (let at = start; at < end; at += 1) {
        const octet = lowerOctet(message[at]!); // length octets are below any letter
        octets[NAME_IN_KEY_AT - nameAt + at] = octet;
        hash = hashed(hash, octet);
      }
      this.#hashes[label] = hash;
      end = start;
    }
    for (let at = 0; at < NAME_IN_KEY_AT; at += 1) hash = hashed(hash, octets[at]!);
    this.length = length;
    this.labels = labels;
    this.hash = mixed(hash);
  }
}

/** The key of a question by its text (see Query.cacheKey), for the rare reader. */
export function questionKey(text: string): QuestionKey {
  const key = new QuestionKey();
  key.readText(text);
  return key;
}

function inheritedSeed(): number | null {
  const seed = getEnvironmentData(SEED_NAME);
  return typeof seed === 'number' ? seed : null;
}

function ownSeed(): number {
  const seed = newSeed();
  setEnvironmentData(SEED_NAME, seed);
  return seed;
}

/** The hash that QuestionKey.hashAt has for this name. */
export function hashOfName(name: NameKey): number {
  return questionKey(`\0\0\0\0\0${name}`).hashAt(0);
}
