// Queries over plain DNS to a resolver on the own network, and what comes back, both pure. Padding hides nothing where
// everything is readable, so the query that the pool hands on goes without. A reply counts by its ID and its question
// (RFC 5452 section 9.1); the port and the peer's address are the kernel's to check, since the socket is connected.

import { FLAG, layoutOf, readUint16, writeUint16 } from '../dns/wire.ts';
import { isBareFailure, layoutOfReply, repeatsQuestion } from './upstream-query.ts';

/** Of an OPT record, behind its root owner: type, payload size, extended RCODE and flags, RDLENGTH. */
const OPT_FIXED_OCTETS = 10;

/** The same query with this ID and no option in its OPT record. */
export function plainQuery(query: Uint8Array, id: number): Uint8Array {
  const opt = layoutOf(query)?.opt ?? -1;
  const plain = Uint8Array.from(opt < 0 ? query : query.subarray(0, opt + OPT_FIXED_OCTETS));
  writeUint16(plain, 0, id);
  if (opt >= 0) writeUint16(plain, opt + OPT_FIXED_OCTETS - 2, 0);
  return plain;
}

/**
 * What a packet is to `query`, which carries its ID. truncated: the whole answer is to be had over TCP.
 * bare-failure: a refusal that does not repeat the question. stray: nothing, and the wait goes on.
 */
export function judge(
  packet: Uint8Array,
  query: Uint8Array,
): 'reply' | 'truncated' | 'bare-failure' | 'stray' {
  if (packet.length < 2 || readUint16(packet, 0) !== readUint16(query, 0)) return 'stray';
  if (layoutOfReply(packet, query) !== null) return 'reply';
  if (isBareFailure(packet)) return 'bare-failure';
  const isCut = repeatsQuestion(packet, query) && (readUint16(packet, 2) & FLAG.TC) !== 0;
  return isCut ? 'truncated' : 'stray';
}
