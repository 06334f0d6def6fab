// Reads the cache's table from another thread, without a lock (a seqlock: Hemminger 2002; Boehm 2012 on why it works): what a
// slot leads to is copied into memory of the reader's own, and believed only if the version of its group was even and is the
// same afterwards. What cannot be had for certain counts as not there: the thread that writes can be asked. The only thing
// that a reader writes is the mark that an entry was asked for again. It knows nothing of DNS.

import {
  EntryArea,
  HEAD_UNITS,
  HEADS_UNITS,
  inUnits,
  type TableKey,
  UNIT_OCTETS,
  UNIT_WORDS,
} from './entry-form.ts';
import { loneWordIn, MAX_SEGMENT_OCTETS, type SharedTable } from './octet-table.ts';
import { loadWord, loadWords } from './shared-octets.ts';
import { NUMBERS, PLACE, SLOTS, SlotIndex, TAGS } from './slot-index.ts';

const NONE = -1;

/** The writer changes a group within a microsecond, but may be put to sleep in the middle of that. */
const MAX_TRIES = 3;

export class TableReader {
  /** The reader's own memory: where the value is that was found last, as long as nothing else is looked for. */
  readonly octets: Uint8Array;
  readonly #own: EntryArea;
  #generation: Int32Array;
  #shared: SharedTable;
  #index: SlotIndex;
  #area: EntryArea;
  #refused = 0;

  constructor(shared: SharedTable) {
    this.#own = new EntryArea(new ArrayBuffer(MAX_SEGMENT_OCTETS));
    this.octets = this.#own.octets;
    [this.#shared, this.#generation, this.#index, this.#area] = partsOf(shared);
  }

  /** The buffers that the writer has now (OctetTable.onRenewed). */
  adopt(shared: SharedTable): void {
    [this.#shared, this.#generation, this.#index, this.#area] = partsOf(shared);
  }

  /** Are these buffers still in use? If not, nothing is found before others are adopted. */
  get isCurrent(): boolean {
    return Atomics.load(this.#generation, 0) === this.#shared.generation;
  }

  /** How often something may have been there and could not be had for certain. */
  get refused(): number {
    return this.#refused;
  }

  /** Where the value begins in `octets`, which has been asked for once more by this; -1: it is not there. */
  find(key: TableKey): number {
    if (!this.isCurrent) return NONE;
    const hash = key.hash | 0;
    const at = this.#findIn(this.#index.first(hash), hash, key);
    return at === NONE ? this.#findIn(this.#index.second(hash), hash, key) : at;
  }

  /** Of the value that begins there. */
  valueLength(at: number): number {
    return this.#own.valueLength(at);
  }

  #findIn(group: number, hash: number, key: TableKey): number {
    const words = this.#index.words;
    const version = this.#index.sharedLineOf(group);
    const tags = version + TAGS;
    for (let at = tags; at < tags + SLOTS; at += 1) {
      for (let tries = 0; loadWord(words, at) === hash; tries += 1) {
        if (tries === MAX_TRIES) {
          this.#refused += 1;
          break;
        }
        const before = Atomics.load(words, version);
        if ((before & 1) !== 0) continue;
        const found = this.#copied(loadWord(words, at + PLACE), key);
        if (Atomics.load(words, version) !== before) continue;
        if (found === NONE) break;
        this.#index.mark(group * NUMBERS + at - tags);
        return found;
      }
    }
    return NONE;
  }

  /** An entry as it is just now, which may be half of one and half of another: lengths are believed as far as memory goes. */
  #copied(place: number, key: TableKey): number {
    const own = this.#own;
    const from = this.#area.words;
    const start = place * UNIT_WORDS;
    const heads = (HEADS_UNITS + inUnits(key.length)) * UNIT_WORDS;
    const most = Math.min(from.length - start, own.words.length);
    if (place === 0 || heads > most || loadWord(from, start + 1) !== key.length) return NONE;
    loadWords(own.words, 0, from, start, heads);
    const keyAt = HEAD_UNITS * UNIT_OCTETS;
    for (let i = 0; i < key.length; i += 1) if (own.octets[keyAt + i] !== key.octets[i]) return NONE;
    const count = inUnits(own.valueLength(heads * 4)) * UNIT_WORDS;
    if (heads + count > most) return NONE;
    loadWords(own.words, heads, from, start + heads, count);
    return heads * 4;
  }
}

function partsOf(shared: SharedTable): [SharedTable, Int32Array, SlotIndex, EntryArea] {
  return [shared, loneWordIn(shared.control), new SlotIndex(shared.index), new EntryArea(shared.area)];
}
