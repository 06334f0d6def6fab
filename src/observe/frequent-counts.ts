// Which keys come most often, in bounded memory: the Space-Saving counters of Metwally, Agrawal and El Abbadi (2005). A key
// that is not counted yet takes the place of the one that was counted least. What is reported was really seen: at least so
// often, and exactly so often as long as no more keys have come than there is room for.

export interface Frequent {
  readonly key: string;
  /** At least. */
  readonly count: number;
}

interface Counter {
  key: string;
  count: number;
  /** Of `count`: what it may have from the keys that stood here before. */
  inherited: number;
  /** Where it stands in the heap. */
  at: number;
}

export class FrequentCounts {
  readonly #room: number;
  readonly #byKey = new Map<string, Counter>();
  /** The least one first; each no greater than the two at twice its place plus one and two. */
  readonly #heap: Counter[] = [];
  #isExact = true;

  /** @param room how many keys are counted at a time */
  constructor(room: number) {
    this.#room = room;
  }

  /** No more keys have come than there is room for. */
  get isExact(): boolean {
    return this.#isExact;
  }

  count(key: string): void {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count += 1;
      this.#sink(known);
    } else if (this.#heap.length < this.#room) this.#add(key);
    else this.#replaceLeast(key);
  }

  /** The most frequent ones, the first first; of equal ones in the order of their keys. */
  top(length: number): Frequent[] {
    return this.#heap
      .map(({ key, count, inherited }) => ({ key, count: count - inherited }))
      .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1))
      .slice(0, length);
  }

  #add(key: string): void {
    const counter = { key, count: 1, inherited: 0, at: this.#heap.length };
    this.#byKey.set(key, counter);
    this.#heap.push(counter);
    this.#rise(counter);
  }

  #replaceLeast(key: string): void {
    this.#isExact = false;
    const least = this.#heap[0]!;
    this.#byKey.delete(least.key);
    least.key = key;
    least.inherited = least.count;
    least.count += 1;
    this.#byKey.set(key, least);
    this.#sink(least);
  }

  #rise(counter: Counter): void {
    while (counter.at > 0) {
      const parent = this.#heap[(counter.at - 1) >> 1]!;
      if (parent.count <= counter.count) return;
      this.#swap(parent, counter);
    }
  }

  #sink(counter: Counter): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * counter.at + 1], this.#heap[2 * counter.at + 2]];
      if (left === undefined) return;
      const lesser = right !== undefined && right.count < left.count ? right : left;
      if (lesser.count >= counter.count) return;
      this.#swap(counter, lesser);
    }
  }

  #swap(above: Counter, below: Counter): void {
    const { at } = above;
    above.at = below.at;
    below.at = at;
    this.#heap[above.at] = above;
    this.#heap[below.at] = below;
  }
}
