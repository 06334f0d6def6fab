// Where entries of the cache's table lie: segments of equal size in one area, each part of one of two rings, which are
// written at their newest segment and emptied at their oldest. It says which place is next and which segment is empty; what
// stands there it does not know. Segments that are empty again go first, so that only memory is touched that is needed.

/** New entries; and those that have been asked for again. */
export const SMALL = 0;
export const MAIN = 1;
export type Ring = typeof SMALL | typeof MAIN;
/** Of a segment: nobody's, or being emptied. */
const NO_RING = 2;

export const NONE = -1;

/** Octets that the books below take for each segment. */
export const SEGMENT_BOOK_OCTETS = 25;

export class EntryLog {
  readonly segments: number;
  readonly segmentUnits: number;
  /** Units before the first segment: no entry's place is 0. */
  readonly #firstUnit: number;
  /** By segment: units written, units of entries that live, its ring, its neighbours in it. */
  readonly #written: Uint32Array;
  readonly #live: Uint32Array;
  readonly #ring: Uint8Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  /** By ring. */
  readonly #oldest = [NONE, NONE];
  readonly #newest = [NONE, NONE];
  readonly #counts = [0, 0];
  /** Segments that are empty again; and the first one that never was in use. */
  readonly #emptied: Int32Array;
  #emptiedCount = 0;
  #untouched = 0;
  #liveUnits = 0;

  constructor(segments: number, segmentUnits: number, firstUnit: number) {
    this.segments = segments;
    this.segmentUnits = segmentUnits;
    this.#firstUnit = firstUnit;
    this.#written = new Uint32Array(segments);
    this.#live = new Uint32Array(segments);
    this.#ring = new Uint8Array(segments).fill(NO_RING);
    this.#older = new Int32Array(segments);
    this.#newer = new Int32Array(segments);
    this.#emptied = new Int32Array(segments);
  }

  get free(): number {
    return this.segments - this.#untouched + this.#emptiedCount;
  }

  get liveUnits(): number {
    return this.#liveUnits;
  }

  /** Is less than half of what is in use alive? */
  get isHalfDead(): boolean {
    return this.#liveUnits * 2 < (this.segments - this.free) * this.segmentUnits;
  }

  count(ring: Ring): number {
    return this.#counts[ring]!;
  }

  oldest(ring: Ring): number {
    return this.#oldest[ring]!;
  }

  newerThan(segment: number): number {
    return this.#newer[segment]!;
  }

  /** The places of its entries are from here to `end`. */
  start(segment: number): number {
    return this.#firstUnit + segment * this.segmentUnits;
  }

  end(segment: number): number {
    return this.start(segment) + this.#written[segment]!;
  }

  isMain(place: number): boolean {
    return this.#ring[this.#segmentOf(place)] === MAIN;
  }

  /** The place of a new entry in the newest segment; -1: there is no room in that. */
  append(ring: Ring, units: number): number {
    const segment = this.#newest[ring]!;
    if (segment === NONE || this.#written[segment]! + units > this.segmentUnits) return NONE;
    const place = this.end(segment);
    this.#written[segment]! += units;
    this.#live[segment]! += units;
    this.#liveUnits += units;
    return place;
  }

  /** A free segment becomes the newest of a ring. There has to be one. */
  open(ring: Ring): void {
    const segment = this.#emptiedCount > 0 ? this.#emptied[--this.#emptiedCount]! : this.#untouched++;
    const newest = this.#newest[ring]!;
    this.#written[segment] = 0;
    this.#live[segment] = 0;
    this.#ring[segment] = ring;
    this.#older[segment] = newest;
    this.#newer[segment] = NONE;
    if (newest === NONE) this.#oldest[ring] = segment;
    else this.#newer[newest] = segment;
    this.#newest[ring] = segment;
    this.#counts[ring]! += 1;
  }

  /** An entry lives there no more. */
  drop(place: number, units: number): void {
    this.#live[this.#segmentOf(place)]! -= units;
    this.#liveUnits -= units;
  }

  /** Takes a segment out of its ring, to be emptied; returns the ring. */
  take(segment: number): Ring {
    const ring = this.#ring[segment] as Ring;
    const [older, newer] = [this.#older[segment]!, this.#newer[segment]!];
    if (older === NONE) this.#oldest[ring] = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest[ring] = older;
    else this.#older[newer] = older;
    this.#counts[ring]! -= 1;
    this.#ring[segment] = NO_RING;
    return ring;
  }

  /** A segment that was taken and has no entries any more is free. */
  giveBack(segment: number): void {
    this.#emptied[this.#emptiedCount++] = segment;
  }

  /** The segment with the least alive, if that is no more than half of it; -1: there is none. */
  emptiest(): number {
    let found = NONE;
    let least = this.segmentUnits / 2 + 1;
    for (let segment = 0; segment < this.#untouched; segment += 1) {
      const ring = this.#ring[segment]!;
      if (ring === NO_RING || this.#newest[ring] === segment || this.#live[segment]! >= least) continue;
      found = segment;
      least = this.#live[segment]!;
    }
    return found;
  }

  #segmentOf(place: number): number {
    return ((place - this.#firstUnit) / this.segmentUnits) | 0;
  }
}
