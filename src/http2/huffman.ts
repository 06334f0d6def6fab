// The Huffman code of HPACK (RFC 7541 section 5.2 and appendix B), both ways. The code is canonical: codes of one length are
// in the order of their symbols, so that the lengths say everything. Decoding goes by half octets: the shortest code
// has five bits, so that each half ends at most one symbol.

import { compressionFault } from './fault.ts';

/** Of symbols 0 to 255, and of EOS, which no string may have. */
const LENGTHS = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30,
];
const EOS = 256;
/** Section 5.2: of padding, all ones. */
const MOST_PADDING_BITS = 7;

// The tables are laid out when one is needed, because every start would wait 5 ms for them.
let areLaidOut = false;
const CODES = new Uint32Array(LENGTHS.length);

function layOutCodes(): void {
  const order = [...LENGTHS.keys()].sort((one, other) => LENGTHS[one]! - LENGTHS[other]! || one - other);
  let [code, length] = [0, 0];
  for (const symbol of order) {
    code *= 2 ** (LENGTHS[symbol]! - length);
    length = LENGTHS[symbol]!;
    CODES[symbol] = code;
    code += 1;
  }
}

/** A branch of the tree: by the next bit another branch, or a symbol as its complement. */
type Branch = [number, number];

function codeTree(): Branch[] {
  const branches: Branch[] = [[0, 0]];
  for (const [symbol, length] of LENGTHS.entries()) {
    let at = 0;
    for (let left = length - 1; left > 0; left -= 1) {
      const bit = (CODES[symbol]! >>> left) & 1;
      if (branches[at]![bit] === 0) branches[at]![bit] = branches.push([0, 0]) - 1;
      at = branches[at]![bit]!;
    }
    branches[at]![CODES[symbol]! & 1] = ~symbol;
  }
  return branches;
}

/** A step: the branch after it in the low eight bits, above them the symbol that it ends plus one; -1: EOS. */
const STEPS = new Int32Array(256 * 16);
/** Branches at which a string may end. */
const IS_END = new Uint8Array(256);

function layOutSteps(): void {
  const tree = codeTree();
  for (const branch of tree.keys())
    for (let half = 0; half < 16; half += 1) STEPS[branch * 16 + half] = stepOf(tree, branch, half);
  for (let [branch, bits] = [0, 0]; bits <= MOST_PADDING_BITS; bits += 1) {
    IS_END[branch] = 1;
    branch = tree[branch]![1];
  }
}

function stepOf(tree: readonly Branch[], branch: number, half: number): number {
  let [at, ended] = [branch, 0];
  for (let left = 3; left >= 0; left -= 1) {
    const next = tree[at]![(half >> left) & 1]!;
    if (~next === EOS) return -1;
    if (next < 0) ended = ~next + 1;
    at = Math.max(next, 0);
  }
  return (ended << 8) | at;
}

function layOut(): void {
  layOutCodes();
  layOutSteps();
  areLaidOut = true;
}

/** Octets that so many coded ones can become at most. */
export function decodedOctetsMax(coded: number): number {
  return Math.floor((coded * 8) / 5);
}

/**
 * Decodes `octets` from `start` to `end` to the beginning of `target`; answers how many octets that made.
 * @throws Http2Fault
 */
export function decodeHuffman(octets: Uint8Array, start: number, end: number, target: Uint8Array): number {
  if (!areLaidOut) layOut();
  let [branch, to] = [0, 0];
  for (let at = start; at < end; at += 1) {
    const octet = octets[at]!;
    const first = STEPS[branch * 16 + (octet >> 4)]!;
    if (first > 255) target[to++] = (first >> 8) - 1;
    const second = first < 0 ? -1 : STEPS[(first & 255) * 16 + (octet & 15)]!;
    if (second < 0) throw compressionFault('a string of HPACK holds EOS');
    if (second > 255) target[to++] = (second >> 8) - 1;
    branch = second & 255;
  }
  if (IS_END[branch] === 0) throw compressionFault('a string of HPACK is padded wrongly');
  return to;
}

/** Octets that `text`, one a character, takes as Huffman code. */
export function huffmanOctets(text: string): number {
  let bits = 0;
  for (let at = 0; at < text.length; at += 1) bits += LENGTHS[text.charCodeAt(at) & 255]!;
  return Math.ceil(bits / 8);
}

/** Writes `text` at `to`, padded with ones; answers where it ends. */
export function encodeHuffman(text: string, target: Uint8Array, to: number): number {
  if (!areLaidOut) layOut();
  let [held, heldBits, end] = [0, 0, to];
  for (let at = 0; at < text.length; at += 1) {
    const symbol = text.charCodeAt(at) & 255;
    const code = CODES[symbol]!;
    for (let left = LENGTHS[symbol]!; left > 0; ) {
      const bits = Math.min(8 - heldBits, left);
      left -= bits;
      held = (held << bits) | ((code >>> left) & ((1 << bits) - 1));
      heldBits += bits;
      if (heldBits < 8) continue;
      target[end++] = held;
      [held, heldBits] = [0, 0];
    }
  }
  if (heldBits > 0) target[end++] = (held << (8 - heldBits)) | ((1 << (8 - heldBits)) - 1);
  return end;
}
