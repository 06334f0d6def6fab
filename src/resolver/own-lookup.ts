// Looks up a name for this server itself, through its own chain and nowhere else: a time source that is configured by
// name. From `local` on, so that no access list and no query log of the owner's concerns it.

import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock/clock.ts';
import type { Answer } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { CLASS_IN, RCODE, TYPE } from '../dns/codes.ts';
import { nameKey, nameOctets } from '../dns/names.ts';
import { Query } from '../dns/query.ts';
import { FLAG, HEADER_OCTETS, writeUint16 } from '../dns/wire.ts';
import type { Resolver } from './resolver.ts';

/** Who waits for this has a round of time sources to finish (milliseconds). */
const LOOKUP_WITHIN_MS = 1500;

/**
 * The IPv4 and IPv6 addresses of a host name.
 * @throws what the chain throws, when neither family gives any
 */
export async function lookUpAddresses(resolver: Resolver, name: string, clock: Clock): Promise<string[]> {
  const nowMs = clock.monotonic();
  const context = {
    client: '127.0.0.1',
    clientPort: 0,
    localAddress: '127.0.0.1',
    transport: 'udp',
    receivedAtMs: nowMs,
    deadlineMs: nowMs + LOOKUP_WITHIN_MS,
  } as const;
  const ask = async (type: number) => {
    const query = questionFor(nameKey(name), type);
    return addressesIn(await resolver.resolve(query, context), query);
  };
  const results = await Promise.allSettled([ask(TYPE.A), ask(TYPE.AAAA)]);
  const addresses = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (addresses.length === 0 && failed !== undefined) throw failed.reason;
  return addresses;
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

/** @throws Error with the extended error's words for an answer that is a failure */
function addressesIn(answer: Answer, query: Query): string[] {
  if (answer.rcode !== RCODE.NOERROR) {
    const why = answer.errors.map(({ text }) => text).filter((text) => text !== '');
    throw new Error(
      why.join('; ') || (answer.rcode === RCODE.NXDOMAIN ? 'the name does not exist' : 'it was not answered'),
    );
  }
  return recordsOf(answer, query)
    .answers.filter(({ type }) => type === query.type)
    .map(({ rdata }) => ipaddr.fromByteArray([...rdata]).toString());
}
