// What the cache keeps, bounded by octets: answers by cache key, packed into strings, least recently used first to go.
// A small interface over lru-cache, so that a faster table can take its place without the link noticing.

import { LRUCache } from 'lru-cache';
import type { Answer } from '../dns/answer.ts';
import { packAnswer, unpackAnswer } from '../dns/packed-answer.ts';

export interface AnswerStore {
  /** The answer with its age at `nowMs` (monotonic); null when it is not there or not good any more. */
  get(key: string, nowMs: number): Answer | null;
  /** The same, also when its lifetime is over but not for too long: for when nothing fresh can be had (RFC 8767). */
  getStale(key: string, nowMs: number): Answer | null;
  /** Keeps an answer that came at `nowMs` (monotonic): it is good for its lifetime, and stale after that. */
  set(key: string, answer: Answer, nowMs: number): void;
  delete(key: string): void;
  /** Forgets everything. */
  clear(): void;
  readonly entries: number;
  readonly octets: number;
}

/**
 * How long an answer can be had after its lifetime, on monotonic time. RFC 8767 section 5 suggests one to three days, for
 * a resolver that somebody watches; in a house the wrong clock may go unseen until the holiday is over.
 */
export const MAX_STALE_SECONDS = 7 * 86_400;

/** Octets that an entry costs beyond its key and its packed answer: table slots and string headers (measured). */
const ENTRY_OVERHEAD_OCTETS = 130;

export class LruAnswerStore implements AnswerStore {
  readonly #cache: LRUCache<string, string>;
  readonly #maxStaleSeconds: number;

  /** @param maxStaleSeconds how long an answer can be had after its lifetime; 0: not at all. */
  constructor(maxOctets: number, maxStaleSeconds = MAX_STALE_SECONDS) {
    this.#maxStaleSeconds = maxStaleSeconds;
    this.#cache = new LRUCache({
      maxSize: maxOctets,
      sizeCalculation: (packed, key) => ENTRY_OVERHEAD_OCTETS + key.length + packed.length,
    });
  }

  get(key: string, nowMs: number): Answer | null {
    const packed = this.#cache.get(key);
    return packed === undefined ? null : unpackAnswer(packed, nowMs);
  }

  getStale(key: string, nowMs: number): Answer | null {
    const packed = this.#cache.peek(key); // whoever asks this has asked `get` before, which counted it as used
    return packed === undefined ? null : unpackAnswer(packed, nowMs, this.#maxStaleSeconds);
  }

  set(key: string, answer: Answer, nowMs: number): void {
    this.#cache.set(key, packAnswer(answer, nowMs));
  }

  delete(key: string): void {
    this.#cache.delete(key);
  }

  clear(): void {
    this.#cache.clear();
  }

  get entries(): number {
    return this.#cache.size;
  }

  get octets(): number {
    return this.#cache.calculatedSize;
  }
}
