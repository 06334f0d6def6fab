// What one thread counts of its queries, in memory that others may read while it does: since the start by who answered, by
// response code and by how long it took, and second by second for the last minute. One writer; who reads looks at whole
// seconds that have passed, which nobody writes to any more. Nothing of who asked or what.

import { RCODE } from '../dns/codes.ts';
import { LATENCY_BUCKETS, latencyBucket } from './latency-histogram.ts';

/**
 * Who had the answer. `guard`: refused, or not answered at all, before anything was looked up; `local`: the house itself;
 * `filter`: blocked or rewritten; `cache`: kept and fresh; `stale`: kept, and past its lifetime; `failure`: nobody had one.
 */
export const ANSWERED_BY = ['guard', 'local', 'filter', 'cache', 'stale', 'upstream', 'failure'] as const;
export type AnsweredBy = (typeof ANSWERED_BY)[number];

const SECOND_MS = 1000;
export const MINUTE_SECONDS = 60;
/** A whole minute, and the second that runs. */
const ROWS = MINUTE_SECONDS + 1;

/** Where a row of the minute has what: which second it is of, counts, then the buckets. */
export const ROW = { second: 0, queries: 1, hits: 2, lookedUp: 3, blocked: 4, buckets: 5 } as const;
export const ROW_LENGTH = ROW.buckets + LATENCY_BUCKETS;

/** The last code with a name, BADVERS; all above it are `other`. */
export const RCODES = RCODE.BADVERS + 1;

/** Where who answered is counted; the literal's order is that of ANSWERED_BY. */
const PLACE: Readonly<Record<AnsweredBy, number>> = {
  guard: 0,
  local: 1,
  filter: 2,
  cache: 3,
  stale: 4,
  upstream: 5,
  failure: 6,
};

/** Where the totals have what. Of 64 bits: 1,000 queries a second would fill 32 of them in 50 days. */
export const TOTAL = {
  blocked: ANSWERED_BY.length,
  dropped: ANSWERED_BY.length + 1,
  sumMs: ANSWERED_BY.length + 2,
  rcodes: ANSWERED_BY.length + 3,
  latencies: ANSWERED_BY.length + 3 + RCODES + 1,
} as const;
export const TOTALS = TOTAL.latencies + LATENCY_BUCKETS;
const TOTALS_OCTETS = TOTALS * Float64Array.BYTES_PER_ELEMENT;

export class FigureBook {
  readonly memory: SharedArrayBuffer;
  readonly totals: Float64Array;
  readonly #rows: Uint32Array;

  /** @param memory where another thread counts, to be read; or where it is read that this one counts */
  constructor(memory = new SharedArrayBuffer(TOTALS_OCTETS + ROWS * ROW_LENGTH * 4)) {
    this.memory = memory;
    this.totals = new Float64Array(memory, 0, TOTALS);
    this.#rows = new Uint32Array(memory, TOTALS_OCTETS);
  }

  /** Since the start, answered or dropped. */
  get queries(): number {
    return ANSWERED_BY.reduce((sum, _, place) => sum + this.totals[place]!, 0);
  }

  /** Of these: answered from the cache. */
  get hits(): number {
    return this.totals[PLACE.cache]!;
  }

  /** @param rcode null: it gets no response at all */
  count(
    answeredBy: AnsweredBy,
    rcode: number | null,
    isBlocked: boolean,
    receivedAtMs: number,
    nowMs: number,
  ): void {
    const rows = this.#rows;
    const { totals } = this;
    const row = this.#rowAt(Math.floor(nowMs / SECOND_MS));
    totals[PLACE[answeredBy]]! += 1;
    rows[row + ROW.queries]! += 1;
    if (answeredBy === 'cache') rows[row + ROW.hits]! += 1;
    if (isLookedUp(answeredBy)) rows[row + ROW.lookedUp]! += 1;
    if (isBlocked) {
      totals[TOTAL.blocked]! += 1;
      rows[row + ROW.blocked]! += 1;
    }
    if (rcode === null) {
      totals[TOTAL.dropped]! += 1;
      return;
    }
    const ms = nowMs - receivedAtMs;
    const bucket = latencyBucket(ms);
    totals[TOTAL.rcodes + Math.min(rcode, RCODES)]! += 1;
    totals[TOTAL.latencies + bucket]! += 1;
    totals[TOTAL.sumMs]! += ms;
    rows[row + ROW.buckets + bucket]! += 1;
  }

  /** Adds what was counted in a second to a row. */
  addTo(sum: Float64Array, second: number): void {
    const row = rowOf(second);
    if (this.#rows[row + ROW.second] !== second) return; // nobody asked in it
    for (let at = ROW.queries; at < ROW_LENGTH; at += 1) sum[at]! += this.#rows[row + at]!;
  }

  /** Where the row of this second begins; that of a minute ago is emptied for it. */
  #rowAt(second: number): number {
    const row = rowOf(second);
    if (this.#rows[row + ROW.second] !== second) {
      this.#rows.fill(0, row, row + ROW_LENGTH);
      this.#rows[row + ROW.second] = second;
    }
    return row;
  }
}

function rowOf(second: number): number {
  return (second % ROWS) * ROW_LENGTH;
}

/** Did the question get as far as the cache? */
function isLookedUp(answeredBy: AnsweredBy): boolean {
  return answeredBy !== 'guard' && answeredBy !== 'local' && answeredBy !== 'filter';
}
