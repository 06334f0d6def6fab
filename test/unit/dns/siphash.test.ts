// SipHash-2-4 against the vectors of its reference implementation (vectors.h: key 00 … 0f, messages 00, 00 01, …), and
// against the definition in plain BigInt.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sipHash } from '../../../src/dns/siphash.ts';
import { SEED } from '../../support/arbitrary-messages.ts';

const counting = (length: number) => Uint8Array.from({ length }, (_, at) => at);
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex');

describe('SipHash-2-4', () => {
  it.each([
    [0, '310e0edd47db6f72'],
    [1, 'fd67dc93c539f874'],
    [2, '5a4fa9d909806c0d'],
    [7, '37d1018bf50002ab'],
    [8, '6224939a79f5f593'],
    [15, 'e545be4961ca29a1'],
    [63, '724506eb4c328a95'],
  ])('of %i octets is what the reference says', (length, expected) => {
    expect(hex(sipHash(counting(16), counting(length)))).toBe(expected);
  });

  it('is its definition for any key and message', () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 300 }), (some, message) => {
        expect(hex(sipHash(some, message))).toBe(byDefinition(some, message));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});

/** Section 2 of the paper, word by word. */
function byDefinition(key: Uint8Array, message: Uint8Array): string {
  const word = (octets: Uint8Array, at: number) => Buffer.from(octets).readBigUInt64LE(at);
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  const rotated = (value: bigint, bits: bigint) => cut((value << bits) | (value >> (64n - bits)));
  const [k0, k1] = [word(key, 0), word(key, 8)];
  let [v0, v1, v2, v3] = [
    k0 ^ 0x736f6d6570736575n,
    k1 ^ 0x646f72616e646f6dn,
    k0 ^ 0x6c7967656e657261n,
    k1 ^ 0x7465646279746573n,
  ];
  const rounds = (count: number) => {
    for (let round = 0; round < count; round += 1) {
      v0 = cut(v0 + v1);
      v2 = cut(v2 + v3);
      v1 = rotated(v1, 13n) ^ v0;
      v3 = rotated(v3, 16n) ^ v2;
      v0 = rotated(v0, 32n);
      v2 = cut(v2 + v1);
      v0 = cut(v0 + v3);
      v1 = rotated(v1, 17n) ^ v2;
      v3 = rotated(v3, 21n) ^ v0;
      v2 = rotated(v2, 32n);
    }
  };
  const padded = Buffer.alloc(message.length - (message.length % 8) + 8);
  padded.set(message);
  padded[padded.length - 1] = message.length & 255;
  for (let at = 0; at < padded.length; at += 8) {
    const absorbed = word(padded, at);
    v3 ^= absorbed;
    rounds(2);
    v0 ^= absorbed;
  }
  v2 ^= 0xffn;
  rounds(4);
  const hash = Buffer.alloc(8);
  hash.writeBigUInt64LE(v0 ^ v1 ^ v2 ^ v3);
  return hex(hash);
}
