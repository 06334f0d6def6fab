// FNV-1a (Fowler, Noll, Vo), an octet at a time, for tables: quick, and with a seed of our own nobody can choose what meets
// in it without knowing that. Where somebody may see the hash itself, siphash.ts is the one to take.

import { randomBytes } from 'node:crypto';

const FNV_PRIME = 0x01000193;

export function newSeed(): number {
  return randomBytes(4).readInt32LE();
}

/** One more octet; begin with a seed, and end with `mixed`. */
export function hashed(hash: number, octet: number): number {
  return Math.imul(hash ^ octet, FNV_PRIME);
}

/** The last step of MurmurHash3: FNV alone spreads badly in its low bits. */
export function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return mix ^ (mix >>> 16);
}
