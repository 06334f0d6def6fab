// Which names could be meant: a set of hashes of names, asked with the hashes that a question has already. "No" is certain
// and costs a few steps; "perhaps" is for a look-up by the name itself. What has been filled may be lent to other threads.

import type { NameKey } from './names.ts';
import { hashOfName, type QuestionKey } from './question-key.ts';

const FIRST_SLOTS = 16;
/** Of all slots, so that most that are not there are told by the first look. */
const FULL = 1 / 4;

/** The hashes of a set that nobody adds to any more, each in memory that all threads see. */
export interface SharedNameHashes {
  readonly names: Int32Array;
  readonly trees: Int32Array;
}

export class NameHashes {
  readonly #names: HashSet;
  readonly #trees: HashSet;

  /** @param shared those of another thread, to be asked and not to be added to */
  constructor(shared?: SharedNameHashes) {
    this.#names = new HashSet(shared?.names);
    this.#trees = new HashSet(shared?.trees);
  }

  get shared(): SharedNameHashes {
    return { names: this.#names.slots, trees: this.#trees.slots };
  }

  /** This very name. */
  addName(name: NameKey): void {
    this.#names.add(hashOfName(name));
  }

  /** The name and all below it. */
  addTree(apex: NameKey): void {
    this.#trees.add(hashOfName(apex));
  }

  /** Could the name of this question be one of them? */
  mayHold(question: QuestionKey): boolean {
    if (this.#names.has(question.hashAt(0))) return true;
    for (let label = question.labels; label >= 0; label -= 1) {
      if (this.#trees.has(question.hashAt(label))) return true;
    }
    return false;
  }
}

/** Open addressing; 0 is a free slot, and the hash 0 is told as 1. */
class HashSet {
  #slots: Int32Array;
  #size = 0;

  constructor(slots = emptySlots(FIRST_SLOTS)) {
    this.#slots = slots;
  }

  get slots(): Int32Array {
    return this.#slots;
  }

  has(hash: number): boolean {
    return this.#slots[this.#slotOf(hash)] !== 0;
  }

  add(hash: number): void {
    const slot = this.#slotOf(hash);
    if (this.#slots[slot] !== 0) return;
    this.#slots[slot] = hash || 1;
    this.#size += 1;
    if (this.#size > this.#slots.length * FULL) this.#grow();
  }

  /** Where it is, or would be. */
  #slotOf(hash: number): number {
    const wanted = hash || 1;
    const mask = this.#slots.length - 1;
    let slot = Math.imul(wanted, 0x9e3779b1) >>> 0; // its low bits are FNV's, which spread badly
    slot = (slot ^ (slot >>> 15)) & mask;
    while (this.#slots[slot] !== 0 && this.#slots[slot] !== wanted) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const hashes = this.#slots.filter((hash) => hash !== 0);
    this.#slots = emptySlots(this.#slots.length * 2);
    this.#size = 0;
    for (const hash of hashes) this.add(hash);
  }
}

function emptySlots(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}
