// Lengths of time and dates in words, as a person would say them, here and on the dashboard. They know nothing of
// clocks.

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The mean year of the Gregorian calendar. */
const YEAR_MS = 365.2425 * DAY_MS;

/** A length of time with as much precision as somebody reads: "12 µs", "2.13 ms", "2 min 5 s", "56.8 years". */
export function formatSpan(ms: number): string {
  const span = Math.abs(ms);
  if (!Number.isFinite(span)) return 'nobody knows how long';
  if (span < 0.0005) return '0 ms';
  if (span < 0.9995) return `${Math.round(span * 1000)} µs`;
  if (span < 999.5) return `${Number(span.toPrecision(3))} ms`;
  if (span < MINUTE_MS - 50) return `${Number((span / SECOND_MS).toPrecision(3))} s`;
  if (span < HOUR_MS - SECOND_MS / 2) return twoUnits(span, MINUTE_MS, 'min', SECOND_MS, 's');
  if (span < DAY_MS - MINUTE_MS / 2) return twoUnits(span, HOUR_MS, 'h', MINUTE_MS, 'min');
  if (span < YEAR_MS) return twoUnits(span, DAY_MS, 'd', HOUR_MS, 'h');
  const years = span / YEAR_MS;
  return `${years < 99.5 ? years.toFixed(1) : Math.round(years)} years`;
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const smalls = Math.round(ms / small);
  const [whole, rest] = [
    Math.floor((smalls * small) / large),
    Math.round(((smalls * small) % large) / small),
  ];
  return rest === 0 ? `${whole} ${largeName}` : `${whole} ${largeName} ${rest} ${smallName}`;
}

/** The day of an instant, readable even for dates that no calendar holds. */
export function day(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? 'no date at all' : date.toISOString().split('T')[0]!;
}
