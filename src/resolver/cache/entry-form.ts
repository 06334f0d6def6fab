// An entry of the cache's table as octets, in units of eight: its slot and the length of its key (4 octets each), the key,
// padding; how many units all of it takes and the length of the value (4 each), the value, padding. So a value begins at a
// multiple of eight, and a key stands beside what is read first. A place is the unit at which an entry begins.

import { areOctets } from '../../octets/short-runs.ts';
import { copyWords, type Octets, storeOctets, storeWord } from './shared-octets.ts';

/** A key, and a hash of it with a seed that nobody outside knows (dns/quick-hash.ts): 32 bits, signed or not. */
export interface TableKey {
  readonly octets: Uint8Array;
  readonly length: number;
  readonly hash: number;
}

export const UNIT_OCTETS = 8;
export const UNIT_WORDS = 2;
export const HEAD_UNITS = 1;
/** What stands before the key, and before the value. */
export const HEADS_UNITS = 2 * HEAD_UNITS;

export function inUnits(octets: number): number {
  return (octets + UNIT_OCTETS - 1) >>> 3;
}

export function unitsFor(keyLength: number, valueLength: number): number {
  return HEADS_UNITS + inUnits(keyLength) + inUnits(valueLength);
}

export class EntryArea implements Octets {
  readonly words: Int32Array;
  readonly octets: Uint8Array;

  constructor(buffer: ArrayBufferLike) {
    this.words = new Int32Array(buffer);
    this.octets = new Uint8Array(buffer);
  }

  slotOf(place: number): number {
    return this.words[place * UNIT_WORDS]!;
  }

  /** Only while no slot points to it. */
  setSlot(place: number, slot: number): void {
    storeWord(this.words, place * UNIT_WORDS, slot);
  }

  isKeyOf(place: number, key: TableKey): boolean {
    const { length, octets } = key;
    if (this.words[place * UNIT_WORDS + 1] !== length) return false;
    const own = this.octets;
    const at = (place + HEAD_UNITS) * UNIT_OCTETS;
    for (let i = 0; i < length; i += 1) if (own[at + i] !== octets[i]) return false;
    return true;
  }

  keyOf(place: number): Uint8Array {
    const at = (place + HEAD_UNITS) * UNIT_OCTETS;
    return this.octets.subarray(at, at + this.words[place * UNIT_WORDS + 1]!);
  }

  keyEndsWith(place: number, ending: Uint8Array): boolean {
    const from = this.words[place * UNIT_WORDS + 1]! - ending.length;
    const at = (place + HEAD_UNITS) * UNIT_OCTETS + from;
    return from >= 0 && areOctets(ending, this.octets, at, at + ending.length);
  }

  /** The octet at which its value begins. */
  valueOf(place: number): number {
    return (place + HEADS_UNITS + inUnits(this.words[place * UNIT_WORDS + 1]!)) * UNIT_OCTETS;
  }

  valueLength(at: number): number {
    return this.words[at / 4 - 1]!;
  }

  unitsOf(place: number): number {
    return this.words[this.valueOf(place) / 4 - 2]!;
  }

  /** Octets that a value in its place may have. */
  roomOf(place: number): number {
    const at = this.valueOf(place);
    return (place + this.words[at / 4 - 2]!) * UNIT_OCTETS - at;
  }

  write(place: number, slot: number, key: TableKey, value: Uint8Array): void {
    storeWord(this.words, place * UNIT_WORDS, slot);
    storeWord(this.words, place * UNIT_WORDS + 1, key.length);
    storeOctets(this, (place + HEAD_UNITS) * UNIT_OCTETS, key.octets, key.length);
    const at = this.valueOf(place);
    storeWord(this.words, at / 4 - 2, unitsFor(key.length, value.length));
    this.writeValue(place, value);
  }

  writeValue(place: number, value: Uint8Array): void {
    const at = this.valueOf(place);
    storeWord(this.words, at / 4 - 1, value.length);
    storeOctets(this, at, value, value.length);
  }

  copy(place: number, from: EntryArea, fromPlace: number, units: number): void {
    copyWords(this.words, place * UNIT_WORDS, from.words, fromPlace * UNIT_WORDS, units * UNIT_WORDS);
  }
}
