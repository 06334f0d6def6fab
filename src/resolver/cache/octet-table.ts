// A table of octets by octets, outside the heap of JavaScript, bounded by octets, that a flood of new keys cannot empty:
// S3-FIFO (Yang et al., SOSP 2023), by whole segments (entry-log.ts). New entries are in the small ring. When that has more
// than its share and room is needed, those that were asked for again since go to the main ring, and the others go. At the end
// of the main ring, those that were asked for again go round once more. It keeps no ghosts of what is gone, unlike the paper.
// One thread writes; others may read (table-reader.ts). It knows nothing of DNS.

import { EntryArea, type TableKey, UNIT_OCTETS, unitsFor } from './entry-form.ts';
import { EntryLog, MAIN, NONE, type Ring, SEGMENT_BOOK_OCTETS, SMALL } from './entry-log.ts';
import { SlotIndex } from './slot-index.ts';

/** What of the segments new entries have at least: the rest is for those that were asked for again. */
const SMALL_SHARE = 0.2;

/** What of all octets the index takes: entries of 80 octets, the least that answers have, fill four fifths of its slots. */
const INDEX_SHARE = 1 / 8;

/** Emptying one takes 0.1 to 0.6 ms; the longest answer that there can be takes 80 KiB. */
export const MAX_SEGMENT_OCTETS = 128 * 1024;
const MIN_SEGMENTS = 16;
/** In front of the first segment, so that no place is 0 and entries begin with a cache line. */
const LEAD_UNITS = 8;

/** One segment stays free, for what is kept of another one while that is emptied. */
const SPARE_SEGMENTS = 1;

/**
 * How many segments are emptied for one new entry, with what was asked for again going to the main ring, before one goes with
 * all that is in it: a bound on how long that entry can take, some 5 ms. Most of the small ring's go there once in their lives.
 */
const MAX_EMPTIED = { [SMALL]: 16, [MAIN]: 4 } as const;

/** What a reader in another thread needs (table-reader.ts). */
export interface SharedTable {
  /** One word: the generation of the buffers that are in use now. */
  readonly control: SharedArrayBuffer;
  readonly index: SharedArrayBuffer;
  readonly area: SharedArrayBuffer;
  readonly generation: number;
}

export class OctetTable {
  readonly #generation = loneWord();
  readonly #onRenewed = new Set<(shared: SharedTable) => void>();
  #maxOctets: number;
  #index: SlotIndex;
  #area: EntryArea;
  #log: EntryLog;
  #entries = 0;

  /**
   * All of it is reserved at once; memory that was never written to costs nothing. Of less than some KiB it keeps nothing.
   * @throws RangeError where the machine refuses so much
   */
  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
    [this.#index, this.#area, this.#log] = emptyParts(maxOctets);
  }

  get maxOctets(): number {
    return this.#maxOctets;
  }

  get entries(): number {
    return this.#entries;
  }

  /** What the entries take, without the index. */
  get octetsHeld(): number {
    return this.#log.liveUnits * UNIT_OCTETS;
  }

  /** All that it may ever take: entries, index and books. */
  get octetsTaken(): number {
    const books = this.#log.segments * SEGMENT_BOOK_OCTETS;
    return this.#index.words.byteLength + this.#area.octets.byteLength + books;
  }

  /** Where the values lie, each at a multiple of eight. A place is good until the table changes. */
  get octets(): Uint8Array {
    return this.#area.octets;
  }

  /** Where the value begins, which has been asked for once more by this; -1: it is not there. */
  find(key: TableKey): number {
    const slot = this.#index.slotOf(key, this.#area);
    if (slot === NONE) return NONE;
    this.#index.mark(slot);
    return this.#area.valueOf(this.#index.placeAt(slot));
  }

  /** The same, and nothing else happens. */
  peek(key: TableKey): number {
    const slot = this.#index.slotOf(key, this.#area);
    return slot === NONE ? NONE : this.#area.valueOf(this.#index.placeAt(slot));
  }

  /** Of the value that begins there. */
  valueLength(at: number): number {
    return this.#area.valueLength(at);
  }

  /**
   * Keeps a value, which must not lie in the table itself: a new key's in the small ring, unless it is said to have earned
   * more; an old one's in the ring where it is. What is larger than a segment, key included, is not kept.
   */
  set(key: TableKey, value: Uint8Array, isProtected = false): void {
    const known = this.#index.slotOf(key, this.#area);
    const units = unitsFor(key.length, value.length);
    if (units > this.#log.segmentUnits) {
      if (known !== NONE) this.#free(known);
      return;
    }
    if (known !== NONE && this.#area.roomOf(this.#index.placeAt(known)) >= value.length) {
      this.#index.begin(known);
      this.#area.writeValue(this.#index.placeAt(known), value);
      this.#index.end(known);
      return;
    }
    const isMain = known === NONE ? isProtected : this.#log.isMain(this.#index.placeAt(known));
    const place = this.#placeFor(isMain ? MAIN : SMALL, units);
    let slot = this.#index.slotOf(key, this.#area); // an old one may have gone to make this room
    if (slot === NONE) slot = this.#slotFor(key.hash);
    else this.#drop(this.#index.placeAt(slot));
    this.#area.write(place, slot, key, value);
    this.#index.point(slot, key.hash, place);
  }

  /** Was it there? */
  delete(key: TableKey): boolean {
    const slot = this.#index.slotOf(key, this.#area);
    if (slot !== NONE) this.#free(slot);
    return slot !== NONE;
  }

  /** Gives the memory back, too. */
  clear(): void {
    [this.#index, this.#area, this.#log] = emptyParts(this.#maxOctets);
    this.#entries = 0;
    this.#renewed();
  }

  /**
   * More room, or less: then what is asked for least goes. Everything is copied, into new slots.
   * @throws RangeError where the machine refuses so much; then nothing has changed
   */
  resize(maxOctets: number): void {
    if (maxOctets === this.#maxOctets) return;
    const [index, area, log] = [this.#index, this.#area, this.#log];
    [this.#index, this.#area, this.#log] = emptyParts(maxOctets);
    this.#maxOctets = maxOctets;
    this.#entries = 0;
    for (const ring of [SMALL, MAIN] as const) {
      for (let from = log.oldest(ring); from !== NONE; from = log.newerThan(from)) {
        for (let place = log.start(from); place < log.end(from); place += area.unitsOf(place)) {
          const slot = area.slotOf(place);
          if (index.placeAt(slot) === place)
            this.#adopt(area, place, ring, index.tagAt(slot), index.isMarked(slot));
        }
      }
    }
    this.#renewed();
  }

  /** As it is until the next renewal: a clear or a resize, from which on readers find nothing in these buffers. */
  get shared(): SharedTable {
    return {
      control: this.#generation.buffer as SharedArrayBuffer,
      index: this.#index.words.buffer as SharedArrayBuffer,
      area: this.#area.octets.buffer as SharedArrayBuffer,
      generation: this.#generation[0]!,
    };
  }

  /** Calls `listener` with the new buffers, which are to be handed to the readers; returns how to stop that. */
  onRenewed(listener: (shared: SharedTable) => void): () => void {
    this.#onRenewed.add(listener);
    return () => this.#onRenewed.delete(listener);
  }

  #renewed(): void {
    Atomics.add(this.#generation, 0, 1);
    for (const listener of this.#onRenewed) listener(this.shared);
  }

  /**
   * For a walk over all entries that may pause: slots are numbered from 0 to this and hold an entry or none. A walk sees
   * every entry that lives as long as it takes, once, unless the table is resized; of those that come or go meanwhile it
   * may see any.
   */
  get slots(): number {
    return this.#index.slots;
  }

  /** Where the value begins; -1: the slot is empty. */
  at(slot: number): number {
    const place = this.#index.heldAt(slot);
    return place === 0 ? NONE : this.#area.valueOf(place);
  }

  /** A view that is good until the table changes; null: the slot is empty. */
  keyAt(slot: number): Uint8Array | null {
    const place = this.#index.heldAt(slot);
    return place === 0 ? null : this.#area.keyOf(place);
  }

  /** For a walk over all of them, which makes nothing of most; false: the slot is empty, or its key ends otherwise. */
  keyEndsWithAt(slot: number, ending: Uint8Array): boolean {
    const place = this.#index.heldAt(slot);
    return place !== 0 && this.#area.keyEndsWith(place, ending);
  }

  /** Has it been asked for again, and lately enough? */
  isProtectedAt(slot: number): boolean {
    const place = this.#index.heldAt(slot);
    return place !== 0 && (this.#index.isMarked(slot) || this.#log.isMain(place));
  }

  deleteAt(slot: number): void {
    if (this.#index.heldAt(slot) !== 0) this.#free(slot);
  }

  #free(slot: number): void {
    const place = this.#index.placeAt(slot);
    if (place === 0) return;
    this.#index.point(slot, 0, 0);
    this.#entries -= 1;
    this.#drop(place);
  }

  #drop(place: number): void {
    this.#log.drop(place, this.#area.unitsOf(place));
  }

  /** A slot for a new key, free and without a mark. */
  #slotFor(hash: number): number {
    const slot = this.#index.slotFor(hash, this.#worthOf);
    this.#free(slot);
    this.#index.unmark(slot);
    this.#entries += 1;
    return slot;
  }

  readonly #worthOf = (slot: number): number =>
    (this.#log.isMain(this.#index.placeAt(slot)) ? 1 : 0) + (this.#index.isMarked(slot) ? 2 : 0);

  #adopt(from: EntryArea, fromPlace: number, ring: Ring, hash: number, isMarked: boolean): void {
    const units = from.unitsOf(fromPlace);
    if (units > this.#log.segmentUnits) return;
    const place = this.#placeFor(ring, units);
    const slot = this.#slotFor(hash);
    this.#area.copy(place, from, fromPlace, units);
    this.#area.setSlot(place, slot);
    this.#index.point(slot, hash, place);
    if (isMarked) this.#index.mark(slot);
  }

  /** Room for a new entry, for which others may have to go. */
  #placeFor(ring: Ring, units: number): number {
    let place = this.#log.append(ring, units);
    if (place !== NONE) return place;
    if (this.#log.isHalfDead) this.#gather(); // rather than touch more memory
    const emptied = [0, 0];
    while (this.#log.free <= SPARE_SEGMENTS) {
      if (this.#gather()) continue;
      const from = this.#log.count(SMALL) > this.#log.segments * SMALL_SHARE ? SMALL : MAIN;
      const stays = emptied[from]! < MAX_EMPTIED[from] ? this.#isMarked : this.#isNone;
      this.#empty(this.#log.oldest(from), MAIN, stays);
      emptied[from]! += 1;
    }
    place = this.#log.append(ring, units); // what was moved may have opened another segment
    if (place !== NONE) return place;
    this.#log.open(ring);
    return this.#log.append(ring, units);
  }

  /** Where much of a segment is dead, of values that were replaced by longer ones or deleted, what lives moves elsewhere. */
  #gather(): boolean {
    const emptiest = this.#log.emptiest();
    if (emptiest !== NONE) this.#empty(emptiest, null, this.#isAny);
    return emptiest !== NONE;
  }

  readonly #isMarked = (slot: number): boolean => this.#index.isMarked(slot);
  readonly #isNone = (): boolean => false;
  readonly #isAny = (): boolean => true;

  /** Empties a segment: what stays goes to the newest of a ring (null: its own), and what goes there earned has no mark. */
  #empty(segment: number, to: Ring | null, stays: (slot: number) => boolean): void {
    const [index, area, log] = [this.#index, this.#area, this.#log];
    const own = log.take(segment);
    for (let place = log.start(segment), units = 0; place < log.end(segment); place += units) {
      units = area.unitsOf(place);
      const slot = area.slotOf(place);
      if (index.placeAt(slot) !== place) continue;
      if (!stays(slot)) {
        this.#free(slot);
        continue;
      }
      const ring = to ?? own;
      let next = log.append(ring, units);
      if (next === NONE) {
        log.open(ring);
        next = log.append(ring, units);
      }
      area.copy(next, area, place, units);
      if (to !== null) index.unmark(slot);
      index.point(slot, index.tagAt(slot), next);
      log.drop(place, units);
    }
    log.giveBack(segment);
  }
}

/** In a cache line, and the next that a processor fetches with it, to which nobody writes. */
const LONE_AT = 128;

function loneWord(): Int32Array {
  return loneWordIn(new SharedArrayBuffer(2 * LONE_AT + 4));
}

/** The word that all readers look at each time, in memory that nobody else has something in. */
export function loneWordIn(memory: SharedArrayBuffer): Int32Array {
  return new Int32Array(memory, LONE_AT, 1);
}

type Parts = [index: SlotIndex, area: EntryArea, log: EntryLog];

function emptyParts(maxOctets: number): Parts {
  const index = SlotIndex.of(maxOctets * INDEX_SHARE);
  const octets = Math.max(1, maxOctets - index.words.byteLength - LEAD_UNITS * UNIT_OCTETS);
  const share = 2 ** Math.floor(Math.log2(octets / MIN_SEGMENTS));
  const segmentOctets = Math.max(UNIT_OCTETS, Math.min(MAX_SEGMENT_OCTETS, share));
  const segments = Math.floor(octets / (segmentOctets + SEGMENT_BOOK_OCTETS));
  const area = new EntryArea(new SharedArrayBuffer(LEAD_UNITS * UNIT_OCTETS + segments * segmentOctets));
  return [index, area, new EntryLog(segments, segmentOctets / UNIT_OCTETS, LEAD_UNITS)];
}
