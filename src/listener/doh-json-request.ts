// A query that is written into a URL, `/dns-query?name=example.com&type=AAAA`: the parameters that Cloudflare and Google
// document for their JSON (docs/api.md has the sources), read into the octets of an ordinary query. Pure.
// `ct`, `random_padding` and `edns_client_subnet` are let pass and mean nothing here; of a parameter that comes
// twice the first one counts.

import { OUR_PAYLOAD_OCTETS } from '../dns/answer.ts';
import { CLASS_IN, TYPE, typeNumber } from '../dns/codes.ts';
import { optOctets, writeOpt } from '../dns/edns.ts';
import { NameSyntaxError, nameOctets, parseName } from '../dns/names.ts';
import { FLAG, HEADER_OCTETS, writeUint16 } from '../dns/wire.ts';

/** QTYPE and QCLASS. */
const QUESTION_FIXED_OCTETS = 4;
/** How much of a wrong parameter its error repeats. */
const SHOWN_CHARACTERS = 80;

/** Parameters that make no query; the message is one sentence. */
export class JsonQueryError extends Error {
  readonly code = 'json-query';
}

/**
 * The query that the parameters ask for: ID 0, RD, AD (the response has a field for it), and an OPT record.
 * @throws JsonQueryError
 */
export function readJsonQuery(parameters: URLSearchParams): Uint8Array {
  const name = readName(parameters.get('name') ?? '');
  const type = readType(parameters.get('type'));
  const checkingDisabled = readFlag(parameters, 'cd');
  const opt = {
    payloadOctets: OUR_PAYLOAD_OCTETS,
    dnssecOk: readFlag(parameters, 'do'),
    extendedRcode: 0,
    errors: [],
    keepaliveMs: null,
    padToOctets: 0,
  };
  const nameStop = HEADER_OCTETS + name.length;
  const optAt = nameStop + QUESTION_FIXED_OCTETS;
  const message = new Uint8Array(optAt + optOctets(opt));
  writeUint16(message, 2, FLAG.RD | FLAG.AD | (checkingDisabled ? FLAG.CD : 0));
  writeUint16(message, 4, 1);
  writeUint16(message, 10, 1);
  message.set(name, HEADER_OCTETS);
  writeUint16(message, nameStop, type);
  writeUint16(message, nameStop + 2, CLASS_IN);
  writeOpt(message, optAt, opt);
  return message;
}

function readName(text: string): Uint8Array {
  if (text === '') throw new JsonQueryError('the parameter name is empty; write it like name=example.com');
  try {
    return nameOctets(parseName(text === '@' ? '\\@' : text)); // @ means something in zone files alone
  } catch (error) {
    if (!(error instanceof NameSyntaxError)) throw error;
    throw new JsonQueryError(`the parameter name is no domain name: ${error.message}`);
  }
}

/** A mnemonic, TYPEn or a number; A where there is none. */
function readType(text: string | null): number {
  if (text === null) return TYPE.A;
  const type = /^\d{1,5}$/.test(text) ? Number(text) : typeNumber(text);
  if (type !== undefined && type > 0 && type <= 0xffff) return type;
  throw new JsonQueryError(
    `the parameter type is ${shown(`"${text}"`)}; write a record type like AAAA, or its number from 1 to 65535`,
  );
}

function readFlag(parameters: URLSearchParams, name: 'do' | 'cd'): boolean {
  const text = parameters.get(name) ?? '';
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false' || text === '') return false;
  throw new JsonQueryError(`the parameter ${name} is ${shown(`"${text}"`)}; write 1, true, 0 or false`);
}

function shown(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
