// The query that goes to an upstream and the judgement of what comes back, both pure.
// It is built anew from the client's question, so nothing of the client but the question, DO and CD leaves the house:
// no client subnet (RFC 7871), no cookie, no spelling. Padded to 128 octets (RFC 8467 section 4.1).

import { OUR_PAYLOAD_OCTETS } from '../dns/answer.ts';
import { CLASS_IN, DNSSEC_ERRORS, OPCODE_QUERY, RCODE, rcodeName, TYPE } from '../dns/codes.ts';
import { type OptParts, optOctets, readExtendedErrors, writeOpt } from '../dns/edns.ts';
import { type NameKey, nameOctets, ROOT } from '../dns/names.ts';
import { Query } from '../dns/query.ts';
import {
  FLAG,
  HEADER_OCTETS,
  layoutOf,
  lowerOctet,
  type MessageLayout,
  QUESTION_FIXED_OCTETS,
  rcodeOf,
  readUint16,
  sameQuestion,
  writeUint16,
  writeUint32,
} from '../dns/wire.ts';

const PADDING_OCTETS = 128;
/** The padding option without its content. */
const PADDING_OPTION_OCTETS = 4;
/** All that our OPT record says. */
const OPT: OptParts = {
  payloadOctets: OUR_PAYLOAD_OCTETS,
  dnssecOk: false,
  extendedRcode: 0,
  errors: [],
  keepaliveMs: null,
  padToOctets: PADDING_OCTETS,
};
const OPT_WITH_DO: OptParts = { ...OPT, dnssecOk: true };

/** A whole message with ID 0. AD asks for the validation bit (RFC 6840 section 5.7). */
export function buildUpstreamQuery(query: Query): Uint8Array {
  const { questionEnd } = query;
  const nameStop = questionEnd - QUESTION_FIXED_OCTETS;
  const message = Buffer.allocUnsafe(paddedOctets(questionEnd));
  writeUint16(message, 0, 0);
  writeUint16(message, 2, FLAG.RD | FLAG.AD | (query.checkingDisabled ? FLAG.CD : 0));
  writeUint16(message, 4, 1);
  writeUint32(message, 6, 0);
  writeUint16(message, 10, 1);
  for (let at = HEADER_OCTETS; at < nameStop; at += 1) message[at] = lowerOctet(query.message[at]!);
  for (let at = nameStop; at < questionEnd; at += 1) message[at] = query.message[at]!;
  writeOpt(message, questionEnd, query.dnssecOk ? OPT_WITH_DO : OPT);
  return message;
}

function paddedOctets(questionEnd: number): number {
  const octets = questionEnd + optOctets(OPT) + PADDING_OPTION_OCTETS;
  return Math.ceil(octets / PADDING_OCTETS) * PADDING_OCTETS;
}

/** Asked to learn whether an upstream is back; ". NS" is what every resolver of the world knows. */
export function probeQuery(name: NameKey = ROOT, type: number = TYPE.NS): Uint8Array {
  const header = Uint8Array.of(0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  return buildUpstreamQuery(
    new Query(Buffer.concat([header, nameOctets(name), Uint8Array.of(0, type, 0, CLASS_IN)])),
  );
}

/** The layout of `reply`, if that is a whole and sane response to `query`, IDs aside (RFC 5452 section 9.1); else null. */
export function layoutOfReply(reply: Uint8Array, query: Uint8Array): MessageLayout | null {
  if (!isResponse(reply) || (readUint16(reply, 2) & FLAG.TC) !== 0) return null;
  const layout = layoutOf(reply);
  return layout !== null && sameQuestion(reply, query, layout.questionEnd) ? layout : null;
}

/**
 * Why a message over a stream, which carries the ID of `query` and is no reply to it, is still its upstream's last word on
 * it: who waits for a better one waits in vain. Null: it is about something else. Part of a sentence.
 */
export function whyGarbled(message: Uint8Array, query: Uint8Array): string | null {
  if (isBareFailure(message)) return `answered ${rcodeName(message[3]! & 15)} without repeating the question`;
  if (!repeatsQuestion(message, query)) return null;
  const isCut = (readUint16(message, 2) & FLAG.TC) !== 0;
  return isCut ? 'answered with a truncated message over a stream' : 'answered with a malformed message';
}

/** Is it a response over the very question of `query`? Some servers cut a message anywhere, so nothing behind is looked at. */
export function repeatsQuestion(message: Uint8Array, query: Uint8Array): boolean {
  const questionEnd = layoutOf(query)?.questionEnd ?? Number.POSITIVE_INFINITY;
  if (message.length < questionEnd || !isResponse(message) || readUint16(message, 4) !== 1) return false;
  return sameQuestion(message, query, questionEnd);
}

/** A failure without the question, which is how some servers say FORMERR or REFUSED. */
export function isBareFailure(reply: Uint8Array): boolean {
  if (!isResponse(reply) || readUint16(reply, 4) !== 0) return false;
  return (readUint16(reply, 2) & 15) !== RCODE.NOERROR;
}

function isResponse(message: Uint8Array): boolean {
  if (message.length < HEADER_OCTETS) return false;
  const flags = readUint16(message, 2);
  return (flags & FLAG.QR) !== 0 && ((flags >> 11) & 15) === OPCODE_QUERY;
}

/** Might another upstream do better than this reply? Where DNSSEC says no, asking on would be shopping for a worse one. */
export function deservesSecondOpinion(reply: Uint8Array): boolean {
  const rcode = readUint16(reply, 2) & 15;
  const hasRecords = readUint16(reply, 6) !== 0;
  if (rcode === RCODE.NXDOMAIN || (rcode === RCODE.NOERROR && hasRecords)) return false;
  const layout = layoutOf(reply);
  if (layout === null) return true;
  if (rcodeOf(reply, layout) === RCODE.NOERROR) return false; // BADVERS looks like it in the header
  if (layout.opt < 0) return true;
  return !readExtendedErrors(reply, layout.opt).some((error) => DNSSEC_ERRORS.has(error.code));
}
