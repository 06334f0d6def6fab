// Durations and sizes with units, both ways, and the sentences for those without.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../src/config/units.ts';
import { ValueError } from '../../../src/config/value-error.ts';

test.for([
  ['500ms', 500],
  ['30s', 30_000],
  ['10m', 600_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000],
  ['0s', 0],
  [' 30 s ', 30_000],
] as const)('the duration "%s" is %d milliseconds', ([text, ms]) => {
  expect(parseDuration(text)).toBe(ms);
});

test.for([
  ['1B', 1],
  ['1kB', 1000],
  ['1KB', 1000],
  ['512KiB', 524_288],
  ['1MB', 1_000_000],
  ['64MiB', 67_108_864],
  ['1GB', 1_000_000_000],
  ['4GiB', 4_294_967_296],
] as const)('the size "%s" is %d octets', ([text, octets]) => {
  expect(parseSize(text)).toBe(octets);
});

test.for([
  ['30', '"30" has no unit; write 30s'],
  ['30sec', '"30sec" has the unknown unit "sec"; write a duration such as 500ms, 30s, 10m, 12h or 7d'],
  ['30S', '"30S" has the unknown unit "S"; write a duration such as 500ms, 30s, 10m, 12h or 7d'],
  ['1h30m', '"1h30m" is not a duration; write one number and one unit, such as 500ms, 30s, 10m, 12h or 7d'],
  ['1.5s', '"1.5s" is not a duration; write one number and one unit, such as 500ms, 30s, 10m, 12h or 7d'],
  ['-1s', '"-1s" is not a duration; write one number and one unit, such as 500ms, 30s, 10m, 12h or 7d'],
  ['', '"" is not a duration; write one number and one unit, such as 500ms, 30s, 10m, 12h or 7d'],
  ['999999999999d', '"999999999999d" is too large to be meant'],
] as const)('the duration "%s" is refused with a sentence', ([text, sentence]) => {
  expect(() => parseDuration(text)).toThrow(new ValueError(sentence));
});

test.for([
  ['64', '"64" has no unit; write 64MiB'],
  ['64M', '"64M" has the unknown unit "M"; write a size such as 512KiB, 64MiB or 1GB'],
  ['much', '"much" is not a size; write one number and one unit, such as 512KiB, 64MiB or 1GB'],
] as const)('the size "%s" is refused with a sentence', ([text, sentence]) => {
  expect(() => parseSize(text)).toThrow(new ValueError(sentence));
});

test('every duration and size is read back as it was written out', () => {
  fc.assert(
    fc.property(fc.nat(), (quantity) => {
      expect(parseDuration(formatDuration(quantity))).toBe(quantity);
      expect(parseSize(formatSize(quantity))).toBe(quantity);
    }),
  );
});

test('a quantity is written in its largest whole unit', () => {
  expect([4500, 10_000, 120_000, 86_400_000].map(formatDuration)).toEqual(['4500ms', '10s', '2m', '1d']);
  expect([1000, 65_536, 2 ** 32].map(formatSize)).toEqual(['1000B', '64KiB', '4GiB']);
});
