// The index of the cache's table: which hash is at which place. Groups of seven slots, each group one cache line of 64
// octets: a version, marks, seven tags (the whole hash) and seven places; no place is 0. A key is in one of two groups (the
// power of two choices: Azar et al. 1994), so that slots never move. While half of all are in use, a new key finds a free one;
// at two thirds 3 of 1,000 do not, at four fifths 37 (simulated): they take that of another key.
// Writers of a group make its version odd, and even again when they are done: then a reader knows what to believe.

import type { EntryArea, TableKey } from './entry-form.ts';
import { storeWord } from './shared-octets.ts';

export const GROUP_OCTETS = 64;
export const GROUP_WORDS = GROUP_OCTETS / 4;
export const SLOTS = 7;
/** Words of a group. The version is the first. */
const MARKS = 1;
export const TAGS = 2;
/** From the word of a tag to the one of its place. */
export const PLACE = SLOTS;

/** Numbers of slots per group: the last one is never an entry's. */
export const NUMBERS = 8;
const NONE = -1;

/** Free slots that make the first group of a key good enough: most keys are found at the first look. */
const FREE_ENOUGH = 3;

/** 2^32 by the golden ratio (Knuth, volume 3, section 6.4): sends the same hash to another group. */
const OTHER_WAY = 0x9e3779b1;

export class SlotIndex {
  readonly words: Int32Array;
  /** How many numbers slots have. */
  readonly slots: number;
  readonly #groupsByHash: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    const groups = buffer.byteLength / GROUP_OCTETS;
    this.slots = groups * NUMBERS;
    this.#groupsByHash = groups / 2 ** 32;
  }

  /** The slot of a key, -1: none. */
  slotOf(key: TableKey, area: EntryArea): number {
    const hash = key.hash | 0;
    const slot = this.#slotIn(this.first(hash), hash, key, area);
    return slot === NONE ? this.#slotIn(this.second(hash), hash, key, area) : slot;
  }

  #slotIn(group: number, hash: number, key: TableKey, area: EntryArea): number {
    const words = this.words;
    const tags = group * GROUP_WORDS + TAGS;
    for (let at = tags; at < tags + SLOTS; at += 1) {
      if (words[at] !== hash) continue;
      const place = words[at + PLACE]!;
      if (place !== 0 && area.isKeyOf(place, key)) return group * NUMBERS + at - tags;
    }
    return NONE;
  }

  /** A slot for a new key, which may be that of another one: of the least worth, as `worthOf` says. */
  slotFor(hash: number, worthOf: (slot: number) => number): number {
    const first = this.first(hash | 0);
    const second = this.second(hash | 0);
    const free = this.#freeIn(first);
    const group = free >= FREE_ENOUGH || free >= this.#freeIn(second) ? first : second;
    const best = this.#leastIn(group, worthOf);
    if (this.placeAt(best) === 0) return best;
    const other = this.#leastIn(second, worthOf); // both are full
    return worthOf(other) < worthOf(best) ? other : best;
  }

  #leastIn(group: number, worthOf: (slot: number) => number): number {
    let best = group * NUMBERS;
    let least = Number.POSITIVE_INFINITY;
    for (let slot = best; slot < group * NUMBERS + SLOTS; slot += 1) {
      if (this.placeAt(slot) === 0) return slot;
      const worth = worthOf(slot);
      if (worth >= least) continue;
      best = slot;
      least = worth;
    }
    return best;
  }

  tagAt(slot: number): number {
    return this.words[tagOf(slot)]!;
  }

  /** 0: the slot is free. */
  placeAt(slot: number): number {
    return isSlot(slot) ? this.words[tagOf(slot) + PLACE]! : 0;
  }

  isMarked(slot: number): boolean {
    return (this.words[groupOf(slot) + MARKS]! & bitOf(slot)) !== 0;
  }

  /** Other threads mark too, and one mark of two may get lost by that. */
  mark(slot: number): void {
    const at = groupOf(slot) + MARKS;
    const marks = this.words[at]!;
    if ((marks & bitOf(slot)) === 0) this.words[at] = marks | bitOf(slot);
  }

  unmark(slot: number): void {
    this.words[groupOf(slot) + MARKS]! &= ~bitOf(slot);
  }

  point(slot: number, hash: number, place: number): void {
    this.begin(slot);
    storeWord(this.words, tagOf(slot), hash | 0);
    storeWord(this.words, tagOf(slot) + PLACE, place);
    this.end(slot);
  }

  /** Before anything changes that a slot leads to; `end` is after it. */
  begin(slot: number): void {
    const at = groupOf(slot);
    Atomics.store(this.words, at, (this.words[at]! + 1) | 0);
  }

  end(slot: number): void {
    this.begin(slot); // the next version is even
  }

  #freeIn(group: number): number {
    let free = 0;
    for (let slot = group * NUMBERS; slot < group * NUMBERS + SLOTS; slot += 1)
      if (this.placeAt(slot) === 0) free += 1;
    return free;
  }

  first(hash: number): number {
    return ((hash >>> 0) * this.#groupsByHash) | 0;
  }

  second(hash: number): number {
    return ((Math.imul(hash, OTHER_WAY) >>> 0) * this.#groupsByHash) | 0;
  }
}

function isSlot(slot: number): boolean {
  return (slot & (NUMBERS - 1)) !== SLOTS;
}

/** The first word of its group. */
function groupOf(slot: number): number {
  return (slot >>> 3) * GROUP_WORDS;
}

function tagOf(slot: number): number {
  return groupOf(slot) + TAGS + (slot & (NUMBERS - 1));
}

function bitOf(slot: number): number {
  return 1 << (slot & (NUMBERS - 1));
}
