// A table of strings by string, bounded by octets, that a flood of new keys cannot empty: a segmented LRU (Karedla, Love
// and Wherry 1994). What is new is on probation; what is asked for again is protected, up to four fifths of the room,
// and then goes back to probation, oldest first. Only probation is evicted from.
// Entries live in slots of parallel arrays and keep theirs as long as they live, so that a walk over the slots can pause
// while entries come, go and move. It knows nothing of DNS.

/** What of the room may be protected: the rest always lets new keys in, and four fifths is the share that the paper ends with. */
const PROTECTED_SHARE = 0.8;

/** Octets that an entry costs beyond its key and value: table slots and string headers (measured). */
export const ENTRY_OVERHEAD_OCTETS = 130;

/** The two rings and their anchors, which are slots that hold nothing: newest behind the anchor, oldest before it. */
const PROBATION = 0;
const PROTECTED = 1;
type Ring = typeof PROBATION | typeof PROTECTED;

const FIRST_CAPACITY = 64;
const NONE = -1;

export class SegmentedTable {
  #maxOctets: number;
  readonly #slots = new Map<string, number>();
  /** By slot; undefined where it is free. */
  #keys: (string | undefined)[] = [];
  #values: string[] = [];
  #older = new Int32Array(FIRST_CAPACITY);
  /** Of a free slot: the next free one. */
  #newer = new Int32Array(FIRST_CAPACITY);
  #ring = new Uint8Array(FIRST_CAPACITY);
  #free = NONE;
  /** Of the probation and of the protected ring. */
  #octetsIn: [number, number] = [0, 0];

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
    this.clear();
  }

  get maxOctets(): number {
    return this.#maxOctets;
  }

  /** More room, or less: then what is asked for least goes at once. */
  resize(maxOctets: number): void {
    this.#maxOctets = maxOctets;
    this.#holdLimits();
  }

  /** The value, which has been asked for once more by this. */
  get(key: string): string | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    if (this.#ring[slot] === PROTECTED) this.#renew(slot);
    else this.#protect(slot);
    return this.#values[slot];
  }

  /** The value, and nothing else happens. */
  peek(key: string): string | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#values[slot];
  }

  has(key: string): boolean {
    return this.#slots.has(key);
  }

  /** Keeps a value: a new key on probation, unless it is said to have earned more; an old one where it is. */
  set(key: string, value: string, isProtected = false): void {
    const octets = costOf(key, value);
    const known = this.#slots.get(key);
    if (known !== undefined && octets <= this.#maxOctets) {
      this.#octetsIn[this.#ring[known] as Ring] += octets - costOf(key, this.#values[known]!);
      this.#values[known] = value;
      this.#renew(known);
      this.#holdLimits();
      return;
    }
    this.delete(key);
    if (octets > this.#maxOctets) return;
    const slot = this.#takeSlot();
    this.#slots.set(key, slot);
    this.#keys[slot] = key;
    this.#values[slot] = value;
    this.#join(slot, isProtected ? PROTECTED : PROBATION, octets);
    this.#holdLimits();
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot !== undefined) this.#drop(slot, key);
  }

  clear(): void {
    this.#slots.clear();
    this.#keys = [undefined, undefined];
    this.#values = ['', ''];
    this.#free = NONE;
    this.#octetsIn = [0, 0];
    for (const anchor of [PROBATION, PROTECTED]) {
      this.#older[anchor] = anchor;
      this.#newer[anchor] = anchor;
    }
  }

  get entries(): number {
    return this.#slots.size;
  }

  get octets(): number {
    return this.#octetsIn[PROBATION] + this.#octetsIn[PROTECTED];
  }

  /**
   * For a walk over all entries that may pause: slots are numbered from 0 to this and hold an entry or null. A walk sees
   * every entry that lives as long as it takes, once; of those that come or go meanwhile it may see any.
   */
  get slots(): number {
    return this.#keys.length;
  }

  at(slot: number): { key: string; value: string; isProtected: boolean } | null {
    const key = this.#keys[slot];
    if (key === undefined) return null;
    return { key, value: this.#values[slot]!, isProtected: this.#ring[slot] === PROTECTED };
  }

  #protect(slot: number): void {
    const octets = costOf(this.#keys[slot]!, this.#values[slot]!);
    this.#leave(slot, octets);
    this.#join(slot, PROTECTED, octets);
    this.#demote();
  }

  #demote(): void {
    while (this.#octetsIn[PROTECTED] > Math.floor(this.#maxOctets * PROTECTED_SHARE)) {
      const oldest = this.#newer[PROTECTED]!;
      const octets = costOf(this.#keys[oldest]!, this.#values[oldest]!);
      this.#leave(oldest, octets);
      this.#join(oldest, PROBATION, octets);
    }
  }

  /** Where the protected ring is within its share, whatever is too much is on probation. */
  #holdLimits(): void {
    this.#demote();
    while (this.octets > this.#maxOctets) {
      const oldest = this.#newer[PROBATION]!;
      this.#drop(oldest, this.#keys[oldest]!);
    }
  }

  #drop(slot: number, key: string): void {
    this.#leave(slot, costOf(key, this.#values[slot]!));
    this.#slots.delete(key);
    this.#keys[slot] = undefined;
    this.#values[slot] = '';
    this.#newer[slot] = this.#free;
    this.#free = slot;
  }

  #takeSlot(): number {
    const slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.#newer[slot]!;
      return slot;
    }
    const end = this.#keys.length;
    if (end === this.#ring.length) this.#grow();
    this.#keys.push(undefined);
    this.#values.push('');
    return end;
  }

  #grow(): void {
    const capacity = this.#ring.length * 2;
    const [older, newer, ring] = [this.#older, this.#newer, this.#ring];
    this.#older = new Int32Array(capacity);
    this.#newer = new Int32Array(capacity);
    this.#ring = new Uint8Array(capacity);
    this.#older.set(older);
    this.#newer.set(newer);
    this.#ring.set(ring);
  }

  /** Becomes the newest of the ring that it is in. */
  #renew(slot: number): void {
    const ring = this.#ring[slot]!;
    if (this.#older[ring] === slot) return;
    this.#unlink(slot);
    this.#linkNewest(slot, ring);
  }

  #join(slot: number, ring: Ring, octets: number): void {
    this.#ring[slot] = ring;
    this.#octetsIn[ring] += octets;
    this.#linkNewest(slot, ring);
  }

  #leave(slot: number, octets: number): void {
    this.#octetsIn[this.#ring[slot] as Ring] -= octets;
    this.#unlink(slot);
  }

  #unlink(slot: number): void {
    const [older, newer] = [this.#older[slot]!, this.#newer[slot]!];
    this.#newer[older] = newer;
    this.#older[newer] = older;
  }

  /** A ring runs from its anchor by `newer` from the oldest to the newest and back to the anchor. */
  #linkNewest(slot: number, anchor: number): void {
    const newest = this.#older[anchor]!;
    this.#newer[newest] = slot;
    this.#older[slot] = newest;
    this.#newer[slot] = anchor;
    this.#older[anchor] = slot;
  }
}

function costOf(key: string, value: string): number {
  return ENTRY_OVERHEAD_OCTETS + key.length + value.length;
}
