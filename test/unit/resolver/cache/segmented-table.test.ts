// The table against a plain model of two lists, and what it is for: a flood does not empty it.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ENTRY_OVERHEAD_OCTETS, SegmentedTable } from '../../../../src/resolver/cache/segmented-table.ts';

interface Entry {
  readonly key: string;
  readonly value: string;
}

/** The same in as few words as possible: two arrays, oldest first. */
class Model {
  probation: Entry[] = [];
  protected: Entry[] = [];
  readonly #maxOctets: number;

  constructor(maxOctets: number) {
    this.#maxOctets = maxOctets;
  }

  get(key: string): string | undefined {
    const entry = [...this.probation, ...this.protected].find((one) => one.key === key);
    if (entry === undefined) return undefined;
    this.delete(key);
    this.protected.push(entry);
    this.#hold();
    return entry.value;
  }

  set(key: string, value: string, isProtected: boolean): void {
    const wasProtected = this.protected.some((one) => one.key === key);
    const isNew = !wasProtected && !this.probation.some((one) => one.key === key);
    this.delete(key);
    if (octetsOf([{ key, value }]) > this.#maxOctets) return;
    (wasProtected || (isNew && isProtected) ? this.protected : this.probation).push({ key, value });
    this.#hold();
  }

  delete(key: string): void {
    this.probation = this.probation.filter((one) => one.key !== key);
    this.protected = this.protected.filter((one) => one.key !== key);
  }

  #hold(): void {
    while (octetsOf(this.protected) > Math.floor(this.#maxOctets * 0.8))
      this.probation.push(this.protected.shift()!);
    while (octetsOf(this.protected) + octetsOf(this.probation) > this.#maxOctets) this.probation.shift();
  }
}

function octetsOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { key, value }) => sum + ENTRY_OVERHEAD_OCTETS + key.length + value.length, 0);
}

function contentOf(table: SegmentedTable): Map<string, readonly [value: string, isProtected: boolean]> {
  const found = new Map<string, readonly [string, boolean]>();
  for (let slot = 0; slot < table.slots; slot += 1) {
    const entry = table.at(slot);
    if (entry !== null) found.set(entry.key, [entry.value, entry.isProtected]);
  }
  return found;
}

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', ...'defghijk');
const value = fc.integer({ min: 0, max: 700 }).map((length) => 'x'.repeat(length));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constant('set' as const), key, value, fc.boolean()) },
  { weight: 5, arbitrary: fc.tuple(fc.constant('get' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const)) },
);

it('does what the model does, whatever is done to it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const maxOctets = 2000;
      const table = new SegmentedTable(maxOctets);
      let model = new Model(maxOctets);
      for (const [action, at = '', text = '', isProtected = false] of steps) {
        if (action === 'get') expect(table.get(at)).toBe(model.get(at));
        if (action === 'set') {
          table.set(at, text, isProtected);
          model.set(at, text, isProtected);
        }
        if (action === 'delete') {
          table.delete(at);
          model.delete(at);
        }
        if (action === 'clear') {
          table.clear();
          model = new Model(maxOctets);
        }
        expect(contentOf(table)).toEqual(
          new Map<string, readonly [string, boolean]>([
            ...model.probation.map((one) => [one.key, [one.value, false]] as const),
            ...model.protected.map((one) => [one.key, [one.value, true]] as const),
          ]),
        );
        const all = [...model.probation, ...model.protected];
        expect([table.entries, table.octets]).toEqual([all.length, octetsOf(all)]);
      }
    }),
    { numRuns: 300 },
  );
});

it('keeps what was asked for again through a flood of new keys of ten times its size (reliability row 13)', () => {
  const table = new SegmentedTable(1000 * (ENTRY_OVERHEAD_OCTETS + 10));
  const hot = Array.from({ length: 300 }, (_, at) => `hot-${at}`);
  for (const one of hot) table.set(one, '');
  for (const one of hot) table.get(one);
  for (let at = 0; at < 10_000; at += 1) table.set(`random-${at}`, '');
  expect(hot.filter((one) => table.get(one) === undefined)).toEqual([]);
  expect(table.octets).toBeLessThanOrEqual(1000 * (ENTRY_OVERHEAD_OCTETS + 10));
});

it('keeps what is asked for when its room shrinks, and takes more when it grows', () => {
  const each = ENTRY_OVERHEAD_OCTETS + 4;
  const table = new SegmentedTable(1000 * each);
  const names = Array.from({ length: 1000 }, (_, at) => String(at + 1000));
  for (const name of names) table.set(name, '');
  for (const name of names.slice(0, 300)) table.get(name);
  table.resize(500 * each);
  expect(table.entries).toBe(500);
  expect(names.slice(0, 300).filter((name) => table.peek(name) === undefined)).toEqual([]);
  table.resize(2000 * each);
  for (let at = 2000; at < 4000; at += 1) table.set(String(at), '');
  expect(table.entries).toBe(2000);
});

it('uses all of its room where there is no flood', () => {
  const table = new SegmentedTable(1000 * (ENTRY_OVERHEAD_OCTETS + 3));
  for (let at = 100; at < 1100; at += 1) table.set(String(at), '');
  for (let at = 100; at < 1100; at += 1) table.get(String(at));
  expect(table.entries).toBeGreaterThanOrEqual(999);
});

it('lets what is asked for no more go, though it was popular once', () => {
  const table = new SegmentedTable(1000 * (ENTRY_OVERHEAD_OCTETS + 10));
  table.set('once', '');
  table.get('once');
  for (let at = 0; at < 2000; at += 1) {
    table.set(`new-${at}`, '');
    table.get(`new-${at}`);
  }
  expect(table.peek('once')).toBeUndefined();
});

it('shows a walk that pauses every entry that lives all the while, however many come and go', () => {
  const table = new SegmentedTable(500 * (ENTRY_OVERHEAD_OCTETS + 10));
  for (let at = 0; at < 200; at += 1) {
    table.set(`hot-${at}`, '');
    table.get(`hot-${at}`);
  }
  const seen = new Set<string>();
  for (let slot = 0; slot < table.slots; slot += 1) {
    const entry = table.at(slot);
    if (entry !== null) seen.add(entry.key);
    table.get(`hot-${(slot * 7) % 200}`);
    table.set(`random-${slot}`, '');
    if (slot > 5000) break;
  }
  expect([...seen].filter((one) => one.startsWith('hot'))).toHaveLength(200);
});
