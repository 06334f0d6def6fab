// The most frequent keys in bounded memory: exact while there is room, and never more than was seen.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrequentCounts } from '../../../src/observe/frequent-counts.ts';

function counted(room: number, keys: readonly string[]) {
  const counts = new FrequentCounts(room);
  const seen = new Map<string, number>();
  for (const key of keys) {
    counts.count(key);
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  return { counts, seen };
}

it('is exact while there is room for all keys, the most frequent first', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g')), (keys) => {
      const { counts, seen } = counted(7, keys);
      const expected = [...seen]
        .map(([key, count]) => ({ key, count }))
        .sort((a, b) => b.count - a.count || a.key.localeCompare(b.key));
      expect(counts.top(7)).toEqual(expected);
    }),
  );
});

it('keeps no more keys than it has room for, and says of none that it came more often than it did', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(40).map(String), { maxLength: 500 }), (keys) => {
      const { counts, seen } = counted(8, keys);
      const top = counts.top(100);
      expect(top.length).toBeLessThanOrEqual(8);
      for (const { key, count } of top) expect(count).toBeLessThanOrEqual(seen.get(key)!);
    }),
  );
});

it('keeps whatever came more often than the whole divided by the room, through a flood of others', () => {
  const keys = Array.from({ length: 10_000 }, (_, at) => (at % 10 === 0 ? 'often' : `once-${at}`));
  const { counts } = counted(50, keys);
  expect(counts.top(1)[0]!.key).toBe('often');
  expect(counts.top(1)[0]!.count).toBeGreaterThan(700);
});

it('knows whether it is exact', () => {
  expect(counted(2, ['a', 'b', 'a']).counts.isExact).toBe(true);
  expect(counted(2, ['a', 'b', 'c']).counts.isExact).toBe(false);
});

it('gives so many and no more', () => {
  expect(counted(10, ['a', 'b', 'b', 'c']).counts.top(2)).toEqual([
    { key: 'b', count: 2 },
    { key: 'a', count: 1 },
  ]);
});
