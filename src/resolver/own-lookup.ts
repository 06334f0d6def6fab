// Looks up a name for this server itself, through its own chain and nowhere else: a time source that is configured by
// name, the records by which a CA is shown that a name is ours. From `local` on or further down, so that no access list and
// no query log of the owner's concerns it.

import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock/clock.ts';
import type { Answer } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { CLASS_IN, RCODE, TYPE } from '../dns/codes.ts';
import { formatWithoutDot, lowerName, nameKey, nameOctets } from '../dns/names.ts';
import { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG, HEADER_OCTETS, readUint32, writeUint16 } from '../dns/wire.ts';
import { keeping, type Resolver } from './resolver.ts';

/** Who waits for this has a round of time sources to finish (milliseconds). */
const LOOKUP_WITHIN_MS = 1500;
/** Nobody waits for this but the CA, which has time. */
const TEXT_WITHIN_MS = 5000;
/** RFC 1035 section 3.3.13: the last field of a SOA. */
const SOA_MINIMUM_OCTETS = 4;

/**
 * The IPv4 and IPv6 addresses of a host name.
 * @throws what the chain throws, when neither family gives any
 */
export async function lookUpAddresses(resolver: Resolver, name: string, clock: Clock): Promise<string[]> {
  const context = ownContext(clock, LOOKUP_WITHIN_MS);
  const ask = async (type: number) => {
    const query = questionFor(nameKey(name), type);
    return addressesIn(await keeping(resolver.resolve(query, context)), query);
  };
  const results = await Promise.allSettled([ask(TYPE.A), ask(TYPE.AAAA)]);
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (addresses.length === 0 && failed !== undefined) throw failed.reason;
  return addresses;
}

/** The TXT records of a name as texts, and where its CNAME leads; a name that does not exist has neither. */
export interface FoundText {
  /** The strings of each record, joined (RFC 1464 has no more to say). */
  readonly values: readonly string[];
  /** Lower case, without the last dot; null: there is no CNAME. */
  readonly alias: string | null;
  /** How long a resolver remembers that what was asked for is not there (RFC 2308 section 5); null: it is there, or no SOA came. */
  readonly absentForMs: number | null;
  /** How long it remembers the CNAME; null: there is none. */
  readonly aliasForMs: number | null;
}

/** @throws Error with the extended error's words for an answer that is a failure */
export async function lookUpText(
  resolver: Resolver,
  name: string,
  type: 'TXT' | 'CNAME',
  clock: Clock,
): Promise<FoundText> {
  const key = nameKey(name);
  const query = questionFor(key, TYPE[type]);
  const answer = await keeping(resolver.resolve(query, ownContext(clock, TEXT_WITHIN_MS)));
  if (answer.rcode !== RCODE.NOERROR && answer.rcode !== RCODE.NXDOMAIN) throw failureOf(answer);
  const { answers, authorities } = recordsOf(answer, query);
  const isThere = answers.some((record) => record.type === query.type);
  const alias = answers.find((record) => record.type === TYPE.CNAME && lowerName(record.owner) === key);
  return {
    values: answers.filter((record) => record.type === TYPE.TXT).map(({ rdata }) => joinedStrings(rdata)),
    alias: alias === undefined ? null : hostNameIn(alias.rdata),
    absentForMs: isThere ? null : negativeMs(authorities),
    aliasForMs: alias === undefined ? null : secondsOf(alias.ttlSeconds) * 1000,
  };
}

function ownContext(clock: Clock, withinMs: number) {
  const nowMs = clock.monotonic();
  return {
    client: '127.0.0.1',
    clientPort: 0,
    localAddress: '127.0.0.1',
    transport: 'udp',
    receivedAtMs: nowMs,
    deadlineMs: nowMs + withinMs,
  } as const;
}

/** Null: without a SOA nobody remembers it. */
function negativeMs(authorities: readonly ResourceRecord[]): number | null {
  const soa = authorities.find(({ type }) => type === TYPE.SOA);
  if (soa === undefined) return null;
  const minimum = readUint32(soa.rdata, soa.rdata.length - SOA_MINIMUM_OCTETS);
  return Math.min(secondsOf(soa.ttlSeconds), secondsOf(minimum)) * 1000;
}

/** RFC 2181 section 8: one with its top bit set counts as 0. */
function secondsOf(ttl: number): number {
  return ttl > 0x7fffffff ? 0 : ttl;
}

function hostNameIn(rdata: Uint8Array): string {
  return formatWithoutDot(lowerName(Buffer.from(rdata).toString('latin1')));
}

/** RFC 1035 section 3.3.14: each string behind its length. */
function joinedStrings(rdata: Uint8Array): string {
  const octets = Buffer.from(rdata);
  let text = '';
  for (let at = 0; at < octets.length; at += 1 + octets[at]!)
    text += octets.toString('latin1', at + 1, at + 1 + octets[at]!);
  return text;
}

/** A query of our own; `name` in wire form. */
export function questionFor(name: string, type: number): Query {
  const octets = nameOctets(name);
  const message = new Uint8Array(HEADER_OCTETS + octets.length + 4);
  writeUint16(message, 2, FLAG.RD);
  writeUint16(message, 4, 1);
  message.set(octets, HEADER_OCTETS);
  writeUint16(message, HEADER_OCTETS + octets.length, type);
  writeUint16(message, HEADER_OCTETS + octets.length + 2, CLASS_IN);
  return new Query(message);
}

/** In the extended error's words, where there are any. */
function failureOf(answer: Answer): Error {
  const why = answer.errors.map(({ text }) => text).filter((text) => text !== '');
  return new Error(
    why.join('; ') || (answer.rcode === RCODE.NXDOMAIN ? 'the name does not exist' : 'it was not answered'),
  );
}

/** @throws Error for an answer that is a failure */
function addressesIn(answer: Answer, query: Query): string[] {
  if (answer.rcode !== RCODE.NOERROR) throw failureOf(answer);
  return recordsOf(answer, query)
    .answers.filter(({ type }) => type === query.type)
    .map(({ rdata }) => ipaddr.fromByteArray([...rdata]).toString());
}
