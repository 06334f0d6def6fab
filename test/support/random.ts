// Numbers that look random and are the same in every run (mulberry32), for simulated loads.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mix = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mix = (mix + Math.imul(mix ^ (mix >>> 7), 61 | mix)) ^ mix;
    return ((mix ^ (mix >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Ranks from 0, each as frequent as 1 / (rank + 1) ^ exponent. */
  zipf(ranks: number, exponent: number): () => number {
    const sums = new Float64Array(ranks);
    let sum = 0;
    for (let rank = 0; rank < ranks; rank += 1) {
      sum += (rank + 1) ** -exponent;
      sums[rank] = sum;
    }
    return () => {
      const drawn = this.next() * sum;
      let [low, high] = [0, ranks - 1];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (sums[middle]! < drawn) low = middle + 1;
        else high = middle;
      }
      return low;
    };
  }
}
