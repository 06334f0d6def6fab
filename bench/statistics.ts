// Medians and percentiles. Medians, because a single round on a machine that others use may be far off, and a mean would
// carry that into the table.

/** NaN of nothing; of an even number, the mean of the middle two. */
export function median(numbers: readonly number[]): number {
  if (numbers.length === 0) return Number.NaN;
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest of them that `share` (0 to 1) of them do not exceed (nearest rank); NaN of nothing. */
export function percentile(numbers: readonly number[], share: number): number {
  if (numbers.length === 0) return Number.NaN;
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}

/** The median of the quotients of what was measured in the same round. */
export function medianRatio(figures: readonly number[], measures: readonly number[]): number {
  return median(figures.slice(0, measures.length).map((figure, at) => figure / measures[at]!));
}
