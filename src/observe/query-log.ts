// The last queries, for whoever looks: a ring in memory of those since the log was switched on, and the names and clients
// that came most often. While it is off there is nothing, and what there was is gone at the moment of switching off; a
// change between anonymised and full empties it too. Nothing of this is written to the disk (the log's own lines are
// log.ts).

import type { Clock } from '../clock/clock.ts';
import { type Frequent, FrequentCounts } from './frequent-counts.ts';
import type { AnsweredBy } from './query-figures.ts';

/** `anonymised`: with the client's network in place of its address. */
export type QueryLogMode = 'off' | 'anonymised' | 'full';

/** Some minutes of a house. */
export const LOGGED_QUERIES_MAX = 1000;
/** Names, and clients, that are counted at a time. */
const COUNTED_MAX = 1000;
/** Of a detail: a rule of a list may be as long as a line. */
const DETAIL_CHARACTERS_MAX = 500;

/** As the answer path tells it. */
export interface AnsweredQuery {
  /** An address, or a network as "192.168.1.0/24". */
  readonly client: string;
  readonly transport: string;
  /** As text with a dot at its end; empty where the query has no readable question, and so is `type`. */
  readonly name: string;
  readonly type: string;
  /** Mnemonic; "dropped" where there was no response. */
  readonly rcode: string;
  readonly ms: number;
  readonly answeredBy: AnsweredBy;
  /** What the last link of the chain that spoke had to say, or why it failed; empty: nothing. */
  readonly detail: string;
}

export interface LoggedQuery extends AnsweredQuery {
  /** Counts up from 1 in the life of the process, whatever is switched. */
  readonly id: number;
  /** Monotonic milliseconds: when it was answered. */
  readonly atMs: number;
}

/** From one switching on to the next change. */
export class QueryLogSession {
  readonly mode: Exclude<QueryLogMode, 'off'>;
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  readonly #clock: Clock;
  readonly #nextId: () => number;
  readonly #ring: LoggedQuery[] = [];
  #oldest = 0;
  readonly #names = new FrequentCounts(COUNTED_MAX);
  readonly #clients = new FrequentCounts(COUNTED_MAX);

  constructor(mode: Exclude<QueryLogMode, 'off'>, clock: Clock, nextId: () => number) {
    this.mode = mode;
    this.sinceMs = clock.monotonic();
    this.#clock = clock;
    this.#nextId = nextId;
  }

  note(query: AnsweredQuery): void {
    const detail = query.detail.slice(0, DETAIL_CHARACTERS_MAX);
    const logged = { ...query, detail, id: this.#nextId(), atMs: this.#clock.monotonic() };
    if (this.#ring.length < LOGGED_QUERIES_MAX) this.#ring.push(logged);
    else {
      this.#ring[this.#oldest] = logged;
      this.#oldest = (this.#oldest + 1) % LOGGED_QUERIES_MAX;
    }
    if (query.name !== '') this.#names.count(query.name);
    this.#clients.count(query.client);
  }

  /** All that are kept, the latest first. */
  get queries(): LoggedQuery[] {
    return [...this.#ring.slice(this.#oldest), ...this.#ring.slice(0, this.#oldest)].reverse();
  }

  topNames(length: number): Frequent[] {
    return this.#names.top(length);
  }

  topClients(length: number): Frequent[] {
    return this.#clients.top(length);
  }

  /** Of both; else they came at least so often. */
  get areTopsExact(): boolean {
    return this.#names.isExact && this.#clients.isExact;
  }
}

export class QueryLog {
  readonly #clock: Clock;
  #session: QueryLogSession | null = null;
  #lastId = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null: it is off. A query belongs to the session that it began in, and is not noted when that is over. */
  get session(): QueryLogSession | null {
    return this.#session;
  }

  get mode(): QueryLogMode {
    return this.#session?.mode ?? 'off';
  }

  /** Called with the configuration at the start and after each reload. */
  become(mode: QueryLogMode): void {
    if (mode === this.mode) return;
    const nextId = () => {
      this.#lastId += 1;
      return this.#lastId;
    };
    this.#session = mode === 'off' ? null : new QueryLogSession(mode, this.#clock, nextId);
  }
}
