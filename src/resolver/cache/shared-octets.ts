// How octets get into memory that other threads read while they do (table-reader.ts). x86-64 lets every thread see the stores
// of another in their order, so that plain ones do between two that are atomic; ARM does not, and there every word is stored
// and loaded by Atomics. The choice is made here and nowhere else. What is stored begins at a multiple of eight octets.

/** Does this machine keep the order of plain stores and loads (Intel SDM volume 3, section 9.2)? */
const KEEPS_ORDER = process.arch === 'x64' || process.arch === 'ia32';

/** From here on, the native copy is quicker than a loop (measured on Node 26). */
const LONG_OCTETS = 64;
const LONG_WORDS = 48;

const oneWord = new Int32Array(1);
const itsOctets = new Uint8Array(oneWord.buffer);

/** The same memory, seen in two ways. */
export interface Octets {
  readonly words: Int32Array;
  readonly octets: Uint8Array;
}

export function storeWordPlainly(words: Int32Array, at: number, value: number): void {
  words[at] = value;
}

export function storeWordAtomically(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value);
}

export function storeOctetsPlainly({ octets }: Octets, at: number, from: Uint8Array, length: number): void {
  if (length > LONG_OCTETS) octets.set(length === from.length ? from : from.subarray(0, length), at);
  else for (let i = 0; i < length; i += 1) octets[at + i] = from[i]!;
}

/** Whole words: up to three octets behind the last one are stored too. */
export function storeOctetsAtomically({ words }: Octets, at: number, from: Uint8Array, length: number): void {
  for (let i = 0; i < length; i += 4) {
    for (let k = 0; k < 4; k += 1) itsOctets[k] = from[i + k] ?? 0;
    Atomics.store(words, (at + i) / 4, oneWord[0]!);
  }
}

export function copyWordsPlainly(
  to: Int32Array,
  at: number,
  from: Int32Array,
  start: number,
  count: number,
): void {
  if (count > LONG_WORDS) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i += 1) to[at + i] = from[start + i]!;
}

export function copyWordsAtomically(
  to: Int32Array,
  at: number,
  from: Int32Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) Atomics.store(to, at + i, from[start + i]!);
}

export function loadWordPlainly(words: Int32Array, at: number): number {
  return words[at]!;
}

/** From where others write, into memory of one's own. */
export function loadWordsAtomically(
  to: Int32Array,
  at: number,
  from: Int32Array,
  start: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 1) to[at + i] = Atomics.load(from, start + i);
}

export const storeWord = KEEPS_ORDER ? storeWordPlainly : storeWordAtomically;
export const storeOctets = KEEPS_ORDER ? storeOctetsPlainly : storeOctetsAtomically;
export const copyWords = KEEPS_ORDER ? copyWordsPlainly : copyWordsAtomically;
export const loadWord: typeof loadWordPlainly = KEEPS_ORDER ? loadWordPlainly : Atomics.load;
export const loadWords = KEEPS_ORDER ? copyWordsPlainly : loadWordsAtomically;
