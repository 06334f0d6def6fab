// What is counted and noted while queries are answered, in one place for the whole life of the process: a reload replaces the
// links, and not what they have counted.

import type { Clock } from '../clock/clock.ts';
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
  readonly #process: ProcessWatch;

  constructor(clock: Clock) {
    this.figures = new QueryFigures(clock);
    this.queryLog = new QueryLog(clock);
    this.#process = new ProcessWatch(clock);
  }

  /** Their part of the status. */
  report(): Pick<StatusInputs, 'queries' | 'answers' | 'process'> {
    const { counts, figures } = this;
    const answers = { ...figures.totals(), live: figures.live() };
    return { queries: counts, answers, process: () => this.#process.figures() };
  }
}
