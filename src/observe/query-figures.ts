// Figures of the answer path: since the start by who answered, by response code and by how long it took, and second by
// second for the last minute; those of all threads that answer, added up. One query costs some additions in arrays of fixed
// size (figure-book.ts) and one look at the clock. No timer: a second is turned to by the first query in it.

import type { Clock } from '../clock/clock.ts';
import { rcodeName } from '../dns/codes.ts';
import {
  ANSWERED_BY,
  type AnsweredBy,
  FigureBook,
  MINUTE_SECONDS,
  RCODES,
  ROW,
  ROW_LENGTH,
  TOTAL,
  TOTALS,
} from './figure-book.ts';
import { LATENCY_BOUNDS_MS, LATENCY_BUCKETS, type Latencies, percentileMs } from './latency-histogram.ts';

export { ANSWERED_BY, type AnsweredBy };

/** What is told at this moment, of the last whole seconds. */
export interface LiveFigures {
  /** Queries a second over the last 10 s. */
  readonly perSecond: number;
  /** Of the questions that the house and its lists had no answer to: how many the cache had one for, 0 to 1; null: none came. */
  readonly hitShare: number | null;
  /** Percentiles over the last minute; null: nothing was answered. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  /** Queries in each of the last 60 s, the earliest first; fewer when the server is younger. */
  readonly lastMinute: readonly number[];
}

/** The same of the last minute as a whole. */
export interface MinuteFigures extends Pick<LiveFigures, 'perSecond' | 'hitShare' | 'p50Ms' | 'p99Ms'> {
  readonly blockedPerSecond: number;
}

/** Since the start. */
export interface AnswerTotals {
  readonly answeredBy: Readonly<Record<AnsweredBy, number>>;
  /** By mnemonic, all that there are and `other`. What got no response has none. */
  readonly byRcode: Readonly<Record<string, number>>;
  /** Names blocked by a list. */
  readonly blocked: number;
  /** Queries that got no response at all. */
  readonly dropped: number;
  /** Of what got a response. */
  readonly latencies: Latencies;
}

const SECOND_MS = 1000;
/** Short enough to be now, long enough for a house that asks once a second. */
const RATE_SECONDS = 10;

export class QueryFigures {
  readonly #clock: Clock;
  readonly #book = new FigureBook();
  readonly #books = [this.#book];
  readonly #firstSecond: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#firstSecond = this.#nowSecond;
  }

  /** What another thread counts is part of the figures from now on. */
  include(book: FigureBook): void {
    this.#books.push(book);
  }

  /**
   * Called for every query, once, when its answer is there.
   * @param rcode null: it gets no response at all
   */
  count(answeredBy: AnsweredBy, rcode: number | null, isBlocked: boolean, receivedAtMs: number): void {
    this.#book.count(answeredBy, rcode, isBlocked, receivedAtMs, this.#clock.monotonic());
  }

  live(): LiveFigures {
    const minute = this.#lastWhole(MINUTE_SECONDS);
    return {
      perSecond: this.#perSecond(ROW.queries, RATE_SECONDS),
      hitShare: hitShare(minute),
      p50Ms: percentileMs(minute.subarray(ROW.buckets), 0.5),
      p90Ms: percentileMs(minute.subarray(ROW.buckets), 0.9),
      p99Ms: percentileMs(minute.subarray(ROW.buckets), 0.99),
      lastMinute: this.#lastMinute(),
    };
  }

  minute(): MinuteFigures {
    const minute = this.#lastWhole(MINUTE_SECONDS);
    return {
      perSecond: this.#perSecond(ROW.queries, MINUTE_SECONDS),
      blockedPerSecond: this.#perSecond(ROW.blocked, MINUTE_SECONDS),
      hitShare: hitShare(minute),
      p50Ms: percentileMs(minute.subarray(ROW.buckets), 0.5),
      p99Ms: percentileMs(minute.subarray(ROW.buckets), 0.99),
    };
  }

  totals(): AnswerTotals {
    const sum = new Float64Array(TOTALS);
    for (const { totals } of this.#books) for (let at = 0; at < TOTALS; at += 1) sum[at]! += totals[at]!;
    const latencies = [...sum.subarray(TOTAL.latencies, TOTAL.latencies + LATENCY_BUCKETS)];
    return {
      answeredBy: Object.fromEntries(ANSWERED_BY.map((by, at) => [by, sum[at]!])) as Record<
        AnsweredBy,
        number
      >,
      byRcode: namedRcodes(sum.subarray(TOTAL.rcodes, TOTAL.rcodes + RCODES + 1)),
      blocked: sum[TOTAL.blocked]!,
      dropped: sum[TOTAL.dropped]!,
      latencies: { boundsMs: LATENCY_BOUNDS_MS, counts: latencies, sumMs: sum[TOTAL.sumMs]! },
    };
  }

  get #nowSecond(): number {
    return Math.floor(this.#clock.monotonic() / SECOND_MS);
  }

  /** One row that is the sum of some whole seconds, `to` not among them. */
  #sum(from: number, to: number): Float64Array {
    const sum = new Float64Array(ROW_LENGTH);
    for (let second = from; second < to; second += 1) for (const book of this.#books) book.addTo(sum, second);
    return sum;
  }

  /** How many whole seconds there are to look back on, `wanted` at most. */
  #wholeSeconds(wanted: number, now: number): number {
    return Math.min(wanted, now - this.#firstSecond);
  }

  #lastWhole(wanted: number): Float64Array {
    const now = this.#nowSecond;
    return this.#sum(now - this.#wholeSeconds(wanted, now), now);
  }

  #perSecond(what: number, wanted: number): number {
    const seconds = this.#wholeSeconds(wanted, this.#nowSecond);
    return seconds === 0 ? 0 : this.#lastWhole(wanted)[what]! / seconds;
  }

  #lastMinute(): number[] {
    const now = this.#nowSecond;
    const seconds = this.#wholeSeconds(MINUTE_SECONDS, now);
    return Array.from({ length: seconds }, (_, at) => {
      const second = now - seconds + at;
      return this.#sum(second, second + 1)[ROW.queries]!;
    });
  }
}

const OTHER = 'other';

function namedRcodes(counts: Float64Array): Record<string, number> {
  const known = Array.from({ length: RCODES }, (_, rcode) => rcodeName(rcode)).filter(hasMnemonic);
  const none: [string, number][] = known.map((name) => [name, 0]);
  const byRcode: Record<string, number> = Object.fromEntries([...none, [OTHER, 0]]);
  counts.forEach((count, rcode) => {
    const name = rcode < RCODES ? rcodeName(rcode) : OTHER;
    byRcode[hasMnemonic(name) ? name : OTHER]! += count;
  });
  return byRcode;
}

function hasMnemonic(name: string): boolean {
  return !name.startsWith('RCODE');
}

function hitShare(row: Float64Array): number | null {
  return row[ROW.lookedUp] === 0 ? null : row[ROW.hits]! / row[ROW.lookedUp]!;
}
