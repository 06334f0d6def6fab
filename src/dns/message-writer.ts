// Writes a response of our own making (RFC 1035 section 4.1): one question as it was asked, then records.
// Owner names are compressed against the question and against owners before them; RDATA stays as it is.
// The ID is 0 and there is no OPT: both are written per client, see dns/answer.ts.

import { CLASS_IN, EDE } from './codes.ts';
import type { ExtendedError } from './edns.ts';
import { DnsFailure } from './failures.ts';
import { lowerName, type NameKey, parentOf, ROOT } from './names.ts';
import type { ResourceRecord } from './records.ts';
import {
  HEADER_OCTETS,
  MAX_MESSAGE_OCTETS,
  QUESTION_FIXED_OCTETS,
  writeUint16,
  writeUint32,
} from './wire.ts';

export interface MessageParts {
  /** QNAME, QTYPE and QCLASS as asked, uncompressed. */
  readonly question: Uint8Array;
  /** The header's second word: QR and RCODE among its bits. */
  readonly flags: number;
  readonly answers?: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
}

/** More records than a message can hold: a zone or a foreign answer is too large, nobody here is at fault. */
export class MessageLengthError extends DnsFailure {
  readonly code = 'message-length';
  readonly errors: readonly ExtendedError[] = [{ code: EDE.OTHER, text: this.message }];
}

/** Type, class, TTL and RDLENGTH. */
const RECORD_FIXED_OCTETS = 10;
/** A compression pointer has 14 bits (RFC 1035 section 4.1.4). */
const MAX_POINTER = 0x3fff;
const POINTER = 0xc000;

/**
 * A whole message. An owner that equals the question's name, but for case, takes the question's spelling.
 * @throws MessageLengthError when it would be over 65,535 octets long
 */
export function writeMessage(parts: MessageParts): Uint8Array {
  const { question, flags, answers = [], authorities = [], additionals = [] } = parts;
  const records = [...answers, ...authorities, ...additionals];
  const message = new Uint8Array(HEADER_OCTETS + question.length + records.reduce(addBound, 0));
  writeUint16(message, 2, flags);
  for (const [at, count] of [1, answers.length, authorities.length, additionals.length].entries()) {
    writeUint16(message, 4 + 2 * at, count);
  }
  message.set(question, HEADER_OCTETS);

  const offsets = new Map<NameKey, number>();
  const asked = Buffer.from(question.subarray(0, -QUESTION_FIXED_OCTETS)).toString('latin1');
  remember(offsets, lowerName(asked), HEADER_OCTETS);
  let end = HEADER_OCTETS + question.length;
  for (const record of records) {
    end = writeOwner(message, end, record.owner, offsets);
    end = writeRest(message, end, record);
    if (end > MAX_MESSAGE_OCTETS) throw new MessageLengthError('the records do not fit into a message');
  }
  return message.subarray(0, end);
}

function addBound(sum: number, record: ResourceRecord): number {
  return sum + record.owner.length + RECORD_FIXED_OCTETS + record.rdata.length;
}

/** Notes where a name and each of its parents stand; one that is noted already keeps its place. */
function remember(offsets: Map<NameKey, number>, written: NameKey, start: number): void {
  let at = start;
  for (let key = written; key !== ROOT && at <= MAX_POINTER && !offsets.has(key); key = parentOf(key)) {
    offsets.set(key, at);
    at += 1 + key.charCodeAt(0);
  }
}

function writeOwner(message: Uint8Array, at: number, owner: string, offsets: Map<NameKey, number>): number {
  const key = lowerName(owner);
  let known = key;
  while (known !== ROOT && !offsets.has(known)) known = parentOf(known);
  const isPointer = known !== ROOT;
  const plain = owner.slice(0, owner.length - known.length) + (isPointer ? '' : ROOT);
  message.set(Buffer.from(plain, 'latin1'), at);
  remember(offsets, key, at);
  if (isPointer) writeUint16(message, at + plain.length, POINTER | offsets.get(known)!);
  return at + plain.length + (isPointer ? 2 : 0);
}

function writeRest(message: Uint8Array, at: number, record: ResourceRecord): number {
  writeUint16(message, at, record.type);
  writeUint16(message, at + 2, CLASS_IN);
  writeUint32(message, at + 4, record.ttlSeconds);
  writeUint16(message, at + 8, record.rdata.length);
  message.set(record.rdata, at + RECORD_FIXED_OCTETS);
  return at + RECORD_FIXED_OCTETS + record.rdata.length;
}
