// Figures of the answer path: since the start by who answered, by response code and by how long it took, and second by
// second for the last minute. One query costs some additions in arrays of fixed size and one look at the clock; nothing is
// kept of who asked or what. No timer: a second is turned to by the first query in it, or by who looks.

import type { Clock } from '../clock/clock.ts';
import { RCODE, rcodeName } from '../dns/codes.ts';
import {
  LATENCY_BOUNDS_MS,
  LATENCY_BUCKETS,
  type Latencies,
  latencyBucket,
  percentileMs,
} from './latency-histogram.ts';

/**
 * Who had the answer. `guard`: refused, or not answered at all, before anything was looked up; `local`: the house itself;
 * `filter`: blocked or rewritten; `cache`: kept and fresh; `stale`: kept, and past its lifetime; `failure`: nobody had one.
 */
export const ANSWERED_BY = ['guard', 'local', 'filter', 'cache', 'stale', 'upstream', 'failure'] as const;
export type AnsweredBy = (typeof ANSWERED_BY)[number];

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
const MINUTE_SECONDS = 60;
/** Short enough to be now, long enough for a house that asks once a second. */
const RATE_SECONDS = 10;
/** A whole minute, and the second that runs. */
const ROWS = MINUTE_SECONDS + 1;

/** Where a row of the minute has what: counts, then the buckets. */
const [QUERIES, HITS, LOOKED_UP, BLOCKED, BUCKETS] = [0, 1, 2, 3, 4];
const ROW_LENGTH = BUCKETS + LATENCY_BUCKETS;

/** The last code with a name, BADVERS; all above it are `other`. */
const RCODES = RCODE.BADVERS + 1;

export class QueryFigures {
  readonly #clock: Clock;
  readonly #answeredBy: Record<AnsweredBy, number> = {
    guard: 0,
    local: 0,
    filter: 0,
    cache: 0,
    stale: 0,
    upstream: 0,
    failure: 0,
  };
  // Of 64 bits: 1,000 queries a second would fill 32 of them in 50 days.
  readonly #byRcode = new Float64Array(RCODES + 1);
  readonly #latencies = new Float64Array(LATENCY_BUCKETS);
  #sumMs = 0;
  #blocked = 0;
  #dropped = 0;
  readonly #rows = new Uint32Array(ROWS * ROW_LENGTH);
  readonly #firstSecond: number;
  /** The second that runs, on monotonic time. */
  #second: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#firstSecond = Math.floor(clock.monotonic() / SECOND_MS);
    this.#second = this.#firstSecond;
  }

  /**
   * Called for every query, once, when its answer is there.
   * @param rcode null: it gets no response at all
   */
  count(answeredBy: AnsweredBy, rcode: number | null, isBlocked: boolean, receivedAtMs: number): void {
    const nowMs = this.#clock.monotonic();
    const row = this.#rowAt(nowMs);
    const rows = this.#rows;
    this.#answeredBy[answeredBy] += 1;
    rows[row + QUERIES]! += 1;
    if (answeredBy === 'cache') rows[row + HITS]! += 1;
    if (isLookedUp(answeredBy)) rows[row + LOOKED_UP]! += 1;
    if (isBlocked) {
      this.#blocked += 1;
      rows[row + BLOCKED]! += 1;
    }
    if (rcode === null) {
      this.#dropped += 1;
      return;
    }
    const ms = nowMs - receivedAtMs;
    const bucket = latencyBucket(ms);
    this.#byRcode[Math.min(rcode, RCODES)]! += 1;
    this.#latencies[bucket]! += 1;
    this.#sumMs += ms;
    rows[row + BUCKETS + bucket]! += 1;
  }

  live(): LiveFigures {
    const minute = this.#sum(MINUTE_SECONDS);
    return {
      perSecond: this.#perSecond(QUERIES, RATE_SECONDS),
      hitShare: hitShare(minute),
      p50Ms: percentileMs(minute.subarray(BUCKETS), 0.5),
      p90Ms: percentileMs(minute.subarray(BUCKETS), 0.9),
      p99Ms: percentileMs(minute.subarray(BUCKETS), 0.99),
      lastMinute: this.#lastMinute(),
    };
  }

  minute(): MinuteFigures {
    const minute = this.#sum(MINUTE_SECONDS);
    return {
      perSecond: this.#perSecond(QUERIES, MINUTE_SECONDS),
      blockedPerSecond: this.#perSecond(BLOCKED, MINUTE_SECONDS),
      hitShare: hitShare(minute),
      p50Ms: percentileMs(minute.subarray(BUCKETS), 0.5),
      p99Ms: percentileMs(minute.subarray(BUCKETS), 0.99),
    };
  }

  totals(): AnswerTotals {
    const known = Array.from({ length: RCODES }, (_, rcode) => rcodeName(rcode)).filter(hasMnemonic);
    const counts: [string, number][] = known.map((name) => [name, 0]);
    const byRcode: Record<string, number> = Object.fromEntries([...counts, [OTHER, 0]]);
    this.#byRcode.forEach((count, rcode) => {
      const name = rcode < RCODES ? rcodeName(rcode) : OTHER;
      byRcode[hasMnemonic(name) ? name : OTHER]! += count;
    });
    return {
      answeredBy: { ...this.#answeredBy },
      byRcode,
      blocked: this.#blocked,
      dropped: this.#dropped,
      latencies: { boundsMs: LATENCY_BOUNDS_MS, counts: [...this.#latencies], sumMs: this.#sumMs },
    };
  }

  /** Where the row of this second begins; rows of seconds in which nobody asked are emptied on the way. */
  #rowAt(nowMs: number): number {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) {
      const passed = Math.min(second - this.#second, ROWS);
      for (let ago = 0; ago < passed; ago += 1) {
        const row = rowOf(second - ago);
        this.#rows.fill(0, row, row + ROW_LENGTH);
      }
      this.#second = second;
    }
    return rowOf(second);
  }

  /** How many whole seconds there are to look back on, `wanted` at most. */
  #wholeSeconds(wanted: number): number {
    this.#rowAt(this.#clock.monotonic());
    return Math.min(wanted, this.#second - this.#firstSecond);
  }

  /** One row that is the sum of the last whole ones. */
  #sum(wantedSeconds: number): Float64Array {
    const sum = new Float64Array(ROW_LENGTH);
    for (let ago = this.#wholeSeconds(wantedSeconds); ago > 0; ago -= 1) {
      const row = rowOf(this.#second - ago);
      for (let at = 0; at < ROW_LENGTH; at += 1) sum[at]! += this.#rows[row + at]!;
    }
    return sum;
  }

  #perSecond(what: number, wantedSeconds: number): number {
    const seconds = this.#wholeSeconds(wantedSeconds);
    return seconds === 0 ? 0 : this.#sum(wantedSeconds)[what]! / seconds;
  }

  #lastMinute(): number[] {
    const seconds = this.#wholeSeconds(MINUTE_SECONDS);
    return Array.from({ length: seconds }, (_, at) => {
      return this.#rows[rowOf(this.#second - (seconds - at)) + QUERIES]!;
    });
  }
}

const OTHER = 'other';

function hasMnemonic(name: string): boolean {
  return !name.startsWith('RCODE');
}

function rowOf(second: number): number {
  return (second % ROWS) * ROW_LENGTH;
}

/** Did the question get as far as the cache? */
function isLookedUp(answeredBy: AnsweredBy): boolean {
  return answeredBy !== 'guard' && answeredBy !== 'local' && answeredBy !== 'filter';
}

function hitShare(row: Float64Array): number | null {
  return row[LOOKED_UP] === 0 ? null : row[HITS]! / row[LOOKED_UP]!;
}
