// Readers in other threads: what they find is whole, whatever the writer does meanwhile. The long run is test/full/torn.test.ts.

import { expect, it } from 'vitest';
import { OctetTable } from '../../../../src/resolver/cache/octet-table.ts';
import { TableReader } from '../../../../src/resolver/cache/table-reader.ts';
import { tableKey } from '../../../support/table-keys.ts';
import { tornReadings } from '../../../support/torn-readings.ts';

const MIB = 2 ** 20;
const MAX_WRITES = 20_000_000;
/** Counts end these tests; threads wait for a processor on a busy machine. */
const TIMEOUT_MS = 60_000;

const text = (reader: TableReader, key: string) => {
  const at = reader.find(tableKey(key));
  if (at < 0) return null;
  expect(at % 8).toBe(0);
  return Buffer.from(reader.octets.slice(at, at + reader.valueLength(at))).toString();
};

it('finds what the table holds, and marks it as asked for again', () => {
  const table = new OctetTable(4 * MIB);
  const reader = new TableReader(table.shared);
  for (const length of [0, 1, 7, 8, 100, 1000, 70_000])
    table.set(tableKey(`of-${length}`), Buffer.alloc(length, 'x'));
  for (const length of [0, 1, 7, 8, 100, 1000, 70_000])
    expect(text(reader, `of-${length}`)).toBe('x'.repeat(length));
  expect([text(reader, 'of-2'), text(reader, ''), text(reader, 'k'.repeat(100_000))]).toEqual([
    null,
    null,
    null,
  ]);
  for (let slot = 0; slot < table.slots; slot += 1)
    if (table.at(slot) >= 0) expect(table.isProtectedAt(slot)).toBe(true);
  expect(reader.find(tableKey('', 0))).toBe(-1); // as an empty slot is
  table.delete(tableKey('of-7'));
  expect([text(reader, 'of-7'), reader.refused]).toEqual([null, 0]);
});

it('believes no length that leads beyond the memory, as one that is just being written may', () => {
  const table = new OctetTable(MIB);
  const reader = new TableReader(table.shared);
  table.set(tableKey('name'), Buffer.from('value'));
  const at = table.peek(tableKey('name'));
  const words = new Int32Array(table.octets.buffer);
  const head = at / 4 - 1; // the length of the value (entry-form.ts)
  for (const length of [MIB, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)]) {
    words[head] = length;
    expect(reader.find(tableKey('name'))).toBe(-1);
  }
  words[head] = 5;
  expect(text(reader, 'name')).toBe('value');
});

it('finds those whose first group is full, and tells keys of one hash apart', () => {
  const table = new OctetTable(MIB);
  const reader = new TableReader(table.shared);
  for (let at = 0; at < 14; at += 1) table.set(tableKey(`${at}`, 99), Buffer.from(`value ${at}`));
  for (let at = 0; at < 14; at += 1) {
    const found = reader.find(tableKey(`${at}`, 99));
    expect(Buffer.from(reader.octets.slice(found, found + reader.valueLength(found))).toString()).toBe(
      `value ${at}`,
    );
  }
});

it('finds everything while the index grows', () => {
  const table = new OctetTable(8 * MIB);
  const reader = new TableReader(table.shared);
  for (let at = 0; at < 30_000; at += 1) {
    table.set(tableKey(`name-${at}`), Buffer.from(`value ${at}`));
    const early = Math.floor(at / 7);
    if (text(reader, `name-${early}`) !== `value ${early}`) expect.fail(`${early} of ${at}`);
  }
  expect(table.entries).toBe(30_000);
});

it('finds nothing in buffers that are not in use any more, and all in those that are', () => {
  const table = new OctetTable(MIB);
  const reader = new TableReader(table.shared);
  const stop = table.onRenewed((shared) => reader.adopt(shared));
  table.set(tableKey('name'), Buffer.from('value'));
  table.resize(2 * MIB);
  expect([reader.isCurrent, text(reader, 'name')]).toEqual([true, 'value']);
  stop();
  table.resize(MIB);
  expect([reader.isCurrent, text(reader, 'name')]).toEqual([false, null]);
  reader.adopt(table.shared);
  expect(text(reader, 'name')).toBe('value');
  table.clear();
  expect([reader.isCurrent, text(reader, 'name')]).toEqual([false, null]);
});

it('does not believe what is being changed, nor waits for the end of it', () => {
  const table = new OctetTable(MIB);
  const reader = new TableReader(table.shared);
  table.set(tableKey('name'), Buffer.from('value'));
  const versions = new Int32Array(table.shared.index);
  for (let group = 16; group < versions.length; group += 16) versions[group]! += 1; // as in the middle of a change
  expect([text(reader, 'name'), reader.refused]).toEqual([null, 1]);
  for (let group = 16; group < versions.length; group += 16) versions[group]! += 1;
  expect([text(reader, 'name'), reader.refused]).toEqual(['value', 1]);
});

it.each(['x64', 'arm64'])(
  'accepts nothing torn from a writer that never pauses (as on %s)',
  async (arch) => {
    const count = await tornReadings({ readers: 3, finds: 80_000, arch, maxWrites: MAX_WRITES });
    expect(count.found).toBeGreaterThan(8000);
    expect(count.torn).toBe(0);
  },
  TIMEOUT_MS,
);

// the second has an index that grows between two renewals
it.each([
  { tableOctets: 20 * 1024, renewEvery: 1000 },
  { tableOctets: 2 * MIB, renewEvery: 20_000 },
])(
  'accepts nothing torn while tables are renewed ($tableOctets octets)',
  async (sizes) => {
    const count = await tornReadings({ readers: 2, finds: 80_000, maxWrites: MAX_WRITES, ...sizes });
    expect(count.renewals).toBeGreaterThan(0);
    expect(count.torn).toBe(0);
  },
  TIMEOUT_MS,
);

it(
  'would see torn values, if it did not look at versions',
  async () => {
    const count = await tornReadings({
      readers: 2,
      finds: 5_000_000,
      isCareless: true,
      maxWrites: MAX_WRITES,
    });
    expect(count.torn).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
