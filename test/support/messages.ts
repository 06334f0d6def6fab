// Small builders for tests of the answer path: queries and upstream replies as octets, and a client's reading of what
// came back. All by dns-packet and never by src/dns, which is what these tests judge.
// For stories over sockets there is dns-message.ts; this one knows Query, Answer and Context too.

import packet, { type Answer as PacketRecord, type SoaAnswer } from 'dns-packet';
import { type AnswerView, type RenderLimits, renderAnswer, renderBound } from '../../src/dns/answer.ts';
import { Query } from '../../src/dns/query.ts';
import type { Context } from '../../src/resolver/resolver.ts';

export const FLAG = { AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const;
export const OPTION = { NSID: 3, CLIENT_SUBNET: 8, COOKIE: 10, KEEPALIVE: 11, PADDING: 12, EDE: 15 } as const;
const EDE_HEADER_OCTETS = 2;
const QUERY_DEADLINE_MS = 4500;

export interface EdnsOption {
  readonly code: number;
  readonly data: Buffer;
}

export interface EdnsParts {
  readonly version?: number;
  readonly payloadOctets?: number;
  readonly dnssecOk?: boolean;
  readonly extendedRcode?: number;
  readonly options?: readonly EdnsOption[];
}

export interface QueryParts {
  readonly id?: number;
  /** Default RD alone. */
  readonly flags?: number;
  /** Absent: no OPT record. */
  readonly edns?: EdnsParts;
}

/** "TYPE65" is not known to dns-packet, which calls it UNKNOWN_65; every other type goes by its name. */
export function queryBytes(
  name: string,
  type = 'A',
  { id = 7, flags = FLAG.RD, edns }: QueryParts = {},
): Buffer {
  return packet.encode({
    type: 'query',
    id,
    flags,
    questions: [{ name, type: type as 'A' }],
    additionals: edns === undefined ? [] : [optRecord(edns)],
  });
}

export function ask(name: string, type?: string, parts?: QueryParts): Query {
  return new Query(queryBytes(name, type, parts));
}

export interface ReplyParts {
  readonly flags?: number;
  readonly rcode?: number;
  readonly answers?: readonly PacketRecord[];
  readonly authorities?: readonly PacketRecord[];
  readonly additionals?: readonly PacketRecord[];
  readonly edns?: EdnsParts;
}

/** An upstream's reply to a query, its question echoed. */
export function replyTo(query: Uint8Array, parts: ReplyParts = {}): Buffer {
  const asked = packet.decode(Buffer.from(query));
  const {
    flags = FLAG.RD | FLAG.RA,
    rcode = 0,
    answers = [],
    authorities = [],
    additionals = [],
    edns,
  } = parts;
  return packet.encode({
    type: 'response',
    id: asked.id ?? 0,
    flags: flags | rcode,
    questions: asked.questions ?? [],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals, ...(edns === undefined ? [] : [optRecord(edns)])],
  });
}

export function aRecord(name: string, data = '192.0.2.1', ttl = 300): PacketRecord {
  return { type: 'A', name, ttl, data };
}

export function cnameRecord(name: string, data: string, ttl = 300): PacketRecord {
  return { type: 'CNAME', name, ttl, data };
}

export function soaRecord(name: string, ttl = 900, minimum = 60): SoaAnswer {
  const numbers = { serial: 1, refresh: 3600, retry: 600, expire: 86_400, minimum };
  return { type: 'SOA', name, ttl, data: { mname: `ns.${name}`, rname: `hostmaster.${name}`, ...numbers } };
}

export function extendedError(code: number, text = ''): EdnsOption {
  return { code: OPTION.EDE, data: Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(text)]) };
}

export const UDP_LIMITS: RenderLimits = { maxOctets: 1232, padToOctets: 0, keepaliveMs: null };
export const DOT_LIMITS: RenderLimits = { maxOctets: 65_535, padToOctets: 468, keepaliveMs: 10_000 };

/** Answer to octets, in a target of exactly renderBound octets as the listeners have it. */
export function render(answer: AnswerView, query: Query, limits: RenderLimits = DOT_LIMITS): Buffer {
  const target = Buffer.alloc(renderBound(answer, query, limits), 0xee);
  const end = renderAnswer(answer, query, limits, target, 0);
  return target.subarray(0, end);
}

/** What a client sees; flags by name, records as "name ttl TYPE value". */
export interface Seen {
  readonly id: number;
  /** Twelve bits where there is an OPT record. */
  readonly rcode: number;
  readonly flags: string;
  readonly question: string;
  readonly answers: readonly string[];
  readonly authorities: readonly string[];
  readonly additionals: readonly string[];
  readonly opt: {
    readonly version: number;
    readonly dnssecOk: boolean;
    readonly options: readonly EdnsOption[];
  } | null;
  /** "code text". */
  readonly errors: readonly string[];
}

/** Reads a response as dns-packet does. @throws where that finds no DNS message */
export function see(response: Uint8Array): Seen {
  const wire = Buffer.from(response);
  const { id = 0, questions = [], answers = [], authorities = [], additionals = [] } = packet.decode(wire);
  const bits = wire.readUInt16BE(2);
  const opt = additionals.find((record) => record.type === 'OPT') as unknown as OptSeen | undefined;
  const options = (opt?.options ?? []).map(({ code, data }) => ({ code, data }));
  return {
    id,
    rcode: ((opt?.extendedRcode ?? 0) << 4) | (bits & 15),
    flags: Object.entries({ QR: 0x8000, ...FLAG })
      .filter(([, bit]) => (bits & bit) !== 0)
      .map(([name]) => name)
      .join(' '),
    question: questions.map((question) => `${question.name} ${question.type}`).join(),
    answers: answers.map(recordText),
    authorities: authorities.map(recordText),
    additionals: additionals.filter((record) => record.type !== 'OPT').map(recordText),
    opt:
      opt === undefined ? null : { version: opt.ednsVersion, dnssecOk: (opt.flags & 0x8000) !== 0, options },
    errors: options
      .filter(({ code, data }) => code === OPTION.EDE && data.length >= EDE_HEADER_OCTETS)
      .map(({ data }) => `${data.readUInt16BE(0)} ${data.subarray(EDE_HEADER_OCTETS).toString()}`.trim()),
  };
}

/** A client on loopback that asks at `receivedAtMs`. */
export function contextAt(receivedAtMs: number, parts: Partial<Context> = {}): Context {
  return {
    client: '127.0.0.1',
    clientPort: 40_000,
    localAddress: '127.0.0.1',
    transport: 'udp',
    receivedAtMs,
    deadlineMs: receivedAtMs + QUERY_DEADLINE_MS,
    ...parts,
  };
}

interface OptSeen {
  readonly extendedRcode: number;
  readonly ednsVersion: number;
  readonly flags: number;
  readonly options: readonly EdnsOption[];
}

function optRecord(parts: EdnsParts): PacketRecord {
  const { version = 0, payloadOctets = 1232, dnssecOk = false, extendedRcode = 0, options = [] } = parts;
  const flags = dnssecOk ? packet.DNSSEC_OK : 0;
  const record = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: payloadOctets,
    extendedRcode,
    ednsVersion: version,
  };
  return { ...record, flags, flag_do: dnssecOk, options: [...options] } as unknown as PacketRecord;
}

function recordText(record: PacketRecord): string {
  const { name, type, ttl, data } = record as { name: string; type: string; ttl?: number; data?: unknown };
  return `${name} ${ttl} ${type} ${dataText(data)}`;
}

function dataText(data: unknown): string {
  if (typeof data === 'string') return data;
  if (Buffer.isBuffer(data)) return data.toString('hex');
  if (Array.isArray(data)) return data.map((part) => `"${part}"`).join(' ');
  return JSON.stringify(data);
}
