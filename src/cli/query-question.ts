// NAME and TYPE of `noonmark query` to the octets of a query (RFC 1035 section 4.1), pure.
// An address means its name in the reverse tree. AD asks for the validation bit (RFC 6840 section 5.7); padding to
// 128 octets is for the encrypted transports only (RFC 8467 section 4.1).

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { suggest } from '../config/suggest.ts';
import { quote } from '../config/value-error.ts';
import { OUR_PAYLOAD_OCTETS } from '../dns/answer.ts';
import { CLASS_IN, TYPE, typeNumber } from '../dns/codes.ts';
import { writeOpt } from '../dns/edns.ts';
import { nameOctets, parseName, reverseNameKey } from '../dns/names.ts';
import { FLAG, HEADER_OCTETS, writeUint16 } from '../dns/wire.ts';
import { UsageError } from './command.ts';

const PADDING_OCTETS = 128;
/** The longest question and OPT record, and one block of padding. */
const MAX_QUERY_OCTETS = 512;

export interface QueryQuestion {
  /** In wire form, case as written. */
  readonly name: string;
  readonly type: number;
}

/**
 * The question that the operands ask; `reverse` demands an address.
 * @throws UsageError, NameSyntaxError
 */
export function readQuestion(operands: readonly string[], reverse: boolean): QueryQuestion {
  const [name, type] = operands;
  if (name === undefined) throw new UsageError('the name to ask for is missing');
  const isAddress = isIP(name) !== 0;
  if (reverse && !isAddress) throw new UsageError(`-x takes an address, and ${quote(name)} is none`);
  if (isAddress && (reverse || type === undefined || typeNumber(type) === TYPE.PTR)) {
    return { name: reverseNameOf(name), type: type === undefined ? TYPE.PTR : readType(type) };
  }
  return { name: parseName(name), type: type === undefined ? TYPE.A : readType(type) };
}

function reverseNameOf(address: string): string {
  return reverseNameKey(Uint8Array.from(ipaddr.parse(address.split('%')[0]!).toByteArray()));
}

function readType(text: string): number {
  const type = typeNumber(text);
  if (type !== undefined) return type;
  const near = suggest(text, Object.keys(TYPE));
  const hint = near === undefined ? 'write A, AAAA, MX and the like, or a number as TYPE65' : `write ${near}`;
  throw new UsageError(`${quote(text)} is no record type; ${hint}`);
}

export interface QueryWishes {
  readonly id: number;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  readonly pads: boolean;
}

/** A whole query message with an OPT record. */
export function buildQuery({ name, type }: QueryQuestion, wishes: QueryWishes): Uint8Array {
  const message = new Uint8Array(MAX_QUERY_OCTETS);
  writeUint16(message, 0, wishes.id);
  writeUint16(message, 2, FLAG.RD | FLAG.AD | (wishes.checkingDisabled ? FLAG.CD : 0));
  writeUint16(message, 4, 1);
  writeUint16(message, 10, 1);
  message.set(nameOctets(name), HEADER_OCTETS);
  const nameStop = HEADER_OCTETS + name.length;
  writeUint16(message, nameStop, type);
  writeUint16(message, nameStop + 2, CLASS_IN);
  const end = writeOpt(message, nameStop + 4, {
    payloadOctets: OUR_PAYLOAD_OCTETS,
    dnssecOk: wishes.dnssecOk,
    extendedRcode: 0,
    errors: [],
    keepaliveMs: null,
    padToOctets: wishes.pads ? PADDING_OCTETS : 0,
  });
  return message.subarray(0, end);
}
