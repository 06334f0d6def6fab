// An answer: everything of a response that does not depend on who asked. The octets behind the question are kept as
// they came (compression pointers stay right, because an answer is only ever given to the same question); ID, flags,
// the question's own spelling, ages and the OPT record are written per client by renderAnswer.
// An Answer is immutable and shared: the cache holds it, a hit is the same octets with an age.

import { RCODE } from './codes.ts';
import {
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

export class Answer {
  /** AA and AD as the source had them, TC of our own, the low four bits of the RCODE; the other bits depend on the query. */
  readonly flags: number;
  /** Twelve bits, extended part included (RFC 6891 section 6.1.3). */
  readonly rcode: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
  /** The records, without OPT, one character per octet. */
  readonly body: string;
  /** Where TTLs stand in `body`. */
  readonly ttlOffsets: readonly number[];
  /** How long it may be kept from the moment that it was fetched; 0: not at all. */
  readonly lifetimeSeconds: number;
  /** Seconds since then, to subtract from each TTL. */
  readonly ageSeconds: number;
  readonly errors: readonly ExtendedError[];
  /** EDNS options for the one client that this is for, so nothing that may be kept. */
  readonly options: readonly EdnsOption[];

  private constructor(parts: AnswerParts) {
    this.flags = parts.flags;
    this.rcode = parts.rcode;
    this.answers = parts.answers;
    this.authorities = parts.authorities;
    this.additionals = parts.additionals;
    this.body = parts.body;
    this.ttlOffsets = parts.ttlOffsets;
    this.lifetimeSeconds = parts.lifetimeSeconds;
    this.ageSeconds = parts.ageSeconds;
    this.errors = parts.errors;
    this.options = parts.options ?? NO_OPTIONS;
  }

  /** From its parts, as dns/packed-answer.ts keeps them. */
  static of(parts: AnswerParts): Answer {
    return new Answer(parts);
  }

  /**
   * From a whole message with one question, an upstream's or our own; null where it is malformed. Copies what it keeps.
   * @param layout where it is known already, or leaves records out
   */
  static fromMessage(message: Uint8Array, layout = layoutOf(message)): Answer | null {
    if (layout === null) return null;
    const flags = readUint16(message, 2);
    const rcode = rcodeOf(message, layout);
    return new Answer({
      flags: flags & (FLAG.AA | FLAG.AD | 15),
      rcode,
      answers: layout.answers,
      authorities: layout.authorities,
      additionals: layout.additionals,
      body: latin1(message, layout.questionEnd, layout.end),
      ttlOffsets: layout.ttlOffsets.map((offset) => offset - layout.questionEnd),
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
    return new Answer({ ...EMPTY, flags: FLAG.TC, rcode: RCODE.NOERROR, errors: [] });
  }

  /** The same answer, `ageSeconds` after it was fetched. */
  aged(ageSeconds: number): Answer {
    return new Answer({ ...this, ageSeconds });
  }

  /** The same answer with one more extended error. */
  withError(error: ExtendedError): Answer {
    return new Answer({ ...this, errors: [...this.errors, error] });
  }

  /** The same answer with these options in the OPT record of its response. */
  withOptions(options: readonly EdnsOption[]): Answer {
    return new Answer({ ...this, options });
  }

  /**
   * The same records, each with the TTL that `limit` makes of what is left of its own (seconds), and so the lifetime.
   * AD is gone: that signatures hold today cannot be said of what needs this (RFC 4035 section 3.2.3).
   */
  withTtls(limit: (ttlSeconds: number) => number): Answer {
    const left = (ttlSeconds: number) => limit(Math.max(0, ttlSeconds - this.ageSeconds));
    const body = Buffer.from(this.body, 'latin1');
    for (const at of this.ttlOffsets) writeUint32(body, at, left(ttlOf(body, at)));
    return new Answer({
      ...this,
      flags: this.flags & ~FLAG.AD,
      body: body.toString('latin1'),
      lifetimeSeconds: left(this.lifetimeSeconds),
      ageSeconds: 0,
    });
  }
}

type AnswerParts = Omit<Answer, 'aged' | 'withError' | 'withOptions' | 'withTtls' | 'options'> &
  Partial<Pick<Answer, 'options'>>;

const EMPTY = {
  answers: 0,
  authorities: 0,
  additionals: 0,
  body: '',
  ttlOffsets: [],
  lifetimeSeconds: 0,
  ageSeconds: 0,
};

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
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
export function renderBound(answer: Answer, query: Query, limits: RenderLimits): number {
  const opt = query.edns === null ? 0 : optOctets(optParts(answer, query, limits)) + 4 + limits.padToOctets;
  return Math.min(MAX_MESSAGE_OCTETS, Math.max(HEADER_OCTETS, query.questionEnd) + answer.body.length + opt);
}

/**
 * Writes the response to `query` at `at` and answers where it ends. `target` has room for renderBound octets there,
 * and `at` is the message's start, so offsets and padding count from it.
 */
export function renderAnswer(
  answer: Answer,
  query: Query,
  limits: RenderLimits,
  target: Buffer,
  at: number,
): number {
  const { edns } = query;
  const message = at === 0 ? target : target.subarray(at);
  const questionEnd = Math.max(HEADER_OCTETS, query.questionEnd);
  const room = limits.maxOctets - questionEnd - answer.body.length;
  const opt = edns === null ? null : optThatFits(optParts(answer, query, limits), room);
  const fits = (opt === null ? 0 : optOctets(opt)) <= room;

  message[0] = query.bytes[0]!;
  message[1] = query.bytes[1]!;
  writeUint16(message, 2, responseFlags(answer, query, fits));
  writeUint16(message, 4, query.questionEnd > 0 ? 1 : 0);
  writeUint16(message, 6, fits ? answer.answers : 0);
  writeUint16(message, 8, fits ? answer.authorities : 0);
  writeUint16(message, 10, (fits ? answer.additionals : 0) + (opt === null ? 0 : 1));
  for (let octet = HEADER_OCTETS; octet < questionEnd; octet += 1) message[octet] = query.bytes[octet]!;

  let end = questionEnd;
  if (fits) {
    message.write(answer.body, questionEnd, 'latin1');
    end += answer.body.length;
    if (answer.ageSeconds > 0) age(message, questionEnd, answer);
  }
  if (opt !== null) {
    const canPad = end + optOctets(opt) + 4 + limits.padToOctets <= limits.maxOctets;
    end = writeOpt(message, end, canPad ? opt : { ...opt, padToOctets: 0 });
  }
  return at + end;
}

/**
 * Words about an answer never push the answer itself out (RFC 8914 section 3). Options that were asked for do: a client
 * discards a response that lacks the cookie it waits for (RFC 7873 section 5.3), and comes back over TCP for one with TC.
 */
function optThatFits(opt: OptParts, room: number): OptParts {
  return optOctets(opt) <= room ? opt : { ...opt, errors: NO_ERRORS };
}

function age(message: Uint8Array, bodyStart: number, answer: Answer): void {
  for (const offset of answer.ttlOffsets) {
    const at = bodyStart + offset;
    writeUint32(message, at, Math.max(0, ttlOf(message, at) - answer.ageSeconds));
  }
}

/** RD, CD and the opcode are the client's own; AD is given only to who asked for it (RFC 6840 section 5.8). */
function responseFlags(answer: Answer, query: Query, fits: boolean): number {
  const given = answer.flags & (FLAG.TC | FLAG.AA | (query.wantsAuthenticData ? FLAG.AD : 0));
  const echoed = query.flags & (0x7800 | FLAG.RD | FLAG.CD);
  // The upper bits of an RCODE stand in the OPT record: without one, 16 would read as NOERROR.
  const rcode = answer.rcode > 15 && query.edns === null ? RCODE.SERVFAIL : answer.rcode & 15;
  return FLAG.QR | FLAG.RA | echoed | given | rcode | (fits ? 0 : FLAG.TC);
}

function optParts(answer: Answer, query: Query, limits: RenderLimits): OptParts {
  const edns = query.edns!;
  return {
    payloadOctets: OUR_PAYLOAD_OCTETS,
    dnssecOk: edns.dnssecOk,
    extendedRcode: answer.rcode >> 4,
    errors: answer.errors,
    options: answer.options,
    keepaliveMs: edns.asksForKeepalive ? limits.keepaliveMs : null,
    padToOctets: edns.asksForPadding ? limits.padToOctets : 0,
  };
}
