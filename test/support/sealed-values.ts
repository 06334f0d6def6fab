// Values for the cache's table that show whether they are whole: which key they are for, their length, and a sum over all of
// it. For tests with readers in other threads.

import { hashed } from '../../src/dns/quick-hash.ts';

const HEAD_OCTETS = 12;

const room = new Uint8Array(2 ** 16);
const view = new DataView(room.buffer);

/** Good until the next one is made. */
export function sealedValue(key: number, version: number, length: number): Uint8Array {
  const octets = HEAD_OCTETS + length;
  view.setUint32(0, key);
  view.setUint32(4, octets);
  for (let at = HEAD_OCTETS; at < octets; at += 1) room[at] = version + at * 7;
  view.setInt32(8, sumOf(room, 0, octets));
  return room.subarray(0, octets);
}

/** @param length any number, as torn ones are */
export function isWhole(memory: Uint8Array, start: number, length: number, key: number): boolean {
  if (!(length >= HEAD_OCTETS) || start + length > memory.length) return false;
  const value = new DataView(memory.buffer, memory.byteOffset + start, length);
  if (value.getUint32(0) !== key || value.getUint32(4) !== length) return false;
  return value.getInt32(8) === sumOf(memory, start, length);
}

function sumOf(memory: Uint8Array, start: number, length: number): number {
  let sum = 1;
  for (let at = 0; at < length; at += 1)
    if (at < 8 || at >= HEAD_OCTETS) sum = hashed(sum, memory[start + at]!);
  return sum;
}
