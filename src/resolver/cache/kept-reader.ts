// What the cache keeps, as another thread sees it: answers that are fresh for certain, and nothing else. One from an earlier
// life of this server has a date for its moment, and whoever may believe dates is asked about it: the thread that writes.

import { Answer, type AnswerView } from '../../dns/answer.ts';
import { ageAt, lendAnswer, lifetimeAt } from '../../dns/packed-answer.ts';
import type { TableKey } from './entry-form.ts';
import type { SharedTable } from './octet-table.ts';
import { TableReader } from './table-reader.ts';

export class KeptReader {
  readonly #table: TableReader;
  readonly #lent = Answer.toBeLent();

  constructor(shared: SharedTable) {
    this.#table = new TableReader(shared);
  }

  /** The buffers that the writer has now. */
  adopt(shared: SharedTable): this {
    this.#table.adopt(shared);
    return this;
  }

  /** As AnswerStore.get has it: lent, until another one is asked for. Null: it is for the thread that writes to say. */
  get(key: TableKey, nowMs: number): AnswerView | null {
    const at = this.#table.find(key);
    if (at < 0) return null;
    const { octets } = this.#table;
    const ageSeconds = ageAt(octets, at, nowMs); // past its lifetime, where a date would have to tell
    if (ageSeconds >= lifetimeAt(octets, at)) return null;
    lendAnswer(this.#lent, octets, at, this.#table.valueLength(at), ageSeconds);
    return this.#lent;
  }
}
