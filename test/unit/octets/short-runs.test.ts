// Short runs of octets against what Node does with them, on both sides of the length from which V8 copies.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { areOctets, copyOctets } from '../../../src/octets/short-runs.ts';

const runs = fc.uint8Array({ minLength: 90, maxLength: 100 });

it('are copied to their place, and nothing beside it', () => {
  fc.assert(
    fc.property(runs, fc.nat(3), fc.nat(3), fc.nat(2), (run, start, to, less) => {
      const octets = run.length - start - less;
      const [target, expected] = [Buffer.alloc(120, 7), Buffer.alloc(120, 7)];
      copyOctets(run, start, target, to, octets);
      Buffer.from(run).copy(expected, to, start, start + octets);
      expect(target.equals(expected)).toBe(true);
    }),
  );
});

it('are the same when all of them are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.nat(7), (run, at) => {
      const octets = Buffer.concat([Buffer.from([1, 2]), run, Buffer.from([3])]);
      const end = 2 + run.length;
      expect(areOctets(run, octets, 2, end)).toBe(true);
      expect(areOctets(run, octets, 2, end + 1)).toBe(false);
      octets[2 + (at % run.length)]! ^= 1;
      expect(areOctets(run, octets, 2, end)).toBe(false);
    }),
  );
});
