// Replies octet by octet, so that every octet of them can be wrong: no encoder of DNS would write what these tests need.
// Whatever a reply has no business to say leads to POISON_ADDRESS, which no client may ever see.

import { HOSTILE_ADDRESS } from './hostile-upstream.ts';

export const POISON_ADDRESS = '203.0.113.66';
/** In an answer that cannot be told from an honest one: fine under the question asked, poison under any other. */
export const CHAINED_ADDRESS = '203.0.113.77';

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  TXT: 16,
  AAAA: 28,
  DNAME: 39,
  OPT: 41,
  RRSIG: 46,
};
export const CLASS = { IN: 1, CH: 3 };
export const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, Z: 0x0040, AD: 0x0020 };
export const RCODE = { FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };
export const HEADER_OCTETS = 12;
/** Compressed: the name of the question. */
export const ASKED = Buffer.of(0xc0, HEADER_OCTETS);
const QUESTION_FIXED_OCTETS = 4;
const TTL_SECONDS = 60;
const ORDINARY = FLAG.QR | FLAG.RD | FLAG.RA;

export interface ReplyParts {
  /** Default: that of the query. */
  readonly id?: number;
  /** Default: QR, RD and RA. */
  readonly flags?: number;
  readonly rcode?: number;
  /** Default: that of the query, once. */
  readonly questions?: readonly Buffer[];
  readonly answers?: readonly Buffer[];
  readonly authorities?: readonly Buffer[];
  readonly additionals?: readonly Buffer[];
  /** In place of the true ones. */
  readonly counts?: Partial<Record<'answers' | 'authorities' | 'additionals', number>>;
}

export function replyTo(query: Buffer, parts: ReplyParts = {}): Buffer {
  const { id = query.readUInt16BE(0), flags = ORDINARY, rcode = 0, counts = {} } = parts;
  const { questions = [questionOf(query)], answers = [], authorities = [], additionals = [] } = parts;
  const header = words(
    ...[id, flags | rcode, questions.length, counts.answers ?? answers.length],
    ...[counts.authorities ?? authorities.length, counts.additionals ?? additionals.length],
  );
  return Buffer.concat([header, ...questions, ...answers, ...authorities, ...additionals]);
}

/** What an honest upstream says. */
export const rightReply = (query: Buffer): Buffer => replyTo(query, { answers: [rightRecord()] });

export const rightRecord = (): Buffer => record(ASKED, TYPE.A, address(HOSTILE_ADDRESS));

export const poisonFor = (owner: string | Buffer): Buffer => record(owner, TYPE.A, address(POISON_ADDRESS));

export interface RecordParts {
  readonly class?: number;
  readonly ttl?: number;
  /** In place of the true length of the data. */
  readonly length?: number;
}

export function record(
  owner: string | Buffer,
  type: number,
  data: Buffer,
  { class: klass = CLASS.IN, ttl = TTL_SECONDS, length = data.length }: RecordParts = {},
): Buffer {
  const ttlOctets = Buffer.alloc(4);
  ttlOctets.writeUInt32BE(ttl);
  const name = typeof owner === 'string' ? nameOctets(owner) : owner;
  return Buffer.concat([name, words(type, klass), ttlOctets, words(length), data]);
}

export function optRecord(options: Buffer, extendedRcode = 0, owner: Buffer = Buffer.of(0)): Buffer {
  return record(owner, TYPE.OPT, options, { class: 1232, ttl: extendedRcode * 2 ** 24 });
}

export const option = (code: number, data: Buffer): Buffer => Buffer.concat([words(code, data.length), data]);

export function soaRecord(zone: string): Buffer {
  const numbers = Buffer.alloc(20, 0);
  numbers.writeUInt32BE(3600, 16);
  return record(
    zone,
    TYPE.SOA,
    Buffer.concat([nameOctets(`ns.${zone}`), nameOctets(`mail.${zone}`), numbers]),
  );
}

export function questionOf(query: Buffer): Buffer {
  return query.subarray(HEADER_OCTETS, query.indexOf(0, HEADER_OCTETS) + 1 + QUESTION_FIXED_OCTETS);
}

export function question(name: string, type = TYPE.A, klass = CLASS.IN): Buffer {
  return Buffer.concat([nameOctets(name), words(type, klass)]);
}

/** Labels in front of the root; '' is the root. */
export function nameOctets(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ]);
}

export const pointer = (to: number): Buffer => words(0xc000 | to);

export const address = (text: string): Buffer => Buffer.from(text.split('.').map(Number));

export function words(...values: readonly number[]): Buffer {
  const octets = Buffer.alloc(2 * values.length);
  for (const [at, value] of values.entries()) octets.writeUInt16BE(value & 0xffff, 2 * at);
  return octets;
}
