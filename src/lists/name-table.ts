// A million names in little memory: the octets of all names in a few large buffers, each behind one octet of marks, and
// a table of where they stand (open addressing, linear probing). Names are compared octet by octet, so a hash that two
// share is never a match. Built once from all its names, in slices, and then only read.
// What the marks mean is rules.ts; this file only joins those of equal names.

import { nextTurn } from '../clock/next-turn.ts';
import type { NameKey } from '../dns/names.ts';
import { hashed, mixed, newSeed } from '../dns/quick-hash.ts';

/** The largest lists that people use have about a million names; four of them are 130 MB. */
export const NAMES_MAX = 4_000_000;
const SEGMENT_BITS = 20;
const SEGMENT_OCTETS = 2 ** SEGMENT_BITS;
const SEGMENT_MASK = SEGMENT_OCTETS - 1;
const NAME_OCTETS_MAX = 255;
const LABELS_MAX = 127;
/** A half full table ends a fruitless search after 2.5 slots on average (Knuth, volume 3, section 6.4). */
const SLOTS_PER_NAME = 2;
/** At half full, a run of so many does not come about by chance: somebody has chosen names whose hashes collide. */
const PROBES_MAX = 1000;
/** Names put into the table in one go: about 2 ms on a slow machine. */
const NAMES_A_SLICE = 8192;
/** Nobody can choose names that collide without knowing it. */
const SEED = newSeed();

/** What cannot be a table; the message is part of a sentence. */
export class NamesRefused extends Error {
  readonly code = 'names-refused';
}

/** A name taken apart for look-ups in any number of tables: where each of its ancestors starts, itself first. */
export class AskedName {
  readonly octets = Buffer.alloc(NAME_OCTETS_MAX);
  readonly starts = new Uint8Array(LABELS_MAX + 1);
  readonly hashes = new Int32Array(LABELS_MAX + 1);
  length = 0;
  /** Of its labels: so many ancestors it has, with itself and without the root. */
  labels = 0;

  set(key: NameKey): this {
    this.length = this.octets.write(key, 0, 'latin1');
    this.labels = 0;
    for (let at = 0; this.octets[at]! > 0; at += 1 + this.octets[at]!) this.starts[this.labels++] = at;
    let hash = SEED;
    let label = this.labels - 1;
    for (let at = this.length - 1; at >= 0; at -= 1) {
      hash = hashed(hash, this.octets[at]!);
      if (label >= 0 && this.starts[label] === at) this.hashes[label--] = mixed(hash);
    }
    return this;
  }

  /** Ancestor number `label` as text, without a dot at its end. */
  textAt(label: number): string {
    const parts: string[] = [];
    for (let index = label; index < this.labels; index += 1) {
      const start = this.starts[index]!;
      parts.push(this.octets.toString('latin1', start + 1, start + 1 + this.octets[start]!));
    }
    return parts.join('.');
  }
}

export class NameTable {
  static readonly EMPTY = new NameTable([], new Uint32Array(2), 0);
  readonly #segments: readonly Uint8Array[];
  /** Where an entry stands, plus one; 0: none. */
  readonly #slots: Uint32Array;
  readonly entries: number;

  constructor(segments: readonly Uint8Array[], slots: Uint32Array, entries: number) {
    this.#segments = segments;
    this.#slots = slots;
    this.entries = entries;
  }

  /** Memory that it holds. */
  get octets(): number {
    return this.#segments.reduce((sum, { length }) => sum + length, this.#slots.byteLength);
  }

  /** The marks of ancestor number `label` of `name` (0: the name itself); 0 where it is not in the table. */
  marksAt(name: AskedName, label: number): number {
    const start = name.starts[label]!;
    const last = this.#slots.length - 1;
    for (let slot = name.hashes[label]! & last; ; slot = (slot + 1) & last) {
      const entry = this.#slots[slot]!;
      if (entry === 0) return 0;
      const at = (entry - 1) & SEGMENT_MASK;
      const segment = this.#segments[(entry - 1) >>> SEGMENT_BITS]!;
      if (isEqual(segment, at + 1, name.octets, start, name.length)) return segment[at]!;
    }
  }
}

/** Takes names as text and makes a table of them. */
export class NameTableBuilder {
  readonly #segments: Uint8Array[] = [];
  #used = SEGMENT_OCTETS;
  #names = 0;

  /**
   * @param text lower-case ASCII labels with dots between them, valid as a name
   * @throws NamesRefused when there are too many
   */
  add(text: string, marks: number): void {
    this.#names += 1;
    if (this.#names > NAMES_MAX) throw new NamesRefused(`it has more than ${NAMES_MAX} names`);
    if (this.#used + 1 + text.length + 2 > SEGMENT_OCTETS) this.#openSegment();
    const segment = this.#segments.at(-1)!;
    segment[this.#used] = marks;
    let lengthAt = this.#used + 1;
    let at = lengthAt + 1;
    for (let index = 0; index < text.length; index += 1, at += 1) {
      const octet = text.charCodeAt(index);
      if (octet === DOT) {
        segment[lengthAt] = at - lengthAt - 1;
        lengthAt = at;
      } else segment[at] = octet;
    }
    segment[lengthAt] = at - lengthAt - 1;
    segment[at] = 0;
    this.#used = at + 1;
  }

  /** @throws NamesRefused (by rejection) when the names were made to collide */
  async finish(): Promise<NameTable> {
    if (this.#names === 0) return NameTable.EMPTY;
    const segments = this.#segments;
    segments[segments.length - 1] = segments.at(-1)!.slice(0, this.#used); // the rest of it is given back
    const slots = new Uint32Array(2 ** Math.ceil(Math.log2(this.#names * SLOTS_PER_NAME)));
    let entries = 0;
    let untilPause = NAMES_A_SLICE;
    for (const [index, segment] of segments.entries()) {
      for (let at = 0; at < segment.length && segment[at] !== 0; ) {
        const end = endOf(segment, at + 1);
        if (place(segments, slots, index, at, end)) entries += 1;
        at = end;
        untilPause -= 1;
        if (untilPause > 0) continue;
        untilPause = NAMES_A_SLICE;
        await nextTurn();
      }
    }
    return new NameTable(segments, slots, entries);
  }

  #openSegment(): void {
    // What is left of the last one stays 0, and marks are never 0: there its entries end.
    this.#segments.push(new Uint8Array(SEGMENT_OCTETS));
    this.#used = 0;
  }
}

const DOT = '.'.charCodeAt(0);

/** Puts the entry into the table, or joins its marks to those of an equal one; false for the latter. */
function place(
  segments: readonly Uint8Array[],
  slots: Uint32Array,
  index: number,
  at: number,
  end: number,
): boolean {
  const segment = segments[index]!;
  const last = slots.length - 1;
  let slot = hashOf(segment, at + 1, end) & last;
  for (let probes = 0; probes < PROBES_MAX; probes += 1, slot = (slot + 1) & last) {
    const entry = slots[slot]!;
    if (entry === 0) {
      slots[slot] = index * SEGMENT_OCTETS + at + 1;
      return true;
    }
    const otherAt = (entry - 1) & SEGMENT_MASK;
    const other = segments[(entry - 1) >>> SEGMENT_BITS]!;
    if (!isEqual(other, otherAt + 1, segment, at + 1, end)) continue;
    other[otherAt]! |= segment[at]!;
    return false;
  }
  throw new NamesRefused('its names were chosen so that looking them up takes long');
}

/** Is the name at `at` the octets from `start` to `end`, which are a whole name? No name begins another one. */
function isEqual(entries: Uint8Array, at: number, name: Uint8Array, start: number, end: number): boolean {
  for (let from = start, to = at; from < end; from += 1, to += 1)
    if (entries[to] !== name[from]) return false;
  return true;
}

function endOf(octets: Uint8Array, start: number): number {
  let at = start;
  while (octets[at]! > 0) at += 1 + octets[at]!;
  return at + 1;
}

/** From the end of the name to its start, so that the hash of an ancestor is met on the way. */
function hashOf(octets: Uint8Array, start: number, end: number): number {
  let hash = SEED;
  for (let at = end - 1; at >= start; at -= 1) hash = hashed(hash, octets[at]!);
  return mixed(hash);
}
