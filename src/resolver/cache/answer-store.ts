// What the cache keeps, bounded by octets: answers by the key of their question, packed, in a table outside V8's heap that
// lets the unpopular go first (octet-table.ts). Some may come from an earlier life of this server (cache-file.ts): their age is told by
// the date, and as long as that cannot be believed they are past their lifetime.

import { Answer, type AnswerView } from '../../dns/answer.ts';
import { isAtOrBelow, type NameKey, nameOctets } from '../../dns/names.ts';
import {
  type AgeOfDated,
  ageAt,
  FIRST_DATE_MS,
  lendAnswer,
  lifetimeAt,
  momentAt,
  packAnswer,
  pastItsLifetime,
} from '../../dns/packed-answer.ts';
import { NAME_IN_KEY_AT, QuestionKey } from '../../dns/question-key.ts';
import type { TableKey } from './entry-form.ts';
import { OctetTable, type SharedTable } from './octet-table.ts';

export interface AnswerStore {
  /**
   * The answer with its age at `nowMs` (monotonic); null when it is not there or not good any more. It is lent: good
   * until this store is asked or told anything else.
   */
  get(key: TableKey, nowMs: number): AnswerView | null;
  /** The same, also when its lifetime is over but not for too long: for when nothing fresh can be had (RFC 8767). Kept. */
  getStale(key: TableKey, nowMs: number): Answer | null;
  /** Keeps an answer that came at `nowMs` (monotonic): it is good for its lifetime, and stale after that. */
  set(key: TableKey, answer: Answer, nowMs: number): void;
  delete(key: TableKey): void;
  /** Forgets everything. */
  clear(): void;
  /** Grows whenever answers are forgotten on purpose; one that was asked for before that is not to be kept any more. */
  readonly generation: number;
  readonly entries: number;
  readonly octets: number;
}

/** One entry as it is kept. */
export interface KeptAnswer {
  /** As Query.cacheKey. */
  readonly key: string;
  /** As dns/packed-answer.ts packs it. */
  readonly packed: Buffer;
  /** It has been asked for again since it came, and lately enough. */
  readonly isPopular: boolean;
}

/**
 * How long an answer can be had after its lifetime. RFC 8767 section 5 suggests one to three days, for a resolver that
 * somebody watches; in a house the wrong clock may go unseen until the holiday is over.
 */
export const MAX_STALE_SECONDS = 7 * 86_400;

export class PackedAnswerStore implements AnswerStore {
  readonly #table: OctetTable;
  readonly #lent = Answer.toBeLent();
  /** Of an entry that is not a query's. */
  readonly #key = new QuestionKey();
  readonly #maxStaleSeconds: number;
  readonly #onForget = new Set<() => void>();
  #ageOfDated: AgeOfDated = pastItsLifetime;
  #changes = 0;
  #generation = 0;

  /** @param maxStaleSeconds how long an answer can be had after its lifetime; 0: not at all. */
  constructor(maxOctets: number, maxStaleSeconds = MAX_STALE_SECONDS) {
    this.#maxStaleSeconds = maxStaleSeconds;
    this.#table = new OctetTable(maxOctets);
  }

  get maxOctets(): number {
    return this.#table.maxOctets;
  }

  resize(maxOctets: number): void {
    this.#table.resize(maxOctets);
  }

  /** For readers in other threads, until it is renewed (OctetTable). */
  get shared(): SharedTable {
    return this.#table.shared;
  }

  onRenewed(listener: () => void): () => void {
    return this.#table.onRenewed(listener);
  }

  get(key: TableKey, nowMs: number): AnswerView | null {
    return this.#unpack(this.#table.find(key), nowMs, 0);
  }

  getStale(key: TableKey, nowMs: number): Answer | null {
    const at = this.#table.peek(key); // whoever asks this has asked `get` before, which counted it as used
    return this.#unpack(at, nowMs, this.#maxStaleSeconds)?.kept() ?? null;
  }

  #unpack(at: number, nowMs: number, staleSeconds: number): AnswerView | null {
    if (at < 0) return null;
    const { octets } = this.#table;
    const ageSeconds = ageAt(octets, at, nowMs, this.#ageOfDated);
    if (ageSeconds >= lifetimeAt(octets, at) + staleSeconds) return null;
    lendAnswer(this.#lent, octets, at, this.#table.valueLength(at), ageSeconds);
    return this.#lent;
  }

  set(key: TableKey, answer: Answer, nowMs: number): void {
    this.#table.set(key, packAnswer(answer, nowMs));
    this.#changes += 1;
  }

  delete(key: TableKey): void {
    this.#table.delete(key);
    this.#changes += 1;
  }

  clear(): void {
    this.#table.clear();
    this.#forgot();
  }

  /** Forgets what was learnt in this life of the server. */
  forgetLearnt(): void {
    const table = this.#table;
    for (let slot = 0; slot < table.slots; slot += 1) {
      const at = table.at(slot);
      if (at >= 0 && momentAt(table.octets, at) < FIRST_DATE_MS) table.deleteAt(slot);
    }
    this.#forgot();
  }

  /** Forgets every type of a name, and of the names below it where that is wanted; how many answers these were. */
  flush(name: NameKey, { below }: { readonly below: boolean }): number {
    const table = this.#table;
    const before = table.entries;
    const ending = nameOctets(name);
    for (let slot = 0; slot < table.slots; slot += 1) {
      if (!table.keyEndsWithAt(slot, ending)) continue;
      const own = this.#keyAt(slot)!.slice(NAME_IN_KEY_AT);
      if (own === name || (below && isAtOrBelow(own, name))) table.deleteAt(slot);
    }
    this.#forgot();
    return before - table.entries;
  }

  #keyAt(slot: number): string | null {
    const key = this.#table.keyAt(slot);
    return key === null ? null : Buffer.from(key).toString('latin1');
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
    return this.#table.octetsHeld;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Grows with whatever is new or gone; restored answers are neither. */
  get changes(): number {
    return this.#changes;
  }

  /** For a walk over all answers that may pause: places are numbered from 0 to this (see OctetTable.slots). */
  get places(): number {
    return this.#table.slots;
  }

  /** What is kept in a place, fresh or not, as a copy; null: nothing. */
  keptAt(place: number): KeptAnswer | null {
    const table = this.#table;
    const key = this.#keyAt(place);
    if (key === null) return null;
    const at = table.at(place);
    const packed = Buffer.from(table.octets.subarray(at, at + table.valueLength(at)));
    return { key, packed, isPopular: table.isProtectedAt(place) };
  }

  /** Takes back what an earlier life has kept, with a date as its moment, unless there is a newer answer; did it? */
  restore({ key, packed, isPopular }: KeptAnswer): boolean {
    this.#key.readText(key);
    if (this.#table.peek(this.#key) >= 0) return false;
    this.#table.set(this.#key, packed, isPopular);
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
