// The cache's table under many readers in other threads and a writer that never pauses, for long: not one torn value.

import { expect, it } from 'vitest';
import { tornReadings } from '../support/torn-readings.ts';

const READERS = 6;
const FINDS = 5_000_000;
const MAX_WRITES = 2_000_000_000;

it.each(['x64', 'arm64'])('accepts nothing torn in 30 million look-ups (as on %s)', async (arch) => {
  const count = await tornReadings({ readers: READERS, finds: FINDS, arch, maxWrites: MAX_WRITES });
  expect(count.found).toBeGreaterThan(READERS * FINDS * 0.1);
  expect(count.torn).toBe(0);
});

it.each([
  { tableOctets: 20 * 1024, renewEvery: 1000 },
  { tableOctets: 2 * 2 ** 20, renewEvery: 20_000 },
])('accepts nothing torn while tables are renewed ($tableOctets octets)', async (sizes) => {
  const count = await tornReadings({ readers: READERS, finds: FINDS, maxWrites: MAX_WRITES, ...sizes });
  expect(count.renewals).toBeGreaterThan(READERS);
  expect(count.torn).toBe(0);
});
