// Encodes header blocks (RFC 7541): fields of the static table by their number, everything else as literals that enter no
// table. So a block means the same on every connection, can be prepared once and copied, no peer can make us keep a
// table, and nothing that we say can be learnt from how short it became (RFC 7541 section 7.1). It costs some 40 octets a block.

import { copyOctets } from '../octets/short-runs.ts';
import { staticFieldNumber, staticNumber } from './header-tables.ts';
import { encodeHuffman, huffmanOctets } from './huffman.ts';

/** Of any block that we make; a longer one would be a bug of ours. */
const BLOCK_OCTETS = 4096;

/**
 * Section 6.3: we use a table of no octets. Said once, at the start of the first block of a connection, it also answers
 * every change of SETTINGS_HEADER_TABLE_SIZE that may come (section 4.2).
 */
export const NO_TABLE = 0x20;

/** One block, and then the next. */
export class HpackEncoder {
  readonly octets = Buffer.alloc(BLOCK_OCTETS);
  length = 0;

  begin(): this {
    this.length = 0;
    return this;
  }

  /** @param value one character for each octet */
  field(name: string, value: string): this {
    const number = staticFieldNumber(name, value);
    if (number > 0) {
      this.#integer(number, 7, 0x80);
      return this;
    }
    this.#name(name);
    this.#string(value);
    return this;
  }

  /** A field whose value ends with a number, as `content-length` or `cache-control: max-age=`; never Huffman-coded, as digits hardly gain. */
  decimal(nameNumber: number, before: string, value: number): this {
    this.#integer(nameNumber, 4, 0);
    const digits = decimalDigits(value);
    let at = this.length;
    this.octets[at++] = before.length + digits;
    for (let nth = 0; nth < before.length; nth += 1) this.octets[at++] = before.charCodeAt(nth);
    this.length = at + digits;
    let left = value;
    for (let to = this.length - 1; to >= at; to -= 1) {
      const rest = Math.floor(left / 10);
      this.octets[to] = 0x30 + left - 10 * rest;
      left = rest;
    }
    return this;
  }

  /** Fields that were encoded before. */
  prepared(fields: Buffer): this {
    copyOctets(fields, 0, this.octets, this.length, fields.length);
    this.length += fields.length;
    return this;
  }

  #name(name: string): void {
    const number = staticNumber(name);
    this.#integer(number, 4, 0);
    if (number === 0) this.#string(name);
  }

  /** In whichever of the two forms is shorter. */
  #string(text: string): void {
    const coded = huffmanOctets(text);
    if (coded < text.length) {
      this.#integer(coded, 7, 0x80);
      this.length = encodeHuffman(text, this.octets, this.length);
      return;
    }
    this.#integer(text.length, 7, 0);
    this.length += this.octets.write(text, this.length, 'latin1');
  }

  /** Section 5.1. */
  #integer(value: number, prefixBits: number, high: number): void {
    const most = (1 << prefixBits) - 1;
    if (value < most) {
      this.octets[this.length++] = high | value;
      return;
    }
    this.octets[this.length++] = high | most;
    let left = value - most;
    for (; left >= 0x80; left >>>= 7) this.octets[this.length++] = 0x80 | (left & 0x7f);
    this.octets[this.length++] = left;
  }
}

function decimalDigits(value: number): number {
  let digits = 1;
  for (let next = 10; next <= value; next *= 10) digits += 1;
  return digits;
}

/** Fields as octets, for `prepared`. */
export function encodeFields(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const encoder = new HpackEncoder();
  for (const [name, value] of fields) encoder.field(name, value);
  return Buffer.from(encoder.octets.subarray(0, encoder.length));
}
