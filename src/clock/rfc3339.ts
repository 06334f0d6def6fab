// Instants as RFC 3339 section 5.6 writes them: strictly read, and written without fractions.
// A leap second (":60") is no date here, as nowhere in this house.

/** Longest text that is looked at; nanoseconds and an offset take 35 characters. */
const CHARACTERS_MAX = 64;

const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/** Milliseconds since 1970, or null for what is no such date. */
export function parseRfc3339(text: string): number | null {
  const match = text.length > CHARACTERS_MAX ? null : DATE_TIME.exec(text);
  if (match === null) return null;
  const [, date, time, fraction = '0', sign, hours = '0', minutes = '0'] = match;
  const epochMs = Date.parse(`${date}T${time}Z`);
  // Date.parse makes the 2nd of March of a 30th of February, so what does not come back as it was is no date.
  if (Number.isNaN(epochMs) || new Date(epochMs).toISOString() !== `${date}T${time}.000Z`) return null;
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === '-' ? -1 : 1);
  return epochMs + Math.floor(Number(`0.${fraction}`) * 1000) - offsetMs;
}

/** "2026-11-03T08:06:20Z"; "no date" for what is none. */
export function writeRfc3339(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString().replace(/\.\d+Z$/, 'Z');
}
