// What the cache keeps, bounded by octets: answers by cache key, least recently used first to go.
// A small interface over lru-cache, so that a faster table can take its place without the link noticing.

import { LRUCache } from 'lru-cache';
import type { Answer } from '../dns/answer.ts';

/** An answer and when it came. */
export interface StoredAnswer {
  readonly answer: Answer;
  /** Monotonic milliseconds. */
  readonly storedAtMs: number;
}

export interface AnswerStore {
  get(key: string): StoredAnswer | undefined;
  set(key: string, stored: StoredAnswer): void;
  readonly entries: number;
  readonly octets: number;
}

/** Octets that an entry costs beyond its key and body: objects, table slots, offsets (measured: 383 with 69 of those). */
const ENTRY_OVERHEAD_OCTETS = 320;

export class LruAnswerStore implements AnswerStore {
  readonly #cache: LRUCache<string, StoredAnswer>;

  constructor(maxOctets: number) {
    this.#cache = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: (stored, key) => ENTRY_OVERHEAD_OCTETS + key.length + stored.answer.body.length,
    });
  }

  get(key: string): StoredAnswer | undefined {
    return this.#cache.get(key);
  }

  set(key: string, stored: StoredAnswer): void {
    this.#cache.set(key, stored);
  }

  get entries(): number {
    return this.#cache.size;
  }

  get octets(): number {
    return this.#cache.calculatedSize;
  }
}
