// Queries through the ring: whole, in their order, round its end, and lost one by one when there is no room.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { QueryRing } from '../../../../src/listener/threads/query-ring.ts';
import { ROUTE_WORDS } from '../../../../src/listener/udp/message-batch.ts';

/** Octets that tell which query it is, somewhere in a longer memory, as a batch has them. */
function taken(number: number, length: number) {
  const octets = new Uint8Array(length + 7).fill(number, 3, 3 + length);
  const words = Int32Array.from({ length: ROUTE_WORDS + 5 }, (_, at) => number * 1000 + at);
  return { octets, start: 3, end: 3 + length, words, route: 5, receivedAtMs: number + 0.25 };
}

const text = (octets: Uint8Array, start: number, end: number) =>
  Buffer.from(octets.subarray(start, end)).toString('latin1');

function seen(ring: QueryRing, most: number) {
  const found: { socket: number; octets: string; route: string; receivedAtMs: number }[] = [];
  ring.read(most, (socket, { octets, start, end, words, route, receivedAtMs }) => {
    const way = words.subarray(route, route + ROUTE_WORDS).join();
    found.push({ socket, octets: text(octets, start, end), route: way, receivedAtMs });
  });
  return found;
}

function expected(number: number, length: number) {
  const { octets, start, end, words, route, receivedAtMs } = taken(number, length);
  const way = words.subarray(route, route + ROUTE_WORDS).join();
  return { socket: number, octets: text(octets, start, end), route: way, receivedAtMs };
}

describe('a ring of queries', () => {
  it('gives what another view of the same memory has written, in its order', () => {
    const ring = new QueryRing();
    const other = new QueryRing(ring.memory);
    for (const number of [1, 2, 3]) expect(ring.write(number, taken(number, 30 + number))).toBe(true);
    expect(seen(other, 2)).toEqual([expected(1, 31), expected(2, 32)]);
    expect(other.isEmpty).toBe(false);
    expect(seen(other, 2)).toEqual([expected(3, 33)]);
    expect([ring.isEmpty, other.isEmpty]).toEqual([true, true]);
  });

  it('is whole whatever the lengths and however it is read, round its end and again', () => {
    const lengths = fc.array(fc.oneof(fc.nat(60), fc.nat(65_507)), { minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(lengths, fc.array(fc.nat(5), { minLength: 1 }), (all, reads) => {
        const ring = new QueryRing();
        const waiting: ReturnType<typeof expected>[] = [];
        all.forEach((length, at) => {
          const number = at % 200;
          if (ring.write(number, taken(number, length))) waiting.push(expected(number, length));
          const found = seen(ring, reads[at % reads.length]!);
          expect(found).toEqual(waiting.splice(0, found.length));
        });
        expect(seen(ring, 1000)).toEqual(waiting);
      }),
      { numRuns: 25 },
    );
  });

  it('loses what it has no room for, says how much, and takes again when there is room', () => {
    const ring = new QueryRing();
    let kept = 0;
    while (ring.write(1, taken(1, 40_000))) kept += 1;
    expect(kept).toBeGreaterThanOrEqual(3);
    expect(ring.write(1, taken(1, 65_507))).toBe(false);
    expect([ring.takeLost(), ring.takeLost()]).toEqual([2, 0]);
    expect(seen(ring, 1)).toHaveLength(1);
    expect(ring.write(2, taken(2, 20))).toBe(true);
    expect(seen(ring, 100).at(-1)).toEqual(expected(2, 20));
  });

  it('takes no more than there is room for, of short ones too, and spoils none of them', () => {
    const ring = new QueryRing();
    ring.write(0, taken(0, 30));
    seen(ring, 1);
    const numbers = Array.from({ length: 3000 }, (_, at) => at % 200);
    const kept = numbers.filter((number) => ring.write(number, taken(number, 30)));
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept.length).toBeLessThan(3000);
    expect(seen(ring, 5000)).toEqual(kept.map((number) => expected(number, 30)));
  });

  it('goes on behind a query that could not be asked', () => {
    const ring = new QueryRing();
    ring.write(1, taken(1, 20));
    ring.write(2, taken(2, 20));
    const failing = () => {
      throw new Error('a bug');
    };
    expect(() => ring.read(1, failing)).toThrow('a bug');
    expect(seen(ring, 10)).toEqual([expected(2, 20)]);
  });

  it('has its reader woken once, and not while that is awake', () => {
    const ring = new QueryRing();
    expect(ring.wake()).toBe(false);
    expect(ring.sleep()).toBe(true);
    expect([ring.wake(), ring.wake()]).toEqual([true, false]);
  });

  it('lets nobody sleep over what has come before', () => {
    const ring = new QueryRing();
    ring.write(1, taken(1, 20));
    expect(ring.sleep()).toBe(false);
    expect(ring.wake()).toBe(false);
  });
});
