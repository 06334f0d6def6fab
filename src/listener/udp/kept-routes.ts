// The ways back to clients whose answers come late, one after the other in one piece of memory: some 80 octets each, which as
// arrays of their own would cost as much again, and the collector's time. As many as wait, which `limits.pending_queries` bounds.

import { ROUTE_WORDS } from './message-batch.ts';

/** More than a house has waiting at most times. */
const FIRST_ROUTES = 16;

export class KeptRoutes {
  /** All of them, each from where `keep` has said. To be asked for anew after another has been kept. */
  words = new Int32Array(FIRST_ROUTES * ROUTE_WORDS);
  readonly #released: number[] = [];
  /** Behind the last one that ever was kept. */
  #end = 0;

  /** Copies the route that stands in `words` from `route` on; answers where it stands here. */
  keep(words: Int32Array, route: number): number {
    const to = this.#released.pop() ?? this.#next();
    for (let word = 0; word < ROUTE_WORDS; word += 1) this.words[to + word] = words[route + word]!;
    return to;
  }

  /** It is needed no more. */
  release(route: number): void {
    this.#released.push(route);
  }

  #next(): number {
    const next = this.#end;
    this.#end += ROUTE_WORDS;
    if (this.#end > this.words.length) {
      const roomier = new Int32Array(2 * this.words.length);
      roomier.set(this.words);
      this.words = roomier;
    }
    return next;
  }
}
