// The truth about every name of the soak's world: it follows from the name alone, so that the upstreams answer by it, and
// the clients know what is right without asking anybody. A forged, mixed up or stale record shows as a difference.

import dnsPacket, { type Answer } from 'dns-packet';
import { makeQuery } from '../support/dns-message.ts';

export const SOAK_ZONE = 'soak.example';
export const HOT_NAMES = 200;

export type Kind = 'A' | 'AAAA' | 'TXT';

export interface Question {
  readonly name: string;
  readonly type: Kind;
}

/** Short, so that names run out and are fetched anew all the time. */
const LEAST_TTL_SECONDS = 5;
const TTL_SPAN_SECONDS = 56;
const NEGATIVE_TTL_SECONDS = 30;
/** A stale answer has 30 s (RFC 8767 section 4), whatever it had when it was fresh. */
const STALE_TTL_SECONDS = 30;
/** Together more than a UDP reply of 1232 octets holds. */
const TXT_STRINGS = 12;
const TXT_STRING_OCTETS = 150;
const RESPONSE_FLAGS = 0x0180;
const NXDOMAIN = 3;

/** What is said of an answer: nothing wrong with it, no answer at all (SERVFAIL, REFUSED), or what is wrong. */
export type Verdict = 'right' | 'no answer' | 'truncated' | { readonly wrong: string };

/** The reply of an upstream that knows everything below SOAK_ZONE. */
export function trueReply(query: Buffer): Buffer {
  const { id = 0, questions = [] } = dnsPacket.decode(query);
  const { name = '', type = 'A' } = questions[0] ?? {};
  const answers = recordsOf({ name: name.toLowerCase(), type: type as Kind }, name);
  const isEmpty = answers.length === 0;
  return dnsPacket.encode({
    type: 'response',
    id,
    flags: RESPONSE_FLAGS | (isEmpty && isAbsent(name) ? NXDOMAIN : 0),
    questions,
    answers,
    authorities: isEmpty ? [SOA] : [],
  });
}

export function judge(reply: Uint8Array, question: Question): Verdict {
  const packet = dnsPacket.decode(Buffer.from(reply));
  const { rcode } = packet as { rcode?: string };
  if (rcode === 'SERVFAIL' || rcode === 'REFUSED') return 'no answer';
  if (packet.flag_tc) return 'truncated';
  const asked = packet.questions?.[0];
  const what = `${question.name} ${question.type}`;
  if (asked?.name !== question.name || asked.type !== question.type)
    return { wrong: `${what}: answered ${asked?.name} ${asked?.type}` };
  const right = rcodeOf(question);
  if (rcode !== right) return { wrong: `${what}: ${rcode} instead of ${right}` };
  return judgeRecords(packet.answers ?? [], question);
}

export function rcodeOf({ name }: Question): 'NXDOMAIN' | 'NOERROR' {
  return isAbsent(name) ? 'NXDOMAIN' : 'NOERROR';
}

function judgeRecords(answers: readonly Answer[], question: Question): Verdict {
  const right = expectedAnswers(question);
  const what = `${question.name} ${question.type}`;
  const got = answers.map(textOf);
  if (got.join() !== right.map(textOf).join()) return { wrong: `${what}: ${got.join() || 'no records'}` };
  const late = answers.findIndex(
    (record, at) => ttlOfRecord(record) > Math.max(ttlOfRecord(right[at]!), STALE_TTL_SECONDS),
  );
  return late === -1 ? 'right' : { wrong: `${what}: a TTL of ${ttlOfRecord(answers[late]!)} s` };
}

function expectedAnswers(question: Question): Answer[] {
  const { answers = [] } = dnsPacket.decode(trueReply(makeQuery(question.name, question.type)));
  return answers;
}

/** "name TYPE content", of an A, AAAA, CNAME or TXT record. */
function textOf(record: Answer): string {
  const { data } = record as { data?: unknown };
  const content = Array.isArray(data) ? data.map(String).join(' ') : String(data);
  return `${record.name} ${record.type} ${content}`;
}

function ttlOfRecord(record: Answer): number {
  return (record as { ttl?: number }).ttl ?? 0;
}

function recordsOf({ name, type }: Question, asSpelt: string): Answer[] {
  if (isAbsent(name)) return [];
  const ttl = LEAST_TTL_SECONDS + (hashOf(name) % TTL_SPAN_SECONDS);
  if (name.startsWith('alias')) {
    const target = canonicalName(name);
    return [
      { type: 'CNAME', name: asSpelt, ttl, data: target },
      ...recordsOf({ name: target, type }, target),
    ];
  }
  switch (type) {
    case 'A':
      return [{ type, name: asSpelt, ttl, data: addressOf(name) }];
    case 'AAAA':
      return [{ type, name: asSpelt, ttl, data: address6Of(name) }];
    case 'TXT':
      return [{ type, name: asSpelt, ttl, data: textsOf(name) }];
    default:
      return [];
  }
}

export function hotName(at: number): string {
  return `hot${at % HOT_NAMES}.${SOAK_ZONE}`;
}

/** Where an alias leads, else the name itself. */
export function canonicalName(name: string): string {
  return name.startsWith('alias') ? hotName(hashOf(name)) : name;
}

/** Names that begin with "none" do not exist, nor does anything outside the zone. */
function isAbsent(name: string): boolean {
  return name.startsWith('none') || !name.toLowerCase().endsWith(SOAK_ZONE);
}

export function addressOf(name: string): string {
  const hash = hashOf(name);
  return `44.${(hash >>> 16) & 0xff}.${(hash >>> 8) & 0xff}.${hash & 0xff}`;
}

/** Each group has four digits, so that there is one way to write it. */
function address6Of(name: string): string {
  const groups = [0, 1, 2, 3, 4, 5].map((at) => ((hashOf(`${at}${name}`) & 0x0fff) | 0x1000).toString(16));
  return `2600:1000:${groups.join(':')}`;
}

function textsOf(name: string): string[] {
  return Array.from({ length: TXT_STRINGS }, (_, at) =>
    hashOf(`${at}${name}`)
      .toString(36)
      .padStart(7, '0')
      .repeat(TXT_STRING_OCTETS)
      .slice(0, TXT_STRING_OCTETS),
  );
}

/** FNV-1a, 32 bits: enough to tell names apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

const SOA: Answer = {
  type: 'SOA',
  name: SOAK_ZONE,
  ttl: NEGATIVE_TTL_SECONDS,
  data: {
    mname: `ns.${SOAK_ZONE}`,
    rname: `host.${SOAK_ZONE}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expire: 86_400,
    minimum: NEGATIVE_TTL_SECONDS,
  },
};
