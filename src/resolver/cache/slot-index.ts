// The index of the cache's table: which hash is at which place. Groups of seven slots, each group one cache line of 64
// octets: a version, marks, seven tags (the whole hash) and seven places; no place is 0. A key is in one of two groups (the
// power of two choices: Azar et al. 1994), so that slots need not move: where both are full, others are, too, and every group
// is split into two, until all are in use. Then the new key takes the slot of another one: 3 of 1,000 at two thirds of all.
// Writers of a group make its version odd, and even again when they are done: then a reader knows what to believe.

import type { EntryArea, TableKey } from './entry-form.ts';
import { storeWord } from './shared-octets.ts';

const GROUP_OCTETS = 64;
const GROUP_WORDS = GROUP_OCTETS / 4;
export const SLOTS = 7;
/** Words of a group. The version is the first. */
const MARKS = 1;
export const TAGS = 2;
/** From the word of a tag to the one of its place. */
export const PLACE = SLOTS;
/** In front of the first group: its first word says how many times groups can still be split. */
const LEAD_GROUPS = 1;
const SPLITS_LEFT = 0;

/** Groups at first: little memory that the processor keeps near, for the few names of a house. */
const FIRST_GROUPS = 512;

/** Numbers of slots per group: the last one is never an entry's. */
export const NUMBERS = 8;
const NONE = -1;

/** Free slots that make the first group of a key good enough: most keys are found at the first look. */
const FREE_ENOUGH = 3;

/** 2^32 by the golden ratio (Knuth, volume 3, section 6.4): sends the same hash to another group. */
const OTHER_WAY = 0x9e3779b1;

/** A slot's number is its group's, when all are in use, by eight, and its own in that: so it keeps it when groups are split. */
export class SlotIndex {
  readonly words: Int32Array;
  readonly #groups: number;
  readonly #groupsByHash: number;

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.#groups = buffer.byteLength / GROUP_OCTETS - LEAD_GROUPS;
    this.#groupsByHash = this.#groups / 2 ** 32;
  }

  /** A new one. */
  static of(octets: number): SlotIndex {
    const groups = Math.max(1, Math.floor(octets / GROUP_OCTETS) - LEAD_GROUPS);
    const index = new SlotIndex(new SharedArrayBuffer((LEAD_GROUPS + groups) * GROUP_OCTETS));
    index.words[SPLITS_LEFT] = Math.max(0, Math.ceil(Math.log2(groups / FIRST_GROUPS)));
    return index;
  }

  /** How many numbers slots have. */
  get slots(): number {
    return this.#groups * NUMBERS;
  }

  /** The slot of a key, -1: none. */
  slotOf(key: TableKey, area: EntryArea): number {
    const hash = key.hash | 0;
    const slot = this.#slotIn(this.first(hash), hash, key, area);
    return slot === NONE ? this.#slotIn(this.second(hash), hash, key, area) : slot;
  }

  #slotIn(group: number, hash: number, key: TableKey, area: EntryArea): number {
    const words = this.words;
    const tags = this.#lineOf(group) + TAGS;
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
    if (this.#splitAll()) return this.slotFor(hash, worthOf);
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
    return this.words[this.#tagOf(slot)]!;
  }

  /** 0: the slot is free. Of a slot's number that some entry has or had. */
  placeAt(slot: number): number {
    return this.words[this.#tagOf(slot) + PLACE]!;
  }

  /** The same of any number: while groups are not split, several stand for one slot, of which an entry has one. */
  heldAt(slot: number): number {
    if ((slot & (NUMBERS - 1)) === SLOTS || this.placeAt(slot) === 0) return 0;
    const group = slot >>> 3;
    return this.#groupFor(this.tagAt(slot), group >>> this.#splitsLeft, this.#splitsLeft) === group
      ? this.placeAt(slot)
      : 0;
  }

  isMarked(slot: number): boolean {
    return (this.words[this.#lineOf(slot >>> 3) + MARKS]! & bitOf(slot)) !== 0;
  }

  /** Other threads mark too, and one mark of two may get lost by that. */
  mark(slot: number): void {
    const at = this.#lineOf(slot >>> 3) + MARKS;
    const marks = this.words[at]!;
    if ((marks & bitOf(slot)) === 0) this.words[at] = marks | bitOf(slot);
  }

  unmark(slot: number): void {
    this.words[this.#lineOf(slot >>> 3) + MARKS]! &= ~bitOf(slot);
  }

  point(slot: number, hash: number, place: number): void {
    this.begin(slot);
    storeWord(this.words, this.#tagOf(slot), hash | 0);
    storeWord(this.words, this.#tagOf(slot) + PLACE, place);
    this.end(slot);
  }

  /** Before anything changes that a slot leads to; `end` is after it. */
  begin(slot: number): void {
    this.#nextVersion(this.#lineOf(slot >>> 3));
  }

  end(slot: number): void {
    this.begin(slot); // the next version is even
  }

  first(hash: number): number {
    return ((hash >>> 0) * this.#groupsByHash) | 0;
  }

  second(hash: number): number {
    return ((Math.imul(hash, OTHER_WAY) >>> 0) * this.#groupsByHash) | 0;
  }

  /** The first word of a group where it is now, as any thread sees it. */
  sharedLineOf(group: number): number {
    return lineOf(group >>> Atomics.load(this.words, SPLITS_LEFT));
  }

  get #splitsLeft(): number {
    return this.words[SPLITS_LEFT]!;
  }

  #lineOf(group: number): number {
    return lineOf(group >>> this.#splitsLeft);
  }

  #tagOf(slot: number): number {
    return this.#lineOf(slot >>> 3) + TAGS + (slot & (NUMBERS - 1));
  }

  #freeIn(group: number): number {
    let free = 0;
    for (let slot = group * NUMBERS; slot < group * NUMBERS + SLOTS; slot += 1)
      if (this.placeAt(slot) === 0) free += 1;
    return free;
  }

  #nextVersion(line: number): void {
    if (line < this.words.length) Atomics.store(this.words, line, (this.words[line]! + 1) | 0);
  }

  /** The group that an entry with this hash has, when all are in use, if it has `part` of them now. */
  #groupFor(hash: number, part: number, splitsLeft: number): number {
    const first = this.first(hash);
    return first >>> splitsLeft === part ? first : this.second(hash);
  }

  /** Twice as many groups; are there? A million slots take some milliseconds, once in the life of a table. */
  #splitAll(): boolean {
    const left = this.#splitsLeft;
    if (left === 0) return false;
    for (let part = (this.#groups - 1) >>> left; part >= 0; part -= 1) this.#split(part, left);
    Atomics.store(this.words, SPLITS_LEFT, left - 1);
    return true;
  }

  /** From the last one on, so that the lines of both halves are free already; the first one's lower half stays. */
  #split(part: number, left: number): void {
    const words = this.words;
    const from = lineOf(part);
    const lines = part === 0 ? [from, lineOf(1)] : [from, lineOf(2 * part), lineOf(2 * part + 1)];
    for (const line of lines) this.#nextVersion(line);
    for (let at = 0; at < SLOTS; at += 1) {
      const tag = words[from + TAGS + at]!;
      const place = words[from + TAGS + at + PLACE]!;
      if (place === 0) continue;
      const to = lineOf(this.#groupFor(tag, part, left) >>> (left - 1));
      if (to === from) continue;
      storeWord(words, to + TAGS + at, tag);
      storeWord(words, to + TAGS + at + PLACE, place);
      storeWord(words, from + TAGS + at + PLACE, 0);
      words[to + MARKS]! &= ~bitOf(at);
      words[to + MARKS]! |= words[from + MARKS]! & bitOf(at);
    }
    for (const line of lines) this.#nextVersion(line);
  }
}

/** The first word of a group, counted as they are now. */
function lineOf(part: number): number {
  return (LEAD_GROUPS + part) * GROUP_WORDS;
}

function bitOf(slot: number): number {
  return 1 << (slot & (NUMBERS - 1));
}
