// Decodes header blocks (RFC 7541 sections 5 and 6). A block is always decoded to its end, whatever is thought of its fields:
// they may change the table that the next one is read with. It judges no field; names and values have one character
// for each octet. The caller bounds the length of a block, and with it everything here.

import { FIRST_TABLE_OCTETS } from './codes.ts';
import { compressionFault } from './fault.ts';
import { HeaderTables } from './header-tables.ts';
import { decodedOctetsMax, decodeHuffman } from './huffman.ts';
import { HEADER_BLOCK_OCTETS } from './limits.ts';

/** Of an integer after its prefix: with 28 bits it is beyond every number and length that can be right. */
const INTEGER_OCTETS_MAX = 4;

/** For strings while they are decoded; all connections take turns. */
const scratch = Buffer.alloc(decodedOctetsMax(HEADER_BLOCK_OCTETS));

export interface FieldReader {
  take(name: string, value: string): void;
}

export class HpackDecoder {
  readonly #tables: HeaderTables;
  #octets: Buffer = scratch;
  #at = 0;
  #end = 0;

  /** @param tableOctets that the peer's encoder may fill; what we have not told it to change is the standard's */
  constructor(tableOctets = FIRST_TABLE_OCTETS) {
    this.#tables = new HeaderTables(tableOctets);
  }

  /** The same block means the same for as long as this is the same. */
  get version(): number {
    return this.#tables.version;
  }

  /** Of the dynamic table. */
  get tableOctets(): number {
    return this.#tables.octets;
  }

  /** @throws Http2Fault */
  decode(octets: Buffer, start: number, end: number, reader: FieldReader): void {
    this.#octets = octets;
    this.#at = start;
    this.#end = end;
    let mayResize = true;
    while (this.#at < end) {
      const first = octets[this.#at]!;
      if (first >= 0x80) this.#indexed(reader);
      else if (first >= 0x40) this.#literal(6, true, reader);
      else if (first < 0x20) this.#literal(4, false, reader);
      else if (mayResize) this.#tables.resize(this.#integer(5));
      else throw compressionFault('the table is resized after a field');
      mayResize &&= first >= 0x20 && first < 0x40;
    }
    this.#octets = scratch; // a connection that rests holds on to nothing that was received
  }

  #indexed(reader: FieldReader): void {
    const { name, value } = this.#tables.field(this.#integer(7));
    reader.take(name, value);
  }

  /** With incremental indexing, without, or never indexed: to us the latter two are one. */
  #literal(prefixBits: number, isIndexed: boolean, reader: FieldReader): void {
    const number = this.#integer(prefixBits);
    const name = number === 0 ? this.#string() : this.#tables.field(number).name;
    const value = this.#string();
    if (isIndexed) this.#tables.add({ name, value });
    reader.take(name, value);
  }

  /** Section 5.1. */
  #integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = this.#octet() & most;
    if (value < most) return value;
    for (let nth = 0; nth < INTEGER_OCTETS_MAX; nth += 1) {
      const octet = this.#octet();
      value += (octet & 0x7f) << (7 * nth);
      if (octet < 0x80) return value;
    }
    throw compressionFault('an integer of HPACK is too large');
  }

  /** Section 5.2. */
  #string(): string {
    const isHuffman = this.#at < this.#end && this.#octets[this.#at]! >= 0x80;
    const start = this.#at;
    const length = this.#integer(7);
    const from = this.#at;
    if (length > this.#end - from) throw compressionFault(`a string is longer than its block, at ${start}`);
    this.#at = from + length;
    if (!isHuffman) return this.#octets.toString('latin1', from, from + length);
    return scratch.toString('latin1', 0, decodeHuffman(this.#octets, from, from + length, scratch));
  }

  #octet(): number {
    if (this.#at >= this.#end) throw compressionFault('a header block is cut off');
    return this.#octets[this.#at++]!;
  }
}
