// Row 7, queries: pointer loops, long names, bad labels, lying lengths and counts (RFC 9267) are refused or dropped, and the
// next query over the same connection is answered as ever.

import type { Client } from '../../support/dns-client.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, TRANSPORTS } from '../../support/noonmark.ts';
import {
  type Due,
  ODD_QUERIES,
  type OddQuery,
  STUMPS,
  withId,
} from '../../support/peers/hostile-client-queries.ts';
import { type Arena, ATTACKER, type Trial } from '../trial.ts';

const REFUSALS = [1, 4, 5]; // FORMERR, NOTIMP, REFUSED
/** What has not come by then counts as dropped. */
const SILENCE_MS = 500;

export const LYING_QUERIES: Trial = {
  row: 7,
  name: 'queries that lie about themselves',
  over: TRANSPORTS,
  async attack(arena) {
    const client = await open(arena);
    const replies = await Promise.all(
      ODD_QUERIES.map(({ wire }, at) => client.ask(withId(wire, at + 1), SILENCE_MS)),
    );
    for (const stump of STUMPS) client.send(stump);
    const wrong = ODD_QUERIES.flatMap((query, at) => judged(query, replies[at]!));
    const next = client.isClosed ? await open(arena) : client;
    const reply = await next.ask(makeQuery(INTERNAL_NAME));
    const isRight = reply !== null && readReply(reply).answers.join() === `A ${INTERNAL_ADDRESS}`;
    next.close();
    if (next !== client) client.close();
    return isRight ? wrong : [...wrong, 'the next query was not answered rightly'];
  },
};

const open = ({ target, transport }: Arena): Promise<Client> => target.open(transport, ATTACKER);

function judged({ kind, due }: OddQuery, reply: Uint8Array | null): string[] {
  if (reply === null || isDue(due, Buffer.from(reply))) return [];
  const [rcode, answers] = [reply[3]! & 15, Buffer.from(reply).readUInt16BE(6)];
  return [`${kind}: RCODE ${rcode} with ${answers} answers`];
}

function isDue(due: Due, reply: Buffer): boolean {
  const isResponse = (reply[2]! & 0x80) !== 0;
  const isBare = reply.readUInt16BE(6) === 0 && reply.readUInt16BE(8) === 0;
  switch (due) {
    case 'silence':
      return false;
    case 'refusal':
      return isResponse && isBare && REFUSALS.includes(reply[3]! & 15);
    case 'badvers':
      return isResponse && isBare;
    case 'any':
      return isResponse;
  }
}
