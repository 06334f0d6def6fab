// A query as a lazy view over its octets: header bits are read where they stand, the name and the OPT record on
// first touch. Building one costs a walk over the question, so a cache hit never decodes a packet.
// It judges form only (RFC 1035 section 4.1, RFC 6891, RFC 9619); what is allowed is the guard's business.

import { OPCODE_QUERY } from './codes.ts';
import { type Edns, loneOpt, readEdns } from './edns.ts';
import type { NameKey } from './names.ts';
import { FLAG, HEADER_OCTETS, layoutOf, lowerOctet, plainNameEnd, readUint16, writeUint16 } from './wire.ts';

/** Scratch for cache keys; a question is at most 255 + 4 octets. */
const scratch = Buffer.alloc(260);

export class Query {
  readonly bytes: Uint8Array;
  /** End of the question section; 0 where there is no single well-formed question. */
  readonly questionEnd: number;
  #opt: Edns | null | undefined;
  #isMalformed = false;
  #name: NameKey | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.questionEnd = questionEndOf(bytes);
  }

  /** A query made by ourselves on behalf of `origin`: another question, the same wishes (RD, CD, AD, DO). */
  static derived(origin: Query, name: string, type: number): Query {
    const bytes = new Uint8Array(HEADER_OCTETS + name.length + 4);
    bytes.set(origin.bytes.subarray(0, 4));
    writeUint16(bytes, 4, 1);
    bytes.set(Buffer.from(name, 'latin1'), HEADER_OCTETS);
    writeUint16(bytes, HEADER_OCTETS + name.length, type);
    writeUint16(bytes, HEADER_OCTETS + name.length + 2, origin.class);
    const query = new Query(bytes);
    query.#opt = origin.edns;
    return query;
  }

  get id(): number {
    return readUint16(this.bytes, 0);
  }

  get flags(): number {
    return readUint16(this.bytes, 2);
  }

  get isResponse(): boolean {
    return (this.flags & FLAG.QR) !== 0;
  }

  get opcode(): number {
    return (this.flags >> 11) & 15;
  }

  get type(): number {
    return readUint16(this.bytes, this.questionEnd - 4);
  }

  get class(): number {
    return readUint16(this.bytes, this.questionEnd - 2);
  }

  get recursionDesired(): boolean {
    return (this.flags & FLAG.RD) !== 0;
  }

  get checkingDisabled(): boolean {
    return (this.flags & FLAG.CD) !== 0;
  }

  /** Does the client want to see the AD bit (RFC 6840 section 5.7)? */
  get wantsAuthenticData(): boolean {
    return (this.flags & FLAG.AD) !== 0 || this.dnssecOk;
  }

  get dnssecOk(): boolean {
    return this.edns?.dnssecOk ?? false;
  }

  /** The OPT record's content; null where there is none or where it cannot be read. */
  get edns(): Edns | null {
    if (this.#opt === undefined) this.#opt = this.#readOpt();
    return this.#opt;
  }

  /** Is anything in the message malformed? Touches the whole of it. */
  get isMalformed(): boolean {
    return this.questionEnd === 0 || (this.edns === null && this.#isMalformed);
  }

  /** Does it ask for a cookie and for nothing else (RFC 7873 section 5.4)? */
  get asksForCookieAlone(): boolean {
    return this.questionEnd === 0 && (this.edns?.cookie ?? null) !== null;
  }

  /** The name asked, lower case. */
  get nameKey(): NameKey {
    if (this.#name === undefined)
      this.#name = lowerLatin1(this.bytes, HEADER_OCTETS, this.questionEnd - 4, 0);
    return this.#name;
  }

  /** QNAME, QTYPE, QCLASS as they came, case kept. */
  get question(): Uint8Array {
    return this.bytes.subarray(HEADER_OCTETS, this.questionEnd);
  }

  /** Equal for queries that one answer fits: name, type, class, DO and CD. */
  get cacheKey(): string {
    const { bytes, questionEnd } = this;
    const wishes = (this.dnssecOk ? 1 : 0) | (this.checkingDisabled ? 2 : 0);
    scratch[0] = wishes;
    scratch.set(bytes.subarray(questionEnd - 4, questionEnd), 1);
    return lowerLatin1(bytes, HEADER_OCTETS, questionEnd - 4, 5);
  }

  #readOpt(): Edns | null {
    const { bytes, questionEnd } = this;
    const hasRecords =
      readUint16(bytes, 6) !== 0 || readUint16(bytes, 8) !== 0 || readUint16(bytes, 10) !== 0;
    if (questionEnd === bytes.length && !hasRecords) return null;
    const layout = layoutOf(bytes);
    const opt = layout === null ? loneOpt(bytes) : layout.opt;
    const edns = opt < 0 ? null : readEdns(bytes, opt);
    this.#isMalformed = layout === null || (opt >= 0 && edns === null);
    return edns;
  }
}

/** Octets as a latin1 string behind `prefix` octets of scratch that the caller has filled; ASCII letters in lower case. */
function lowerLatin1(bytes: Uint8Array, start: number, end: number, prefix: number): string {
  let to = prefix;
  for (let at = start; at < end; at += 1) scratch[to++] = lowerOctet(bytes[at]!);
  return scratch.toString('latin1', 0, to);
}

function questionEndOf(bytes: Uint8Array): number {
  if (bytes.length < HEADER_OCTETS || readUint16(bytes, 4) !== 1) return 0;
  if (((readUint16(bytes, 2) >> 11) & 15) !== OPCODE_QUERY) return 0;
  const end = plainNameEnd(bytes, HEADER_OCTETS);
  return end < 0 || end + 4 > bytes.length ? 0 : end + 4;
}
