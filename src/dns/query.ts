// A query as a lazy view over its octets: header bits are read where they stand, the name and the OPT record on
// first touch. Building one costs a walk over the question, so a cache hit never decodes a packet.
// A listener keeps one and reads query after query into it: until its answer is there at once, nobody else may have it.
// It judges form only (RFC 1035 section 4.1, RFC 6891, RFC 9619); what is allowed is the guard's business.

import { copyOctets } from '../octets/short-runs.ts';
import { OPCODE_QUERY, TYPE } from './codes.ts';
import { type Edns, loneOpt, type ReadEdns, readEdns } from './edns.ts';
import type { NameKey } from './names.ts';
import { NAME_IN_KEY_AT, QuestionKey } from './question-key.ts';
import {
  FLAG,
  HEADER_OCTETS,
  layoutOf,
  plainNameEnd,
  QUESTION_FIXED_OCTETS,
  readUint16,
  writeUint16,
} from './wire.ts';

/** Room of a query that octets are read into; a longer one, which is rare, gets more. */
const USUAL_OCTETS = 512;
/** The fixed part of an OPT record behind its owner, the root (RFC 6891 section 6.1.2). */
const OPT_FIXED_OCTETS = 10;

const NOTHING = new Uint8Array(0);

/** The key of the query that has asked for it last: thousands may wait, and one is looked up at a time. */
const sharedKey = new QuestionKey();
let keyOwner: Query | null = null;

export class Query {
  /** The message, and perhaps further octets behind it that mean nothing. */
  message: Uint8Array;
  /** Of the message, in octets. */
  length = 0;
  /** End of the question section; 0 where there is no single well-formed question. */
  questionEnd = 0;
  #bytes: Uint8Array | null;
  #opt: Edns | null | undefined;
  #edns: ReadEdns | null = null;
  #isMalformed = false;
  #key: string | undefined;

  /** Of these octets, or of none until some are read. */
  constructor(bytes?: Uint8Array) {
    this.message = bytes ?? Buffer.allocUnsafe(USUAL_OCTETS);
    this.#bytes = bytes ?? null;
    if (bytes === undefined) return;
    this.length = bytes.length;
    this.questionEnd = questionEndOf(bytes, bytes.length);
  }

  /** Becomes the query in these octets, which are copied. */
  read(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length > this.message.length) this.message = Buffer.allocUnsafe(length);
    const { message } = this;
    for (let at = 0; at < length; at += 1) message[at] = source[start + at]!;
    this.length = length;
    this.questionEnd = questionEndOf(message, length);
    this.#bytes = null;
    this.#opt = undefined;
    this.#isMalformed = false;
    this.#key = undefined;
    if (keyOwner === this) keyOwner = null;
  }

  /** Another one to read into, in the memory of this one, which goes on in as much as it needs. */
  successor(): Query {
    const next = new Query(NOTHING);
    next.message = this.message;
    this.message = Buffer.allocUnsafe(this.length);
    copyOctets(next.message, 0, this.message, 0, this.length);
    this.#bytes = this.message;
    if (this.#opt?.cookie) this.#opt = undefined; // it stands in the octets
    return next;
  }

  /** The same but for its cookie, for whoever looks at it later. */
  copy(): Query {
    const copy = new Query(Uint8Array.from(this.bytes));
    if (this.edns !== null) copy.#opt = { ...this.edns, cookie: null }; // of a derived one it does not stand in the octets
    return copy;
  }

  /** A query made by ourselves on behalf of `origin`: another question, the same wishes (RD, CD, AD, DO). */
  static derived(origin: Query, name: string, type: number): Query {
    const bytes = new Uint8Array(HEADER_OCTETS + name.length + QUESTION_FIXED_OCTETS);
    bytes.set(origin.bytes.subarray(0, 4));
    writeUint16(bytes, 4, 1);
    bytes.set(Buffer.from(name, 'latin1'), HEADER_OCTETS);
    writeUint16(bytes, HEADER_OCTETS + name.length, type);
    writeUint16(bytes, HEADER_OCTETS + name.length + 2, origin.class);
    const query = new Query(bytes);
    query.#opt = origin.edns;
    return query;
  }

  /** Exactly the message. */
  get bytes(): Uint8Array {
    if (this.#bytes === null) this.#bytes = this.message.subarray(0, this.length);
    return this.#bytes;
  }

  get id(): number {
    return readUint16(this.message, 0);
  }

  get flags(): number {
    return readUint16(this.message, 2);
  }

  get isResponse(): boolean {
    return (this.flags & FLAG.QR) !== 0;
  }

  get opcode(): number {
    return (this.flags >> 11) & 15;
  }

  get type(): number {
    return readUint16(this.message, this.questionEnd - 4);
  }

  get class(): number {
    return readUint16(this.message, this.questionEnd - 2);
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
    return this.cacheKey.slice(NAME_IN_KEY_AT);
  }

  /** QNAME, QTYPE, QCLASS as they came, case kept. */
  get question(): Uint8Array {
    return this.message.subarray(HEADER_OCTETS, this.questionEnd);
  }

  /** Equal for queries that one answer fits: name, type, class, DO and CD. Good until another query is asked for its own. */
  get key(): QuestionKey {
    if (keyOwner !== this) {
      const wishes = (this.dnssecOk ? 1 : 0) | (this.checkingDisabled ? 2 : 0);
      sharedKey.read(this.message, HEADER_OCTETS, this.questionEnd, wishes);
      keyOwner = this;
    }
    return sharedKey;
  }

  /** The same as text, an octet a character: it lasts. */
  get cacheKey(): string {
    this.#key ??= this.key.text;
    return this.#key;
  }

  #readOpt(): Edns | null {
    const { message, length, questionEnd } = this;
    const hasRecords = readUint16(message, 6) !== 0 || readUint16(message, 8) !== 0;
    const additionals = readUint16(message, 10);
    if (questionEnd === length && !hasRecords && additionals === 0) return null;
    const opt = !hasRecords && additionals === 1 ? this.#optAlone() : -1;
    return opt < 0 ? this.#readAnyOpt() : this.#ednsAt(opt);
  }

  /** Where an OPT record stands that is all there is behind the question, as in nearly every query; else -1. */
  #optAlone(): number {
    const { message, length, questionEnd } = this;
    const opt = questionEnd + 1;
    if (questionEnd === 0 || opt + OPT_FIXED_OCTETS > length || message[questionEnd] !== 0) return -1;
    const end = opt + OPT_FIXED_OCTETS + readUint16(message, opt + 8);
    return readUint16(message, opt) === TYPE.OPT && end === length ? opt : -1;
  }

  #readAnyOpt(): Edns | null {
    const layout = layoutOf(this.bytes);
    const opt = layout === null ? loneOpt(this.bytes) : layout.opt;
    const edns = opt < 0 ? null : this.#ednsAt(opt);
    this.#isMalformed = layout === null || (opt >= 0 && edns === null);
    return edns;
  }

  #ednsAt(opt: number): Edns | null {
    const edns = readEdns(this.message, opt, this.#edns);
    this.#isMalformed = edns === null;
    if (edns !== null) this.#edns = edns;
    return edns;
  }
}

function questionEndOf(message: Uint8Array, length: number): number {
  if (length < HEADER_OCTETS || readUint16(message, 4) !== 1) return 0;
  if (((readUint16(message, 2) >> 11) & 15) !== OPCODE_QUERY) return 0;
  const end = plainNameEnd(message, HEADER_OCTETS, length);
  return end < 0 || end + QUESTION_FIXED_OCTETS > length ? 0 : end + QUESTION_FIXED_OCTETS;
}
