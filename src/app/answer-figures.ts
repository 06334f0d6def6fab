// What is counted and noted while queries are answered, in one place for the whole life of the process: a reload replaces the
// links, and not what they have counted.

import type { Clock } from '../clock/clock.ts';
import type { FigureBook } from '../observe/figure-book.ts';
import { ProcessWatch } from '../observe/process-figures.ts';
import { QueryFigures } from '../observe/query-figures.ts';
import { QueryLog } from '../observe/query-log.ts';
import { type CacheCounts, noCacheCounts } from '../resolver/cache.ts';
import type { QueryCounts } from '../resolver/observe.ts';
import type { StatusInputs } from '../status/gather.ts';

export class AnswerFigures {
  readonly counts: QueryCounts = { udp: 0, tcp: 0, dot: 0, doh: 0 };
  readonly cacheCounts: CacheCounts = noCacheCounts();
  readonly figures: QueryFigures;
  readonly queryLog: QueryLog;
  readonly #books: FigureBook[] = [];
  readonly #process: ProcessWatch;

  constructor(clock: Clock) {
    this.figures = new QueryFigures(clock);
    this.queryLog = new QueryLog(clock);
    this.#process = new ProcessWatch(clock);
  }

  /** What another thread counts of the UDP queries that it answers is part of all this from now on. */
  include(book: FigureBook): void {
    this.#books.push(book);
    this.figures.include(book);
  }

  /** Queries since start, by transport, of all threads. */
  get queries(): QueryCounts {
    const { counts } = this;
    return { ...counts, udp: this.#books.reduce((sum, { queries }) => sum + queries, counts.udp) };
  }

  /** What the cache had for them. */
  get cacheFigures(): CacheCounts {
    const { cacheCounts } = this;
    return { ...cacheCounts, hits: this.#books.reduce((sum, { hits }) => sum + hits, cacheCounts.hits) };
  }

  /** Their part of the status. */
  report(): Pick<StatusInputs, 'queries' | 'answers' | 'process'> {
    const { queries, figures } = this;
    const answers = () => ({ ...figures.totals(), live: figures.live() });
    return { queries, answers, process: () => this.#process.figures() };
  }
}
