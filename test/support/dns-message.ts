// DNS messages as the tests write and read them: dns-packet, plus extended errors (RFC 8914), which it leaves raw.
// Deliberately not src/dns: a test that reads with the code under test would share its mistakes.

import { randomInt } from 'node:crypto';
import dnsPacket, { type Answer, type OptAnswer, type RecordType } from 'dns-packet';

/** RFC 6891 default of this project's listeners, and what most clients send. */
export const EDNS_PAYLOAD_OCTETS = 1232;
const EDE_OPTION = 15;
const FLAG = { QR: 0x8000, AA: 0x0400, TC: 0x0200, RD: 0x0100, RA: 0x0080, AD: 0x0020, CD: 0x0010 } as const;

/** HTTPS and SVCB are unknown to dns-packet and go by number. */
export type QueryType = RecordType | 'UNKNOWN_65' | 'UNKNOWN_64' | 'ANY';

export interface QueryOptions {
  readonly id?: number;
  /** Default true. */
  readonly edns?: boolean;
  readonly dnssecOk?: boolean;
  readonly ad?: boolean;
  readonly cd?: boolean;
}

export function makeQuery(name: string, type: QueryType = 'A', options: QueryOptions = {}): Buffer {
  const { id = randomInt(1, 0xffff), edns = true, dnssecOk = false, ad = false, cd = false } = options;
  return dnsPacket.encode({
    type: 'query',
    id,
    flags: FLAG.RD | (ad ? FLAG.AD : 0) | (cd ? FLAG.CD : 0),
    questions: [{ name, type: type as RecordType }],
    additionals: edns
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: EDNS_PAYLOAD_OCTETS,
            flags: dnssecOk ? dnsPacket.DNSSEC_OK : 0,
            options: [],
          } as unknown as Answer,
        ]
      : [],
  });
}

export interface ExtendedError {
  readonly code: number;
  readonly text: string;
}

export interface Reply {
  readonly id: number;
  readonly rcode: string;
  readonly isReply: boolean;
  readonly truncated: boolean;
  readonly ad: boolean;
  readonly questionName: string | undefined;
  /** Answer records as "TYPE value", for short assertions. */
  readonly answers: readonly string[];
  readonly authorityTypes: readonly string[];
  /** Of all records but OPT; 0 where there is none. */
  readonly longestTtlSeconds: number;
  readonly extendedErrors: readonly ExtendedError[];
  readonly hasEdns: boolean;
  readonly octets: number;
}

/** Throws where the octets are no DNS message. */
export function readReply(wire: Uint8Array): Reply {
  const packet = dnsPacket.decode(Buffer.from(wire));
  const flags = packet.flags ?? 0;
  const records = [packet.answers, packet.authorities, packet.additionals].flatMap(
    (section) => section ?? [],
  );
  const opt = packet.additionals?.find((record): record is OptAnswer => record.type === 'OPT');
  return {
    id: packet.id ?? 0,
    rcode: (packet as { rcode?: string }).rcode ?? '',
    isReply: packet.type === 'response',
    truncated: (flags & FLAG.TC) !== 0,
    ad: (flags & FLAG.AD) !== 0,
    questionName: packet.questions?.[0]?.name,
    answers: (packet.answers ?? []).map((record) => `${record.type} ${dataText(record)}`),
    authorityTypes: (packet.authorities ?? []).map((record) => record.type),
    longestTtlSeconds: Math.max(
      0,
      ...records.flatMap((record) => ('ttl' in record ? [record.ttl ?? 0] : [])),
    ),
    extendedErrors: opt === undefined ? [] : readExtendedErrors(opt),
    hasEdns: opt !== undefined,
    octets: wire.length,
  };
}

/** An answer to `query` with one A record, as an upstream would give it. */
export function answerWith(query: Uint8Array, address: string, ttlSeconds = 60): Buffer {
  const packet = dnsPacket.decode(Buffer.from(query));
  const question = packet.questions?.[0];
  return dnsPacket.encode({
    type: 'response',
    id: packet.id ?? 0,
    flags: FLAG.RD | FLAG.RA,
    questions: packet.questions ?? [],
    answers:
      question?.type === 'A' ? [{ type: 'A', name: question.name, ttl: ttlSeconds, data: address }] : [],
  });
}

/** The question's name in a message, or undefined where it cannot be read. */
export function questionName(wire: Uint8Array): string | undefined {
  try {
    return dnsPacket.decode(Buffer.from(wire)).questions?.[0]?.name;
  } catch {
    return undefined;
  }
}

function readExtendedErrors(opt: OptAnswer): ExtendedError[] {
  const errors: ExtendedError[] = [];
  for (const option of opt.options as unknown as { code: number; data: Buffer }[]) {
    if (option.code !== EDE_OPTION) continue;
    errors.push({ code: option.data.readUInt16BE(0), text: option.data.subarray(2).toString('utf8') });
  }
  return errors;
}

function dataText(record: Answer): string {
  const value = (record as { data?: unknown }).data;
  if (Array.isArray(value)) return value.map(String).join(' ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
