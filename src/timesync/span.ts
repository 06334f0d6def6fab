// Lengths of time and dates in words, as a person would say them.
// They know nothing of clocks.

/** A length of time in the unit that a person would choose; milliseconds in. */
export function describeSpan(ms: number): string {
  if (!Number.isFinite(ms)) return 'nobody knows how long';
  const [, divisor, unit] = UNITS.find(([below]) => ms < below)!;
  const amount = ms / divisor;
  return `${amount < 10 && unit !== 'ms' ? Number(amount.toFixed(1)) : Math.round(amount)} ${unit}`;
}

/** Each unit up to two of the next, so that "90 s" is not "1.5 min". */
const UNITS: readonly [below: number, divisor: number, unit: string][] = [
  [1000, 1, 'ms'],
  [120_000, 1000, 's'],
  [7_200_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [63_115_200_000, 86_400_000, 'days'],
  [Number.POSITIVE_INFINITY, 31_557_600_000, 'years'],
];

/** The day of an instant, readable even for dates that no calendar holds. */
export function day(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? 'no date at all' : date.toISOString().split('T')[0]!;
}
