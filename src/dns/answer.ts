// An answer: everything of a response that does not depend on who asked. The octets behind the question are kept as
// they came (compression pointers stay right, because an answer is only ever given to the same question); ID, flags,
// the question's own spelling, ages and the OPT record are written per client by renderAnswer.
// An Answer is immutable and shared: the cache holds it, a hit is the same octets with an age.

import { copyOctets } from '../octets/short-runs.ts';
import { RCODE } from './codes.ts';
import {
  type Edns,
  type EdnsOption,
  type ExtendedError,
  type OptParts,
  optOctets,
  readExtendedErrors,
  writeOpt,
} from './edns.ts';
import { lifetimeSeconds, ttlOf } from './lifetime.ts';
import type { Query } from './query.ts';
import {
  FLAG,
  HEADER_OCTETS,
  layoutOf,
  MAX_MESSAGE_OCTETS,
  rcodeOf,
  readUint16,
  writeUint16,
  writeUint32,
} from './wire.ts';

/** UDP payload that we offer, and the most that we send over UDP by default (RFC 9715 section 3). */
export const OUR_PAYLOAD_OCTETS = 1232;
const NO_ERRORS: readonly ExtendedError[] = [];
const NO_OPTIONS: readonly EdnsOption[] = [];

/** No records. */
const NO_RECORDS = { source: Buffer.alloc(0), ttlsAt: 0, bodyAt: 0, bodyOctets: 0 };
const TTL_OFFSET_OCTETS = 2;

/** What an Answer shows; one that is lent (see `kept`) is this and no more, so that the compiler keeps it from whoever waits. */
export type AnswerView = Pick<Answer, keyof Answer>;
/** An answer that is filled anew for each hit, see dns/packed-answer.ts. */
export type LentAnswer = { -readonly [part in keyof AnswerView]: AnswerView[part] };

export class Answer {
  /** AA and AD as the source had them, TC of our own, the low four bits of the RCODE; the other bits depend on the query. */
  readonly flags: number;
  /** Twelve bits, extended part included (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  /** Holds the records: for each, at `ttlsAt`, where in the body its TTL stands (two octets), and the body at `bodyAt`. */
  readonly source: Uint8Array;
  readonly ttlsAt: number;
  readonly bodyAt: number;
  /** Length of the body: the records, without OPT. */
  readonly bodyOctets: number;
  /** How long it may be kept from the moment that it was fetched; 0: not at all. */
  readonly lifetimeSeconds: number;
  /** Seconds since then, to subtract from each TTL. */
  readonly ageSeconds: number;
  readonly errors: readonly ExtendedError[];
  /** EDNS options for the one client that this is for, so nothing that may be kept. */
  readonly options: readonly EdnsOption[];
  /** Its octets are a table's, and good until the next query is looked up there; see `kept`. */
  readonly isLent: boolean;
  /** For the compiler alone: an AnswerView is no Answer. */
  declare private readonly isKept: true;

  private constructor(parts: AnswerParts, isLent = false) {
    this.flags = parts.flags;
    this.rcode = parts.rcode;
    this.answers = parts.answers;
    this.authorities = parts.authorities;
    this.additionals = parts.additionals;
    this.source = parts.source;
    this.ttlsAt = parts.ttlsAt;
    this.bodyAt = parts.bodyAt;
    this.bodyOctets = parts.bodyOctets;
    this.lifetimeSeconds = parts.lifetimeSeconds;
    this.ageSeconds = parts.ageSeconds;
    this.errors = parts.errors;
    this.options = parts.options ?? NO_OPTIONS;
    this.isLent = isLent;
  }

  /** From its parts, whose source nobody changes any more. */
  static of(parts: AnswerParts): Answer {
    return new Answer(parts);
  }

  /** One to be filled anew for each hit. */
  static toBeLent(): LentAnswer {
    return new Answer(EMPTY, true);
  }

  /**
   * From a whole message with one question, an upstream's or our own; null where it is malformed. Copies what it keeps.
   * @param layout where it is known already, or leaves records out
   */
  static fromMessage(message: Uint8Array, layout = layoutOf(message)): Answer | null {
    if (layout === null) return null;
    const flags = readUint16(message, 2);
    const rcode = rcodeOf(message, layout);
    const { questionEnd, end, ttlOffsets } = layout;
    const { source, ttlsAt, bodyAt, bodyOctets } = recordsIn(message, ttlOffsets, questionEnd, end);
    return new Answer({
      flags: flags & (FLAG.AA | FLAG.AD | 15),
      rcode,
      answers: layout.answers,
      authorities: layout.authorities,
      additionals: layout.additionals,
      source,
      ttlsAt,
      bodyAt,
      bodyOctets,
      lifetimeSeconds: lifetimeSeconds(message, layout, rcode),
      ageSeconds: 0,
      errors: layout.opt < 0 ? NO_ERRORS : readExtendedErrors(message, layout.opt),
    });
  }

  /** No records, only a response code and why. */
  static ofRcode(rcode: number, ...errors: ExtendedError[]): Answer {
    return new Answer({ ...EMPTY, flags: rcode & 15, rcode, errors });
  }

  /** Nothing but TC: whoever has asked over UDP may ask again over TCP (RFC 7766 section 5). */
  static truncated(): Answer {
    return new Answer({ ...EMPTY, flags: FLAG.TC, rcode: RCODE.NOERROR });
  }

  /** Itself, or a copy where it is lent: for whoever does anything else first, or waits. */
  kept(): Answer {
    if (!this.isLent) return this;
    const end = this.bodyAt + this.bodyOctets;
    const ttls = this.source.subarray(this.ttlsAt, this.ttlsAt + this.records * TTL_OFFSET_OCTETS);
    const source = Buffer.concat([ttls, this.source.subarray(this.bodyAt, end)]);
    return new Answer({ ...this, source, ttlsAt: 0, bodyAt: ttls.length });
  }

  get records(): number {
    return this.answers + this.authorities + this.additionals;
  }

  /** The octets of the records. */
  get body(): Uint8Array {
    return this.source.subarray(this.bodyAt, this.bodyAt + this.bodyOctets);
  }

  /** Where the TTL of a record stands in the body; records are numbered from 0, in their order. */
  ttlOffset(record: number): number {
    return readUint16(this.source, this.ttlsAt + record * TTL_OFFSET_OCTETS);
  }

  /** The same answer, `ageSeconds` after it was fetched. */
  aged(ageSeconds: number): Answer {
    return new Answer({ ...this.kept(), ageSeconds });
  }

  /** The same answer with one more extended error. */
  withError(error: ExtendedError): Answer {
    return new Answer({ ...this.kept(), errors: [...this.errors, error] });
  }

  /** The same answer with these options in the OPT record of its response. */
  withOptions(options: readonly EdnsOption[]): Answer {
    return new Answer({ ...this.kept(), options });
  }

  /**
   * The same records, each with the TTL that `limit` makes of what is left of its own (seconds), and so the lifetime.
   * AD is gone: that signatures hold today cannot be said of what needs this (RFC 4035 section 3.2.3).
   */
  withTtls(limit: (ttlSeconds: number) => number): Answer {
    const left = (ttlSeconds: number) => limit(Math.max(0, ttlSeconds - this.ageSeconds));
    const kept = this.kept();
    const source = Uint8Array.from(kept.source);
    for (let record = 0; record < kept.records; record += 1) {
      const at = kept.bodyAt + kept.ttlOffset(record);
      writeUint32(source, at, left(ttlOf(source, at)));
    }
    return new Answer({
      ...kept,
      flags: this.flags & ~FLAG.AD,
      source,
      lifetimeSeconds: left(this.lifetimeSeconds),
      ageSeconds: 0,
    });
  }
}

type AnswerParts = Omit<
  Answer,
  | ('kept' | 'aged' | 'withError' | 'withOptions' | 'withTtls')
  | ('records' | 'body' | 'ttlOffset' | 'options' | 'isLent')
> &
  Partial<Pick<Answer, 'options'>>;

const EMPTY: AnswerParts = {
  ...{ flags: 0, rcode: 0, answers: 0, authorities: 0, additionals: 0 },
  ...NO_RECORDS,
  lifetimeSeconds: 0,
  ageSeconds: 0,
  errors: NO_ERRORS,
};

/** Parts of an answer: a copy of the records from `start` to `end`, whose TTLs stand at `ttlOffsets`. */
export function recordsIn(
  message: Uint8Array,
  ttlOffsets: readonly number[],
  start = 0,
  end = message.length,
): Pick<Answer, 'source' | 'ttlsAt' | 'bodyAt' | 'bodyOctets'> {
  if (start === end) return NO_RECORDS;
  const bodyAt = ttlOffsets.length * TTL_OFFSET_OCTETS;
  const source = Buffer.allocUnsafe(bodyAt + end - start);
  for (let record = 0; record < ttlOffsets.length; record += 1)
    writeUint16(source, record * TTL_OFFSET_OCTETS, ttlOffsets[record]! - start);
  copyOctets(message, start, source, bodyAt, end - start);
  return { source, ttlsAt: 0, bodyAt, bodyOctets: end - start };
}

/** The named value for "say nothing": what it is given for gets no response at all. Compare by identity. */
export const DROP: Answer = Answer.ofRcode(0);

/** What the transport allows and wants. */
export interface RenderLimits {
  /** A longer response is cut to its question with TC set (RFC 2181 section 9). */
  readonly maxOctets: number;
  /** 468 on encrypted transports (RFC 8467 section 4.1), else 0; used only for clients that ask by padding themselves. */
  readonly padToOctets: number;
  /** Idle time-out to tell clients that ask (RFC 7828); null where it has no meaning. */
  readonly keepaliveMs: number | null;
}

/** An upper bound for what renderAnswer writes, in octets. */
export function renderBound(answer: AnswerView, query: Query, limits: RenderLimits): number {
  const { edns } = query;
  const opt = edns === null ? 0 : optOctets(optFor(answer, edns, limits)) + 4 + limits.padToOctets;
  return Math.min(MAX_MESSAGE_OCTETS, Math.max(HEADER_OCTETS, query.questionEnd) + answer.bodyOctets + opt);
}

/**
 * Writes the response to `query` at `at` and answers where it ends. `target` has room for renderBound octets there,
 * and `at` is the message's start, so offsets and padding count from it. Allocates nothing.
 */
export function renderAnswer(
  answer: AnswerView,
  query: Query,
  limits: RenderLimits,
  target: Uint8Array,
  at: number,
): number {
  const { edns, message } = query;
  const { bodyOctets } = answer;
  const questionOctets = Math.max(HEADER_OCTETS, query.questionEnd);
  const room = limits.maxOctets - questionOctets - bodyOctets;
  const opt = edns === null ? null : optThatFits(optFor(answer, edns, limits), room);
  const fits = (opt === null ? 0 : optOctets(opt)) <= room;

  target[at] = message[0]!;
  target[at + 1] = message[1]!;
  writeUint16(target, at + 2, responseFlags(answer, query, fits));
  writeUint16(target, at + 4, query.questionEnd > 0 ? 1 : 0);
  writeUint16(target, at + 6, fits ? answer.answers : 0);
  writeUint16(target, at + 8, fits ? answer.authorities : 0);
  writeUint16(target, at + 10, (fits ? answer.additionals : 0) + (opt === null ? 0 : 1));
  copyOctets(message, HEADER_OCTETS, target, at + HEADER_OCTETS, questionOctets - HEADER_OCTETS);

  let end = at + questionOctets;
  if (fits) {
    copyOctets(answer.source, answer.bodyAt, target, end, bodyOctets);
    if (answer.ageSeconds > 0) age(target, end, answer);
    end += bodyOctets;
  }
  if (opt === null) return end;
  const canPad = end - at + optOctets(opt) + 4 + limits.padToOctets <= limits.maxOctets;
  if (!canPad) opt.padToOctets = 0;
  return writeOpt(target, end, opt, at);
}

/**
 * Words about an answer never push the answer itself out (RFC 8914 section 3). Options that were asked for do: a client
 * discards a response that lacks the cookie it waits for (RFC 7873 section 5.3), and comes back over TCP for one with TC.
 */
function optThatFits(opt: OptInHand, room: number): OptInHand {
  if (optOctets(opt) > room) opt.errors = NO_ERRORS;
  return opt;
}

function age(target: Uint8Array, bodyStart: number, answer: AnswerView): void {
  for (let record = answer.answers + answer.authorities + answer.additionals - 1; record >= 0; record -= 1) {
    const at = bodyStart + readUint16(answer.source, answer.ttlsAt + record * TTL_OFFSET_OCTETS);
    writeUint32(target, at, Math.max(0, ttlOf(target, at) - answer.ageSeconds));
  }
}

/** RD, CD and the opcode are the client's own; AD is given only to who asked for it (RFC 6840 section 5.8). */
function responseFlags(answer: AnswerView, query: Query, fits: boolean): number {
  const given = answer.flags & (FLAG.TC | FLAG.AA | (query.wantsAuthenticData ? FLAG.AD : 0));
  const echoed = query.flags & (0x7800 | FLAG.RD | FLAG.CD);
  // The upper bits of an RCODE stand in the OPT record: without one, 16 would read as NOERROR.
  const rcode = answer.rcode > 15 && query.edns === null ? RCODE.SERVFAIL : answer.rcode & 15;
  return FLAG.QR | FLAG.RA | echoed | given | rcode | (fits ? 0 : FLAG.TC);
}

type OptInHand = { -readonly [part in keyof OptParts]: OptParts[part] };

/** Filled anew for each answer that is rendered. */
const optInHand: OptInHand = {
  payloadOctets: OUR_PAYLOAD_OCTETS,
  dnssecOk: false,
  extendedRcode: 0,
  errors: NO_ERRORS,
  options: NO_OPTIONS,
  keepaliveMs: null,
  padToOctets: 0,
};

function optFor(answer: AnswerView, edns: Edns, limits: RenderLimits): OptInHand {
  optInHand.dnssecOk = edns.dnssecOk;
  optInHand.extendedRcode = answer.rcode >> 4;
  optInHand.errors = answer.errors;
  optInHand.options = answer.options;
  optInHand.keepaliveMs = edns.asksForKeepalive ? limits.keepaliveMs : null;
  optInHand.padToOctets = edns.asksForPadding ? limits.padToOctets : 0;
  return optInHand;
}
