// What a thread has to know of this server in order to answer something by itself: facts of one generation, and a board of
// words that are as they are at this moment. The generation on the board is raised before anything changes that facts are
// about; who has those of an earlier one knows nothing, until the next come.

import type { AccessRange, Limits } from '../config/config.ts';
import type { SharedTable } from './cache/octet-table.ts';
import type { SharedHouseNames } from './local/house-names.ts';

export interface ThreadFacts {
  readonly generation: number;
  /** False: every query needs links that only the main thread has (filter, query log, an untrusted clock). */
  readonly mayAnswer: boolean;
  readonly access: { readonly ranges: readonly AccessRange[]; readonly onLink: readonly string[] };
  readonly house: SharedHouseNames;
  readonly limits: Pick<Limits, 'queryDeadlineMs' | 'udpPayloadOctets'>;
  readonly table: SharedTable;
}

const [GENERATION, UDP_QUERIES_PER_CLIENT] = [0, 1];
/** Words before and behind them, so that no cache line of theirs is written to but by them: they are read for every query. */
const MARGIN = 32;
const WORDS = 2;

export class ThreadBoard {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(memory = new SharedArrayBuffer((MARGIN + WORDS + MARGIN) * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, MARGIN * Int32Array.BYTES_PER_ELEMENT, WORDS);
  }

  get generation(): number {
    return Atomics.load(this.#words, GENERATION);
  }

  /** Whatever is known in other threads counts no more. */
  raise(): void {
    Atomics.add(this.#words, GENERATION, 1);
  }

  get udpQueriesPerClient(): number {
    return Atomics.load(this.#words, UDP_QUERIES_PER_CLIENT);
  }

  set udpQueriesPerClient(limit: number) {
    Atomics.store(this.#words, UDP_QUERIES_PER_CLIENT, limit);
  }
}
