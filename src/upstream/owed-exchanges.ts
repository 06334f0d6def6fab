// What one connection owes, by IDs of its own. No Map: one that is filled and emptied all the time is copied now and then,
// and its old copy, once V8's old generation has it, keeps alive whatever was in it, until all of that is old as well and
// has to be collected the dear way. Here what goes is forgotten at once.

import type { Exchange } from './upstream.ts';

/** A power of two, above what any connection has in flight (DOT_MAX_IN_FLIGHT), so that a free ID is soon found. */
const SLOTS = 2048;
/** DNS has 16 bits for them (RFC 1035 section 4.1.1); they go round, so that a late reply seldom meets another's. */
const LAST_ID = 0xffff;

export class OwedExchanges {
  /** Each at its ID modulo SLOTS. */
  readonly #exchanges = new Array<Exchange | undefined>(SLOTS).fill(undefined);
  readonly #ids = new Uint16Array(SLOTS);
  #nextId = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** One whose slot is free; called by who has fewer than SLOTS in flight. */
  freeId(): number {
    while (this.#exchanges[this.#nextId % SLOTS] !== undefined) this.#nextId = (this.#nextId + 1) & LAST_ID;
    const id = this.#nextId;
    this.#nextId = (id + 1) & LAST_ID;
    return id;
  }

  get(id: number): Exchange | undefined {
    return this.#ids[id % SLOTS] === id ? this.#exchanges[id % SLOTS] : undefined;
  }

  has(id: number): boolean {
    return this.get(id) !== undefined;
  }

  /** @param id of freeId */
  set(id: number, exchange: Exchange): void {
    this.#ids[id % SLOTS] = id;
    this.#exchanges[id % SLOTS] = exchange;
    this.#size += 1;
  }

  delete(id: number): void {
    if (!this.has(id)) return;
    this.#exchanges[id % SLOTS] = undefined;
    this.#size -= 1;
  }

  clear(): void {
    this.#exchanges.fill(undefined);
    this.#size = 0;
  }

  *[Symbol.iterator](): Generator<[id: number, exchange: Exchange]> {
    for (let slot = 0; slot < SLOTS && this.#size > 0; slot += 1) {
      const exchange = this.#exchanges[slot];
      if (exchange !== undefined) yield [this.#ids[slot]!, exchange];
    }
  }
}
