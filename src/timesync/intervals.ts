// Where intervals overlap: Marzullo's algorithm as NTP uses it (RFC 5905 section 11.2.1, without its midpoint rule),
// and the stretch that a majority vouches for. Pure, and knows nothing of time; the order of intervals never matters.

export interface Interval {
  readonly lowMs: number;
  readonly highMs: number;
}

export interface Overlap<T extends Interval> extends Interval {
  /** Those that share the whole overlap. */
  readonly members: readonly T[];
}

/** The stretch that lies in most of the intervals; of several the narrowest, then the earliest. Null for no intervals. */
export function largestOverlap<T extends Interval>(intervals: readonly T[]): Overlap<T> | null {
  let best: Overlap<T> | null = null;
  for (const { lowMs } of intervals) {
    const members = intervals.filter((one) => contains(one, lowMs));
    const found = { lowMs, highMs: Math.min(...members.map(({ highMs }) => highMs)), members };
    if (best === null || isBetter(found, best)) best = found;
  }
  return best;
}

function isBetter<T extends Interval>(a: Overlap<T>, b: Overlap<T>): boolean {
  if (a.members.length !== b.members.length) return a.members.length > b.members.length;
  const widerMs = a.highMs - a.lowMs - (b.highMs - b.lowMs);
  return widerMs === 0 ? a.lowMs < b.lowMs : widerMs < 0;
}

/**
 * From the first to the last point that lies in more than half of `outOf` intervals; null: there is none. What more
 * than half of them share is always inside, wherever the rest may lie. The largest overlap gives no such promise: a
 * few liars at the edge of wide honest intervals make a larger one that leaves the truth out.
 */
export function majorityStretch(intervals: readonly Interval[], outOf = intervals.length): Interval | null {
  const isShared = (atMs: number) => intervals.filter((one) => contains(one, atMs)).length * 2 > outOf;
  const lows = intervals.map(({ lowMs }) => lowMs).filter(isShared);
  const highs = intervals.map(({ highMs }) => highMs).filter(isShared);
  return lows.length === 0 ? null : { lowMs: Math.min(...lows), highMs: Math.max(...highs) };
}

export function overlaps(a: Interval, b: Interval): boolean {
  return a.lowMs <= b.highMs && b.lowMs <= a.highMs;
}

/** `one` without what lies outside `limits`, which it overlaps. */
export function clipped<T extends Interval>(one: T, limits: Interval): T {
  return { ...one, lowMs: clamped(one.lowMs, limits), highMs: clamped(one.highMs, limits) };
}

export function clamped(atMs: number, { lowMs, highMs }: Interval): number {
  return Math.min(highMs, Math.max(lowMs, atMs));
}

function contains({ lowMs, highMs }: Interval, atMs: number): boolean {
  return lowMs <= atMs && atMs <= highMs;
}
