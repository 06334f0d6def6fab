// A point of the charts: what is known of one minute, and how several become one. Pure; a table says all of it, which the
// series, the file and the API go by.

/** `mean`; `weighted`: a mean by how many queries there were; `highest`; `farthest`: from zero, either way. */
type Join = 'mean' | 'weighted' | 'highest' | 'farthest';

const FIELDS = {
  perSecond: { column: 'queries_per_second', join: 'mean' },
  hitShare: { column: 'hit_share', join: 'weighted' },
  blockedPerSecond: { column: 'blocked_per_second', join: 'mean' },
  p50Ms: { column: 'p50_ms', join: 'weighted' },
  p99Ms: { column: 'p99_ms', join: 'highest' },
  systemClockOffsetMs: { column: 'system_clock_offset_ms', join: 'farthest' },
  uncertaintyMs: { column: 'uncertainty_ms', join: 'highest' },
  upstreamRttMs: { column: 'upstream_rtt_ms', join: 'mean' },
  upstreamFailuresPerSecond: { column: 'upstream_failures_per_second', join: 'mean' },
  rssOctets: { column: 'rss_octets', join: 'highest' },
} as const satisfies Record<string, { readonly column: string; readonly join: Join }>;

export type PointField = keyof typeof FIELDS;

/** Null where nothing is known. */
export type PointValues = Readonly<Record<PointField, number | null>>;

/** `key`: its minute, or its ten minutes, counted from 1970. */
export interface Point {
  readonly key: number;
  readonly values: PointValues;
}

export const POINT_FIELDS = Object.keys(FIELDS) as readonly PointField[];

/** Of the file. */
export const POINT_COLUMNS: readonly string[] = POINT_FIELDS.map((field) => FIELDS[field].column);

/** Several as one; of a field that is nowhere known nothing is known. */
export function joined(points: readonly PointValues[]): PointValues {
  return valuesBy((field) => joinedField(field, points));
}

export function valuesBy(valueFor: (field: PointField, at: number) => number | null): PointValues {
  return Object.fromEntries(POINT_FIELDS.map((field, at) => [field, valueFor(field, at)])) as PointValues;
}

function joinedField(field: PointField, points: readonly PointValues[]): number | null {
  const known = points.flatMap((point) => {
    const value = point[field];
    return value === null ? [] : [{ value, weight: point.perSecond ?? 0 }];
  });
  if (known.length === 0) return null;
  switch (FIELDS[field].join) {
    case 'mean':
      return mean(known);
    case 'weighted':
      return weightedMean(known);
    case 'highest':
      return known.reduce((highest, { value }) => Math.max(highest, value), Number.NEGATIVE_INFINITY);
    case 'farthest':
      return known.reduce((far, { value }) => (Math.abs(value) > Math.abs(far) ? value : far), 0);
  }
}

interface Weighed {
  readonly value: number;
  readonly weight: number;
}

function mean(values: readonly Weighed[]): number {
  return values.reduce((sum, { value }) => sum + value, 0) / values.length;
}

function weightedMean(values: readonly Weighed[]): number {
  const weight = values.reduce((sum, one) => sum + one.weight, 0);
  if (weight === 0) return mean(values);
  return values.reduce((sum, one) => sum + one.value * one.weight, 0) / weight;
}
