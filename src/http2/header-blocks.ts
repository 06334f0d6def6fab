// Header blocks of one connection: put together from HEADERS and CONTINUATION (RFC 9113 section 4.3), decoded, judged. A peer
// repeats itself, so the last block that changed no table is known octet by octet, with what it means: for as long
// as the tables are the same, it means the same again.

import { areOctets } from '../octets/short-runs.ts';
import { compressionFault, limitFault, protocolFault } from './fault.ts';
import { type FieldReader, HpackDecoder } from './hpack-decoder.ts';
import { CONTINUATIONS, HEADER_BLOCK_OCTETS } from './limits.ts';

/** Of the block that is known; messages of DoH have some 50 to 400. */
const KNOWN_OCTETS_MAX = 1024;

/** A list over our limits, decoded to its end and not kept. */
export const TOO_LONG = 'too long';

/** What a list of fields comes to; one list, and then the next. */
export interface FieldJudge<Head> extends FieldReader {
  begin(): this;
  readonly isTooLong: boolean;
  /** Null: it is malformed. */
  head(): Head | null;
  /** It may stand behind a body. */
  readonly areTrailers: boolean;
}

/** A block whose end has not come. */
interface Unfinished {
  readonly stream: number;
  readonly isLast: boolean;
  readonly pieces: Buffer[];
  octets: number;
}

/** A whole block, and what it belongs to. */
export interface HeaderBlock {
  readonly stream: number;
  readonly isLast: boolean;
  readonly octets: Buffer;
}

export class HeaderBlocks<Head> {
  readonly #decoder = new HpackDecoder();
  readonly #fields: FieldJudge<Head>;
  #unfinished: Unfinished | null = null;
  #known: Buffer | null = null;
  #knownHead: Head | null = null;
  #knownVersion = 0;

  constructor(fields: FieldJudge<Head>) {
    this.#fields = fields;
  }

  /** The stream whose block is to be continued, by the next frame and no other (section 6.10); 0: none. */
  get unfinishedStream(): number {
    return this.#unfinished?.stream ?? 0;
  }

  /** Of a block that is not whole. */
  get heldOctets(): number {
    return this.#unfinished?.octets ?? 0;
  }

  /** The first part of a block that goes on. */
  beginPart(stream: number, isLast: boolean, part: Buffer): void {
    this.#unfinished = { stream, isLast, pieces: [Buffer.from(part)], octets: part.length };
  }

  /** A further part; gives the whole block with its last one. @throws Http2Fault */
  addPart(part: Buffer, isWhole: boolean): HeaderBlock | null {
    const block = this.#unfinished;
    if (block === null) throw protocolFault('CONTINUATION of nothing');
    block.octets += part.length;
    if (block.pieces.push(Buffer.from(part)) > 1 + CONTINUATIONS || block.octets > HEADER_BLOCK_OCTETS)
      throw limitFault('http2_header_octets', `a header block of ${block.octets} octets goes on`);
    if (!isWhole) return null;
    this.#unfinished = null;
    return { stream: block.stream, isLast: block.isLast, octets: Buffer.concat(block.pieces) };
  }

  /** Null: malformed (section 8.1.1). @throws Http2Fault */
  head(octets: Buffer, start: number, end: number): Head | typeof TOO_LONG | null {
    const known = this.#known;
    const isKnown = known !== null && this.#knownVersion === this.#decoder.version;
    if (isKnown && areOctets(known, octets, start, end)) return this.#knownHead;
    const { version } = this.#decoder;
    const fields = this.#read(octets, start, end);
    if (fields.isTooLong) return TOO_LONG;
    const head = fields.head();
    if (version === this.#decoder.version && end - start <= KNOWN_OCTETS_MAX) {
      this.#known = Buffer.from(octets.subarray(start, end));
      this.#knownHead = head;
      this.#knownVersion = version;
    }
    return head;
  }

  /** Decodes what comes behind a body, or on a stream that is over. False: it is no right list there. @throws Http2Fault */
  areTrailers(octets: Buffer, start: number, end: number): boolean {
    const fields = this.#read(octets, start, end);
    return fields.areTrailers && !fields.isTooLong;
  }

  #read(octets: Buffer, start: number, end: number): FieldJudge<Head> {
    if (end - start > HEADER_BLOCK_OCTETS) throw compressionFault('a header block is too long');
    this.#decoder.decode(octets, start, end, this.#fields.begin());
    return this.#fields;
  }
}
