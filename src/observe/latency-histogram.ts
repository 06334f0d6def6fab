// How long answers took, as counts in buckets: a fixed number of integers, whatever is counted, and from them percentiles
// that are right to within a bucket. The bounds are those of the histogram at /metrics as well, so they are part of the
// outside: other bounds are other series.

/** Milliseconds, each bound part of its bucket: five a decade (ISO 3, R5), from a cached answer to beyond every deadline. */
export const LATENCY_BOUNDS_MS: readonly number[] = [
  ...[0.1, 0.16, 0.25, 0.4, 0.63],
  ...[1, 1.6, 2.5, 4, 6.3],
  ...[10, 16, 25, 40, 63],
  ...[100, 160, 250, 400, 630],
  ...[1000, 1600, 2500, 4000, 6300],
  10_000,
];
/** One more: what took longer than the last bound. */
export const LATENCY_BUCKETS = LATENCY_BOUNDS_MS.length + 1;

/** What was counted, as plain values. */
export interface Latencies {
  /** Of each bucket, in milliseconds; it is part of it. */
  readonly boundsMs: readonly number[];
  /** One for each bound, and one for what took longer. */
  readonly counts: readonly number[];
  readonly sumMs: number;
}

/** Where `ms` is counted. Most answers come from the cache and so from the first bucket: it is looked at first. */
export function latencyBucket(ms: number): number {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS_MS.length && ms > LATENCY_BOUNDS_MS[bucket]!) bucket += 1;
  return bucket;
}

/**
 * So much of what was counted took at most this many milliseconds: interpolated within its bucket, as Prometheus'
 * histogram_quantile does. Null where nothing was counted; the last bound where it lies beyond that.
 * @param share 0.5 for the median
 */
export function percentileMs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) total += counts[bucket]!;
  if (total === 0) return null;
  const rank = share * total;
  let below = 0;
  for (let bucket = 0; bucket < LATENCY_BOUNDS_MS.length; bucket += 1) {
    const count = counts[bucket]!;
    if (count > 0 && below + count >= rank) {
      const fromMs = bucket === 0 ? 0 : LATENCY_BOUNDS_MS[bucket - 1]!;
      return fromMs + (LATENCY_BOUNDS_MS[bucket]! - fromMs) * ((rank - below) / count);
    }
    below += count;
  }
  return LATENCY_BOUNDS_MS.at(-1)!;
}
