// What a connection owes, by its IDs: none is given twice while it is owed, and none is taken for another.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OwedExchanges } from '../../../src/upstream/owed-exchanges.ts';
import type { Exchange } from '../../../src/upstream/upstream.ts';

/** As many as a DoT connection has in flight. */
const MOST = 1000;
const IDS = 65_536;

const exchange = (): Exchange => ({
  query: new Uint8Array(),
  deadlineMs: 0,
  budget: { sendsLeft: 1, reserved: 0 },
  isSettled: false,
  resolve() {},
  reject() {},
});

function owe(owed: OwedExchanges) {
  const [id, one] = [owed.freeId(), exchange()];
  owed.set(id, one);
  return { id, one };
}

it('is found by its ID and by no other, until it goes', () => {
  const owed = new OwedExchanges();
  const all = Array.from({ length: MOST }, () => owe(owed));
  expect(new Set(all.map(({ id }) => id)).size).toBe(MOST);
  for (const { id, one } of all) expect(owed.get(id)).toBe(one);
  const known = new Set(all.map(({ id }) => id));
  for (let id = 0; id < IDS; id += 1) expect(owed.has(id)).toBe(known.has(id));
  for (const { id } of all) owed.delete(id);
  for (const { id } of all) expect(owed.get(id)).toBeUndefined();
  expect([...owed]).toEqual([]);
});

it('stays while all IDs go round beside it, and none that stands for it is given', () => {
  const owed = new OwedExchanges();
  const { id: first, one } = owe(owed);
  for (let round = 0; round < 2 * IDS; round += 1) {
    const { id } = owe(owed);
    expect(id).not.toBe(first);
    owed.delete(id);
  }
  expect(owed.get(first)).toBe(one);
});

it('is what a Map would have, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 3 * MOST }), { maxLength: 300 }), (steps) => {
      const [owed, map] = [new OwedExchanges(), new Map<number, Exchange>()];
      for (const step of steps) {
        const id = [...map.keys()][step];
        if (id === undefined) {
          const added = owe(owed);
          map.set(added.id, added.one);
        } else {
          owed.delete(id);
          owed.delete(id);
          map.delete(id);
        }
        expect(owed.size).toBe(map.size);
      }
      expect(new Map(owed)).toEqual(map);
      owed.clear();
      expect([owed.size, ...owed]).toEqual([0]);
    }),
  );
});
