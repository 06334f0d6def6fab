// The table of names against a Map of the same names: nothing is lost, nothing is found that is not there.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameKey } from '../../../src/dns/names.ts';
import {
  AskedName,
  NAMES_MAX,
  NamesRefused,
  NameTable,
  NameTableBuilder,
} from '../../../src/lists/name-table.ts';

/** Few letters, so that names share ancestors and often are each other's. */
const label = fc.string({ unit: fc.constantFrom('a', 'b', '_', '-', '1'), minLength: 1, maxLength: 3 });
const name = fc.array(label, { minLength: 1, maxLength: 5 }).map((labels) => labels.join('.'));
const marks = fc.integer({ min: 1, max: 255 });
const asked = new AskedName();

const marksOf = (table: NameTable, text: string) => table.marksAt(asked.set(nameKey(text)), 0);

test('it has what a Map has, marks of equal names joined, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, marks), { maxLength: 300 }),
      fc.array(name, { maxLength: 100 }),
      async (entries, others) => {
        const builder = new NameTableBuilder();
        const model = new Map<string, number>();
        for (const [text, bits] of entries) {
          builder.add(text, bits);
          model.set(text, (model.get(text) ?? 0) | bits);
        }
        const table = await builder.finish();
        expect(table.entries).toBe(model.size);
        for (const text of [...model.keys(), ...others])
          expect(marksOf(table, text)).toBe(model.get(text) ?? 0);
      },
    ),
  );
});

test('every ancestor of a name is found where it stands, and told as text', async () => {
  const builder = new NameTableBuilder();
  for (const text of ['c.example', 'a.b.c.example', 'example']) builder.add(text, 1);
  const table = await builder.finish();
  asked.set(nameKey('a.b.c.example'));
  const found = Array.from({ length: asked.labels }, (_, at) => [asked.textAt(at), table.marksAt(asked, at)]);
  expect(found).toEqual([
    ['a.b.c.example', 1],
    ['b.c.example', 0],
    ['c.example', 1],
    ['example', 1],
  ]);
});

test('names fill segment after segment and none is cut at an edge', async () => {
  const builder = new NameTableBuilder();
  const long = `${'x'.repeat(60)}.${'y'.repeat(60)}.${'z'.repeat(60)}.`;
  const count = 20_000; // 4 MB of names, four segments
  for (let index = 0; index < count; index += 1) builder.add(`${long}n${index}`, 1 + (index % 255));
  const table = await builder.finish();
  expect(table.entries).toBe(count);
  for (let index = 0; index < count; index += 1) {
    expect(marksOf(table, `${long}n${index}`)).toBe(1 + (index % 255));
  }
  expect(marksOf(table, `${long}n${count}`)).toBe(0);
});

test('the longest name, the root and an empty table are no trouble', async () => {
  const longest = `${`${'a'.repeat(63)}.`.repeat(3)}${'b'.repeat(61)}`;
  const builder = new NameTableBuilder();
  builder.add(longest, 7);
  expect(marksOf(await builder.finish(), longest)).toBe(7);
  expect(asked.set(nameKey('.')).labels).toBe(0);
  expect(marksOf(NameTable.EMPTY, 'a.example')).toBe(0);
});

test('other queries are answered while a large table is built', async () => {
  const builder = new NameTableBuilder();
  for (let index = 0; index < 50_000; index += 1) builder.add(`n${index}.example`, 1);
  let turns = 0;
  const count = () => {
    turns += 1;
    turn = setImmediate(count);
  };
  let turn = setImmediate(count);
  await builder.finish();
  clearImmediate(turn);
  expect(turns).toBeGreaterThanOrEqual(5);
});

test('more names than memory is meant for are refused', () => {
  const builder = new NameTableBuilder();
  const fill = () => {
    for (let index = 0; index <= NAMES_MAX; index += 1) builder.add('a.b', 1);
  };
  expect(fill).toThrow(NamesRefused);
});
