// Reading a query, reading an upstream's answer, writing an answer to a client: ours, which walk over octets, beside
// dns-packet, which makes objects of them.

import packet from 'dns-packet';
import { Answer, renderAnswer } from '../../src/dns/answer.ts';
import { Query } from '../../src/dns/query.ts';
import { table } from '../markdown.ts';
import { NumberedQuery, responseTo } from './messages.ts';
import { nanosecondsOf } from './time-of.ts';

const LIMITS = { maxOctets: 1232, padToOctets: 0, keepaliveMs: null };
const ROOM_OCTETS = 4096;

export function wireTable(): string {
  const bytes = new NumberedQuery().of(123_456);
  const response = responseTo(bytes);
  const query = new Query(bytes);
  const answer = Answer.fromMessage(response)!;
  const aged = answer.aged(10);
  const target = Buffer.alloc(ROOM_OCTETS);
  const decoded = packet.decode(response);
  const rows: [string, () => unknown, () => unknown][] = [
    [
      'a query, read: question, flags, EDNS, key',
      () => touched(new Query(bytes)),
      () => packet.decode(bytes),
    ],
    [
      'an answer of an upstream, read and checked',
      () => Answer.fromMessage(response),
      () => packet.decode(response),
    ],
    [
      'an answer, written for a client',
      () => renderAnswer(aged, query, LIMITS, target, 0),
      () => packet.encode(decoded, target, 0),
    ],
  ];
  return table(
    ['', 'Noonmark, ns', 'dns-packet, ns'],
    rows.map(([what, ours, theirs]) => [
      what,
      nanosecondsOf(ours).toFixed(0),
      nanosecondsOf(theirs).toFixed(0),
    ]),
  );
}

/** What the links above the cache look at. */
function touched(query: Query): unknown {
  return query.isMalformed || query.isResponse || query.type === 0 ? null : query.cacheKey;
}
