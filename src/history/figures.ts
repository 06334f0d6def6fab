// What the charts take from the queries: how the last full minute went. Made by whoever counts the queries, and handed in
// by src/app; the rest of a point is read from the status.

export interface Figures {
  /** Queries of clients. */
  readonly perSecond: number;
  /** Share of them that the cache answered, 0 to 1; null: there were none. */
  readonly hitShare: number | null;
  readonly blockedPerSecond: number;
  /** Median of the time to an answer; null: there were none. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}
