// The table against a Map for what it holds, against lru-cache for what goes first where the two agree, and what it is for:
// a flood does not empty it, and it takes no more memory than it may, or needs.

import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { describe, expect, it } from 'vitest';
import { OctetTable } from '../../../../src/resolver/cache/octet-table.ts';
import { Random } from '../../../support/random.ts';
import { tableKey } from '../../../support/table-keys.ts';

const MIB = 2 ** 20;
/** Of the size that answers have. */
const VALUE = new Uint8Array(100).fill(0x41);

function octets(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

function textAt(table: OctetTable, at: number): string | undefined {
  if (at < 0) return undefined;
  expect(at % 8).toBe(0);
  return Buffer.from(table.octets.slice(at, at + table.valueLength(at))).toString('latin1');
}

const find = (table: OctetTable, text: string) => textAt(table, table.find(tableKey(text)));
const peek = (table: OctetTable, text: string) => textAt(table, table.peek(tableKey(text)));
const has = (table: OctetTable, text: string) => table.peek(tableKey(text)) >= 0;
const set = (table: OctetTable, text: string, value: Uint8Array = VALUE, isProtected = false) =>
  table.set(tableKey(text), value, isProtected);

/** All that a walk sees. */
function contentOf(table: OctetTable): [key: string, value: string][] {
  const found: [string, string][] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const key = table.keyAt(slot);
    if (key !== null) found.push([Buffer.from(key).toString('latin1'), textAt(table, table.at(slot))!]);
  }
  return found;
}

function popularOf(table: OctetTable): Set<string> {
  const found = new Set<string>();
  for (let slot = 0; slot < table.slots; slot += 1)
    if (table.isProtectedAt(slot)) found.add(Buffer.from(table.keyAt(slot)!).toString('latin1'));
  return found;
}

function slotOf(table: OctetTable, text: string): number {
  for (let slot = 0; slot < table.slots; slot += 1)
    if (table.keyAt(slot) !== null && Buffer.from(table.keyAt(slot)!).toString('latin1') === text)
      return slot;
  return -1;
}

const names = (from: number, to: number, prefix = 'name-') =>
  Array.from({ length: Math.floor(to - from) }, (_, at) => `${prefix}${from + at}`);

/** How many names, set once each, are kept of more than there is room for. */
function roomFor(maxOctets: number): number {
  const table = new OctetTable(maxOctets);
  for (let at = 0; at < maxOctets / 64; at += 1) set(table, `fill-${at}`);
  return table.entries;
}

describe('what it holds', () => {
  const key = fc.constantFrom('', 'a', 'b', '__proto__', 'x'.repeat(300), ...names(0, 60));
  /** Of few hashes, so that keys meet in groups and with the same tag. */
  const hash = (text: string, hashes: number) => (text.length + text.charCodeAt(text.length - 1)) % hashes;
  const length = fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 1200 }));
  const step = fc.oneof(
    { weight: 40, arbitrary: fc.tuple(fc.constant('set' as const), key, length, fc.boolean()) },
    { weight: 40, arbitrary: fc.tuple(fc.constant('find' as const), key) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('delete' as const), key) },
    { weight: 5, arbitrary: fc.tuple(fc.constant('deleteAt' as const), key) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const), key) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constant('resize' as const), key, fc.integer({ min: 8, max: 64 })),
    },
  );

  /** @param isExact there is room for all, so that nothing may be lost */
  function agreesWithMap(maxOctets: number, hashes: number, isExact: boolean, runs: number): void {
    const run = fc.property(fc.array(step, { minLength: 50, maxLength: 300 }), (steps) => {
      const table = new OctetTable(maxOctets);
      const model = new Map<string, string>();
      const keyFor = (text: string) => tableKey(text, hashes === 0 ? undefined : hash(text, hashes));
      let count = 0;
      for (const [action, text, number = 0, isProtected = false] of steps) {
        count += 1;
        if (action === 'set') {
          const value = `${count} ${text} `.repeat(number).slice(0, number);
          table.set(keyFor(text), octets(value), isProtected);
          model.set(text, value);
        }
        if (action === 'find' || action === 'set') {
          const at = action === 'find' ? table.find(keyFor(text)) : table.peek(keyFor(text));
          const found = textAt(table, at);
          if (isExact || found !== undefined) expect(found).toBe(model.get(text));
        }
        if (action === 'delete') {
          const was = table.peek(keyFor(text)) >= 0;
          expect(table.delete(keyFor(text))).toBe(was);
          model.delete(text);
        }
        if (action === 'deleteAt') {
          const slot = slotOf(table, text);
          if (slot >= 0) {
            table.deleteAt(slot);
            model.delete(text);
          }
        }
        if (action === 'clear') {
          table.clear();
          model.clear();
        }
        if (action === 'resize' && !isExact) table.resize(number * 1024);
        if (action === 'resize' && isExact) table.resize(maxOctets * (1 + (number % 3)));
      }
      const content = contentOf(table);
      expect(content.length).toBe(table.entries);
      expect(new Set(content.map(([text]) => text)).size).toBe(content.length);
      for (const [text, value] of content) {
        expect(model.get(text)).toBe(value);
        expect(textAt(table, table.peek(keyFor(text)))).toBe(value);
      }
      if (isExact) expect(new Map(content)).toEqual(model);
      expect(table.octetsHeld).toBeLessThanOrEqual(table.maxOctets);
    });
    fc.assert(run, { numRuns: runs });
  }

  it('is what a Map holds, where there is room', () => agreesWithMap(4 * MIB, 0, true, 60));
  it('is nothing that a Map does not hold, where there is none', () =>
    agreesWithMap(20 * 1024, 0, false, 150));
  it('is right where keys have the same hash', () => agreesWithMap(20 * 1024, 5, false, 100));
  it('is right where room is for next to nothing', () => agreesWithMap(3000, 0, false, 50));
});

describe('values', () => {
  it('of nothing, of an octet and of the longest answer are kept as they are', () => {
    const table = new OctetTable(4 * MIB);
    for (const length of [0, 1, 7, 8, 9, 64, 65, 65_535, 65_536, 80_000]) {
      const value = Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256);
      set(table, 'long', value);
      expect(find(table, 'long')).toBe(Buffer.from(value).toString('latin1'));
    }
  });

  it('are not kept where they are larger than a segment, and take the old one with them', () => {
    const table = new OctetTable(MIB);
    set(table, 'large', VALUE);
    set(table, 'large', new Uint8Array(MIB / 4));
    expect([has(table, 'large'), table.entries, table.octetsHeld]).toEqual([false, 0, 0]);
    set(table, 'k'.repeat(MIB / 16));
    expect(table.entries).toBe(0);
  });

  it('that are replaced stay where they are, and as popular as they were', () => {
    const table = new OctetTable(MIB);
    set(table, 'name');
    const at = table.find(tableKey('name'));
    set(table, 'name', octets('shorter'));
    expect([table.peek(tableKey('name')), find(table, 'name')]).toEqual([at, 'shorter']);
    set(table, 'name', VALUE);
    expect(table.peek(tableKey('name'))).toBe(at);
    set(table, 'name', new Uint8Array(1000));
    expect(table.isProtectedAt(slotOf(table, 'name'))).toBe(true);
    expect([table.entries, contentOf(table).length]).toEqual([1, 1]);
  });

  it('that are the next to go can be replaced by longer ones', () => {
    const table = new OctetTable(MIB);
    const all = names(0, roomFor(MIB) * 2);
    for (const name of all) set(table, name);
    for (let round = 0; round < 10; round += 1) {
      const oldest = all.find((name) => has(table, name) && peek(table, name)!.length === VALUE.length)!;
      set(table, oldest, new Uint8Array(20_000 + round));
      expect(peek(table, oldest)!.length).toBe(20_000 + round);
      expect(contentOf(table).length).toBe(table.entries);
    }
  });

  it('that are peeked at, or set again, have not been asked for again', () => {
    const table = new OctetTable(MIB);
    set(table, 'peeked');
    set(table, 'peeked', octets('again'));
    peek(table, 'peeked');
    expect(table.isProtectedAt(slotOf(table, 'peeked'))).toBe(false);
    find(table, 'peeked');
    expect(table.isProtectedAt(slotOf(table, 'peeked'))).toBe(true);
    set(table, 'earned', VALUE, true);
    expect(table.isProtectedAt(slotOf(table, 'earned'))).toBe(true);
  });

  it('of a slot that was popular do not make the next one in it popular', () => {
    const table = new OctetTable(MIB);
    for (let round = 0; round < 200; round += 1) {
      table.set(tableKey(`round-${round}`, 1), VALUE);
      expect(table.isProtectedAt(slotOf(table, `round-${round}`))).toBe(false);
      table.find(tableKey(`round-${round}`, 1));
      if (round % 3 === 0) table.delete(tableKey(`round-${round}`, 1));
    }
  });
});

/**
 * Of this table and of an lru-cache with as many entries: 20,000 names asked for as by Zipf's law, and half of all queries
 * for names that nobody asks for twice.
 */
function shareOfHits(exponent: number): [own: number, lru: number] {
  const table = new OctetTable(MIB);
  const lru = new LRUCache<string, true>({ max: roomFor(MIB) });
  const random = new Random(5);
  const rank = random.zipf(20_000, exponent);
  const [asked, warm] = [60_000, 20_000];
  let [own, others] = [0, 0];
  for (let at = 0; at < asked; at += 1) {
    for (const name of [`scan-${at}`, `name-${rank()}`]) {
      const isCounted = at >= warm && name.startsWith('name');
      if (table.find(tableKey(name)) < 0) set(table, name);
      else if (isCounted) own += 1;
      if (lru.get(name) !== true) lru.set(name, true);
      else if (isCounted) others += 1;
    }
  }
  return [own / (asked - warm), others / (asked - warm)];
}

describe('what goes first', () => {
  it('is what came first, as in lru-cache, where nothing is asked for again', () => {
    const table = new OctetTable(MIB);
    const fifo = new LRUCache<string, true>({ max: 100_000 });
    for (const name of names(0, 40_000)) {
      set(table, name);
      fifo.set(name, true);
    }
    const kept = new Set(contentOf(table).map(([name]) => name));
    const newest = [...fifo.keys()].slice(0, kept.size); // newest first
    expect(kept).toEqual(new Set(newest));
  });

  it('is not what is asked for all the time, as in lru-cache', () => {
    const table = new OctetTable(MIB);
    const hot = names(0, roomFor(MIB) / 4, 'hot-');
    for (const name of hot) set(table, name);
    for (let at = 0; at < 50_000; at += 1) {
      find(table, hot[at % hot.length]!);
      set(table, `new-${at}`);
    }
    expect(hot.filter((name) => !has(table, name))).toEqual([]);
  });

  it('is a flood of new keys of ten times its size, and not what was asked for again (reliability row 13)', () => {
    const table = new OctetTable(MIB);
    const room = roomFor(MIB);
    const hot = names(0, Math.floor(room / 2), 'hot-');
    for (const name of hot) set(table, name);
    for (const name of hot) find(table, name);
    for (const name of names(0, room * 10)) set(table, name);
    expect(hot.filter((name) => !has(table, name))).toEqual([]);
  });

  it('is little of what was asked for again, where that is nearly all', () => {
    const table = new OctetTable(8 * MIB);
    const room = roomFor(8 * MIB);
    const hot = names(0, Math.floor(room * 0.75), 'hot-');
    for (const name of hot) set(table, name);
    for (const name of hot) find(table, name);
    for (const name of names(0, room * 3)) set(table, name);
    expect(hot.filter((name) => !has(table, name)).length).toBeLessThan(hot.length / 10);
  });

  it('is not what is said to have earned more', () => {
    const table = new OctetTable(MIB);
    const room = roomFor(MIB);
    for (const name of names(0, room / 2, 'earned-')) set(table, name, VALUE, true);
    for (const name of names(0, room * 3)) set(table, name);
    expect(names(0, room / 2, 'earned-').filter((name) => !has(table, name))).toEqual([]);
  });

  it('is not what is new, until a fifth of the room has come after it', () => {
    const table = new OctetTable(MIB);
    const room = roomFor(MIB);
    for (const name of names(0, room * 2, 'earned-')) set(table, name, VALUE, true);
    const few = names(0, Math.floor(room / 8), 'new-');
    for (const name of few) set(table, name);
    expect(few.filter((name) => !has(table, name))).toEqual([]);
  });

  it.each([
    { ring: 'small', isProtected: false, segments: 17 + 1 },
    { ring: 'main', isProtected: true, segments: 5 + 1 },
  ])(
    'is found within a few segments, where all in the $ring ring was asked for again',
    ({ isProtected, segments }) => {
      const table = new OctetTable(16 * MIB); // of 110 segments
      const all = names(0, 10 ** 5);
      for (const name of all) set(table, name, VALUE, isProtected);
      for (const name of all) find(table, name);
      const places = all.map((name) => table.peek(tableKey(name)));
      const first = places.findIndex((place) => place >= 0);
      for (let at = 0; at < 10 ** 5 && table.peek(tableKey(all[first]!)) === places[first]; at += 1)
        set(table, `new-${at}`);
      const moved = all.filter((name, at) => table.peek(tableKey(name)) !== places[at]);
      expect(moved.length * 136).toBeLessThan((segments + first) * 128 * 1024);
      expect(moved.length * 136).toBeGreaterThan((segments - 3) * 128 * 1024);
    },
  );

  it('is what was popular once, when all that is new is asked for again', () => {
    const table = new OctetTable(MIB);
    set(table, 'once');
    find(table, 'once');
    for (const name of names(0, roomFor(MIB) * 2)) {
      set(table, name);
      find(table, name);
    }
    expect(has(table, 'once')).toBe(false);
  });

  // `before`: what the segmented LRU that was here before this table had in as many octets
  it.each([
    { exponent: 1, before: 0.737 },
    { exponent: 0.8, before: 0.562 },
  ])(
    'is what is asked for least, among names by Zipf, while somebody scans ($exponent)',
    ({ exponent, before }) => {
      const [own, lru] = shareOfHits(exponent);
      expect(own).toBeGreaterThan(before);
      expect(own).toBeGreaterThan(lru + 0.05);
    },
  );

  it.each([0, 1])('is what is unasked for, where both groups of slots are full (%i)', (order) => {
    const table = new OctetTable(MIB);
    const meet = (name: string) => tableKey(name, 0x1234_5678);
    for (const name of names(0, 14)) table.set(meet(name), VALUE);
    const bySlot = names(0, 14).sort((one, other) => slotOf(table, one) - slotOf(table, other));
    const hot = (order === 0 ? bySlot : bySlot.reverse()).slice(0, 12); // all of one group, and five of the other
    for (const name of hot) table.find(meet(name));
    for (const name of names(100, 200)) table.set(meet(name), VALUE);
    expect(hot.filter((name) => table.peek(meet(name)) < 0)).toEqual([]);
    expect(table.entries).toBe(14);
  });
});

describe('its room', () => {
  it('is enough for 100,000 names in 64 MiB, and nearly all of it is used when it is full', () => {
    const table = new OctetTable(64 * MIB);
    for (const name of names(0, 100_000)) set(table, name);
    expect(names(0, 100_000).filter((name) => !has(table, name))).toEqual([]);
    const small = new OctetTable(8 * MIB);
    for (const name of names(0, 200_000)) set(small, name);
    expect(small.octetsHeld).toBeGreaterThan(0.8 * 8 * MIB);
  });

  it('is never more than it may have, index and books included, and not much less', () => {
    for (let maxOctets = MIB; maxOctets < 64 * MIB; maxOctets += MIB / 3 + 1000) {
      const table = new OctetTable(maxOctets);
      expect(table.octetsTaken).toBeLessThanOrEqual(maxOctets);
      expect(table.octetsTaken).toBeGreaterThan(0.95 * maxOctets);
      expect(table.octets.byteLength).toBeLessThan(table.octetsTaken);
    }
  });

  it('may be too little for anything', () => {
    for (let maxOctets = 0; maxOctets < 3000; maxOctets += 50) {
      const table = new OctetTable(maxOctets);
      for (const name of names(0, 100)) set(table, name, new Uint8Array(maxOctets % 7));
      expect(find(table, 'name-99') ?? '').toBe(has(table, 'name-99') ? '\0'.repeat(maxOctets % 7) : '');
      expect(table.octetsHeld).toBeLessThanOrEqual(maxOctets);
      table.resize(100);
      table.clear();
      expect(table.entries).toBe(0);
    }
  });

  it('costs next to nothing while it is not used', () => {
    const growth = () => {
      const before = process.memoryUsage.rss();
      const table = new OctetTable(1024 * MIB);
      for (const name of names(0, 1000)) set(table, name);
      expect(table.entries).toBe(1000);
      return process.memoryUsage.rss() - before;
    };
    expect(Math.min(growth(), growth(), growth())).toBeLessThan(64 * MIB); // now and then the heap grows meanwhile
  });

  it('is little for a few names, index included', () => {
    const table = new OctetTable(64 * MIB);
    for (const name of names(0, 3000)) set(table, name);
    expect(table.octets.subarray(MIB).findIndex((octet) => octet !== 0)).toBe(-1);
    const index = new Uint8Array(table.shared.index);
    expect(index.subarray(MIB / 8).findIndex((octet) => octet !== 0)).toBe(-1);
    expect(names(0, 3000).filter((name) => !has(table, name))).toEqual([]);
  });

  it('is not crept over by a few entries that are replaced again and again', () => {
    const table = new OctetTable(64 * MIB);
    for (let length = 0; length < 5000; length += 5)
      for (const name of names(0, 10)) set(table, name, new Uint8Array(length).fill(1)); // 25 MB written
    expect(table.entries).toBe(10);
    expect(table.octets.subarray(2 * MIB).findIndex((octet) => octet !== 0)).toBe(-1);
  });

  it('is not crept over either where what is replaced lies among what stays', () => {
    const table = new OctetTable(64 * MIB);
    for (let round = 1; round <= 1000; round += 1) {
      set(table, `stays-${round}`);
      for (const name of names(0, 10)) set(table, name, new Uint8Array(round * 16).fill(1)); // 80 MB written
    }
    expect(names(1, 1001, 'stays-').filter((name) => !has(table, name))).toEqual([]);
    expect(table.isProtectedAt(slotOf(table, 'stays-1'))).toBe(false);
    expect(table.octets.subarray(2 * MIB).findIndex((octet) => octet !== 0)).toBe(-1);
  });

  it('is had again by what comes after deletions and after a flush', () => {
    const table = new OctetTable(2 * MIB);
    const room = roomFor(2 * MIB);
    for (const name of names(0, room)) set(table, name);
    for (const name of names(0, room)) if (!name.endsWith('7')) table.delete(tableKey(name));
    for (const name of names(0, room / 2, 'after-')) set(table, name);
    expect(names(0, room / 2, 'after-').filter((name) => !has(table, name))).toEqual([]);
    expect(names(room / 10, room).filter((name) => name.endsWith('7') && !has(table, name))).toEqual([]);
    const few = names(0, room * 2, 'few-');
    for (const name of few) set(table, name);
    const kept = few.filter((name) => has(table, name));
    for (const name of kept.slice(room * -0.4)) table.delete(tableKey(name)); // the newest
    for (const name of names(0, room * 0.3, 'filling-')) set(table, name);
    expect(kept.slice(0, room * -0.4).filter((name) => !has(table, name))).toEqual([]);
    table.clear();
    expect([table.entries, table.octetsHeld, contentOf(table)]).toEqual([0, 0, []]);
  });

  it('shrinks to what is asked for, and grows', () => {
    const table = new OctetTable(4 * MIB);
    const room = roomFor(4 * MIB);
    for (const name of names(0, room)) set(table, name);
    const hot = names(100, Math.floor(room * 0.3));
    for (const name of hot) find(table, name);
    table.resize(2 * MIB);
    expect(table.octetsTaken).toBeLessThanOrEqual(2 * MIB);
    expect(table.octetsHeld).toBeGreaterThan(1.5 * MIB);
    expect(hot.filter((name) => !has(table, name))).toEqual([]);
    expect(popularOf(table)).toEqual(new Set(hot));
    const before = table.entries;
    table.resize(8 * MIB);
    expect(table.entries).toBe(before);
    for (const name of names(0, room, 'more-')) set(table, name);
    expect(table.entries).toBe(before + room);
  });
});

it('shows a walk that pauses every entry once, though the index grows to its full size meanwhile', () => {
  const table = new OctetTable(16 * MIB);
  const all = names(0, 2000, 'early-');
  for (const name of all) set(table, name);
  for (const name of all.slice(0, 1000)) find(table, name);
  const seen: [string, boolean][] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const key = table.keyAt(slot);
    const text = key === null ? '' : Buffer.from(key).toString('latin1');
    if (text.startsWith('early')) seen.push([text, table.isProtectedAt(slot)]);
    if (slot % 4 === 0 && table.entries < 90_000) set(table, `more-${slot}`);
  }
  expect(table.entries).toBeGreaterThan(50_000);
  expect(seen.sort()).toEqual(all.map((name, at) => [name, at < 1000] as [string, boolean]).sort());
});

it('shows a walk that pauses every entry that lives all the while, once, however many come, move and go', () => {
  const table = new OctetTable(MIB);
  const hot = names(0, 300, 'hot-');
  for (const name of hot) set(table, name);
  const seen: string[] = [];
  for (let slot = 0; slot < table.slots; slot += 1) {
    const key = table.keyAt(slot);
    if (key !== null) seen.push(Buffer.from(key).toString('latin1'));
    find(table, hot[(slot * 7) % 300]!);
    set(table, hot[(slot * 11) % 300]!, new Uint8Array(slot % 200));
    set(table, `random-${slot}`);
    set(table, `asked-${slot}`);
    find(table, `asked-${slot}`);
  }
  expect(table.entries).toBeLessThan(table.slots / 2); // many have gone
  expect(seen.filter((name) => name.startsWith('hot')).sort()).toEqual([...hot].sort());
});
