// What the cache keeps, bounded by octets: answers by cache key, packed into strings, in a table that lets the unpopular
// go first (segmented-table.ts). Some may come from an earlier life of this server (cache-file.ts): their age is told by
// the date, and as long as that cannot be believed they are past their lifetime.

import type { Answer } from '../../dns/answer.ts';
import { isAtOrBelow, type NameKey } from '../../dns/names.ts';
import {
  type AgeOfDated,
  FIRST_DATE_MS,
  packAnswer,
  pastItsLifetime,
  timesOf,
  unpackAnswer,
} from '../../dns/packed-answer.ts';
import { SegmentedTable } from './segmented-table.ts';

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
  /** Grows whenever answers are forgotten on purpose; one that was asked for before that is not to be kept any more. */
  readonly generation: number;
  readonly entries: number;
  readonly octets: number;
}

/** One entry as it is kept. */
export interface KeptAnswer {
  readonly key: string;
  /** As dns/packed-answer.ts packs it. */
  readonly packed: string;
  /** It has been asked for again since it came, and lately enough. */
  readonly isPopular: boolean;
}

/**
 * How long an answer can be had after its lifetime. RFC 8767 section 5 suggests one to three days, for a resolver that
 * somebody watches; in a house the wrong clock may go unseen until the holiday is over.
 */
export const MAX_STALE_SECONDS = 7 * 86_400;

/** Flags, type and class stand before the name (Query.cacheKey). */
const NAME_IN_KEY_AT = 5;

export class PackedAnswerStore implements AnswerStore {
  readonly #table: SegmentedTable;
  readonly #maxStaleSeconds: number;
  readonly #onForget = new Set<() => void>();
  #ageOfDated: AgeOfDated = pastItsLifetime;
  #changes = 0;
  #generation = 0;

  /** @param maxStaleSeconds how long an answer can be had after its lifetime; 0: not at all. */
  constructor(maxOctets: number, maxStaleSeconds = MAX_STALE_SECONDS) {
    this.#maxStaleSeconds = maxStaleSeconds;
    this.#table = new SegmentedTable(maxOctets);
  }

  get maxOctets(): number {
    return this.#table.maxOctets;
  }

  resize(maxOctets: number): void {
    this.#table.resize(maxOctets);
  }

  get(key: string, nowMs: number): Answer | null {
    const packed = this.#table.get(key);
    return packed === undefined ? null : unpackAnswer(packed, nowMs, 0, this.#ageOfDated);
  }

  getStale(key: string, nowMs: number): Answer | null {
    const packed = this.#table.peek(key); // whoever asks this has asked `get` before, which counted it as used
    return packed === undefined ? null : unpackAnswer(packed, nowMs, this.#maxStaleSeconds, this.#ageOfDated);
  }

  set(key: string, answer: Answer, nowMs: number): void {
    this.#table.set(key, packAnswer(answer, nowMs));
    this.#changes += 1;
  }

  delete(key: string): void {
    this.#table.delete(key);
    this.#changes += 1;
  }

  clear(): void {
    this.#table.clear();
    this.#forgot();
  }

  /** Forgets what was learnt in this life of the server. */
  forgetLearnt(): void {
    for (let place = 0; place < this.#table.slots; place += 1) {
      const entry = this.#table.at(place);
      if (entry !== null && timesOf(entry.value).momentMs < FIRST_DATE_MS) this.#table.delete(entry.key);
    }
    this.#forgot();
  }

  /** Forgets every type of a name, and of the names below it where that is wanted; how many answers these were. */
  flush(name: NameKey, { below }: { readonly below: boolean }): number {
    const before = this.#table.entries;
    for (let slot = 0; slot < this.#table.slots; slot += 1) {
      const key = this.#table.at(slot)?.key;
      if (!key?.endsWith(name)) continue; // most keys, at little cost
      const own = key.slice(NAME_IN_KEY_AT);
      if (own === name || (below && isAtOrBelow(own, name))) this.#table.delete(key);
    }
    this.#forgot();
    return before - this.#table.entries;
  }

  /** Calls `listener` after answers were forgotten on purpose; returns how to stop that. */
  onForget(listener: () => void): () => void {
    this.#onForget.add(listener);
    return () => this.#onForget.delete(listener);
  }

  get entries(): number {
    return this.#table.entries;
  }

  get octets(): number {
    return this.#table.octets;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Grows with whatever is new or gone; restored answers are neither. */
  get changes(): number {
    return this.#changes;
  }

  /** For a walk over all answers that may pause: places are numbered from 0 to this (see SegmentedTable.slots). */
  get places(): number {
    return this.#table.slots;
  }

  /** What is kept in a place, fresh or not; null: nothing. */
  keptAt(place: number): KeptAnswer | null {
    const entry = this.#table.at(place);
    return entry === null ? null : { key: entry.key, packed: entry.value, isPopular: entry.isProtected };
  }

  /** Takes back what an earlier life has kept, with a date as its moment, unless there is a newer answer; did it? */
  restore({ key, packed, isPopular }: KeptAnswer): boolean {
    if (this.#table.has(key)) return false;
    this.#table.set(key, packed, isPopular);
    return true;
  }

  /** How old restored answers are; until this is told, they are past their lifetime. */
  tellAgesBy(ageOfDated: AgeOfDated): void {
    this.#ageOfDated = ageOfDated;
  }

  get ageOfDated(): AgeOfDated {
    return this.#ageOfDated;
  }

  #forgot(): void {
    this.#changes += 1;
    this.#generation += 1;
    for (const listener of this.#onForget) listener();
  }
}
