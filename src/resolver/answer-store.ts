// What the cache keeps, bounded by octets: answers by cache key, packed into strings, least recently used first to go.
// A small interface over lru-cache, so that a faster table can take its place without the link noticing.

import { LRUCache } from 'lru-cache';
import type { Answer } from '../dns/answer.ts';
import { packAnswer, unpackAnswer } from '../dns/packed-answer.ts';

export interface AnswerStore {
  /** The answer with its age at `nowMs` (monotonic); null when it is not there or not good any more. */
  get(key: string, nowMs: number): Answer | null;
  /** Keeps an answer that came at `nowMs` (monotonic) for as long as its lifetime says. */
  set(key: string, answer: Answer, nowMs: number): void;
  readonly entries: number;
  readonly octets: number;
}

/** Octets that an entry costs beyond its key and its packed answer: table slots and string headers (measured). */
const ENTRY_OVERHEAD_OCTETS = 130;

export class LruAnswerStore implements AnswerStore {
  readonly #cache: LRUCache<string, string>;

  constructor(maxOctets: number) {
    this.#cache = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: (packed, key) => ENTRY_OVERHEAD_OCTETS + key.length + packed.length,
    });
  }

  get(key: string, nowMs: number): Answer | null {
    const packed = this.#cache.get(key);
    return packed === undefined ? null : unpackAnswer(packed, nowMs);
  }

  set(key: string, answer: Answer, nowMs: number): void {
    this.#cache.set(key, packAnswer(answer, nowMs));
  }

  get entries(): number {
    return this.#cache.size;
  }

  get octets(): number {
    return this.#cache.calculatedSize;
  }
}
