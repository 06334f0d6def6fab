// Durations ("30s") and sizes ("64MiB") as people write them, to milliseconds and octets, and back for messages.
// A bare number is refused: nobody remembers which unit a key has. One whole number and one unit, nothing composed.

import { quote, ValueError } from './value-error.ts';

const MS_OF_UNIT = new Map([
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);

/** IEC 80000-13 for the binary ones; "KB" is common enough to be taken for kB. */
const OCTETS_OF_UNIT = new Map([
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
  ['KB', 1e3],
  ['B', 1],
]);

/**
 * "500ms", "30s", "10m", "12h", "7d" to milliseconds.
 * @throws ValueError
 */
export function parseDuration(text: string): number {
  return parseQuantity(text, MS_OF_UNIT, 'a duration', '500ms, 30s, 10m, 12h or 7d', 's');
}

/**
 * "64MiB", "1GB", "512KiB" to octets; KiB, MiB, GiB are powers of 1024 and kB, MB, GB powers of 1000.
 * @throws ValueError
 */
export function parseSize(text: string): number {
  return parseQuantity(text, OCTETS_OF_UNIT, 'a size', '512KiB, 64MiB or 1GB', 'MiB');
}

function parseQuantity(
  text: string,
  units: ReadonlyMap<string, number>,
  what: string,
  examples: string,
  usualUnit: string,
): number {
  const match = /^(\d+)\s*([A-Za-z]*)$/.exec(text.trim());
  if (!match)
    throw new ValueError(`${quote(text)} is not ${what}; write one number and one unit, such as ${examples}`);
  const [, digits, unit] = match as unknown as [string, string, string];
  if (unit === '') throw new ValueError(`${quote(text)} has no unit; write ${digits}${usualUnit}`);
  const factor = units.get(unit);
  if (factor === undefined) {
    throw new ValueError(
      `${quote(text)} has the unknown unit ${quote(unit)}; write ${what} such as ${examples}`,
    );
  }
  const quantity = Number(digits) * factor;
  if (!Number.isSafeInteger(quantity)) throw new ValueError(`${quote(text)} is too large to be meant`);
  return quantity;
}

/** Milliseconds in the largest unit that leaves a whole number: 4500 is "4500ms", 10000 is "10s". */
export function formatDuration(ms: number): string {
  return formatQuantity(ms, MS_OF_UNIT);
}

/** Octets in the largest binary unit that leaves a whole number: 67108864 is "64MiB". */
export function formatSize(octets: number): string {
  return formatQuantity(octets, new Map([...OCTETS_OF_UNIT].filter(([unit]) => !/^[kKMG]B$/.test(unit))));
}

function formatQuantity(quantity: number, units: ReadonlyMap<string, number>): string {
  for (const [unit, factor] of units)
    if (quantity > 0 && quantity % factor === 0) return `${quantity / factor}${unit}`;
  return `0${[...units.keys()].at(-1)}`;
}
