// Row 6: queries that stay open (DNSBomb, CVE-2024-33655): names that are never answered, in thousands. One client can have so
// many of them waiting and no more, each is told SERVFAIL when its time is over, and nothing can be saved up for a pulse.

import { answerWith, makeQuery, questionName, readReply } from '../../support/dns-message.ts';
import { pause } from '../../support/eventually.ts';
import { HOSTILE_ADDRESS } from '../../support/peers/hostile-dot.ts';
import { WILD_ZONE } from '../../support/peers/unbound.ts';
import { type Arena, ATTACKER, type Trial } from '../trial.ts';

/** Fewer over UDP: what comes faster than it is read is lost in the kernel, and attacks nobody. */
const FLOOD = { UDP: 2_000, TCP: 5_000, DoT: 5_000, DoH: 1_500 } as const;
/** Of a flood; a datagram may be lost on the way in either direction. */
const MOST_SILENT = { UDP: 0.5, TCP: 0.05, DoT: 0.05, DoH: 0.05 } as const;
/** A query's time is at most 5 s, and there is some for all that is told to arrive. */
const TOLD_WITHIN_MS = 8_000;
/** Names that were asked of the upstream in any one second: twice what one client should have waiting by default. */
const MOST_A_SECOND = 1_000;
const SECOND_MS = 1_000;
const CONNECTIONS = { UDP: 1, TCP: 40, DoT: 20, DoH: 10 } as const;
/** Queries of one connection in one go; then it is somebody else's turn. */
const AT_A_TIME = 50;
const BETWEEN_MS = 5;
const STUCK = 'stuck';

export const NEVER_ANSWERED: Trial = {
  row: 6,
  name: 'thousands of queries for names that are never answered',
  over: ['UDP', 'TCP', 'DoH'],
  config: { limits: { query_deadline: '2s', udp_queries_per_client: 100_000 } },
  async attack(arena) {
    const { world, transport } = arena;
    const askedAtMs: number[] = [];
    world.upstream.behaviour = { reply: (query) => replyOrNot(query, askedAtMs) };
    const told = await flood(arena);
    const other = told.filter((rcode) => rcode !== null && rcode !== 'SERVFAIL' && rcode !== 'REFUSED');
    const silent = told.filter((rcode) => rcode === null).length;
    const most = mostInASecond(askedAtMs);
    return [
      ...(other.length === 0 ? [] : [`${other.length} were told ${other[0]}`]),
      ...(silent <= MOST_SILENT[transport] * told.length
        ? []
        : [`${silent} of ${told.length} were told nothing`]),
      ...(most <= MOST_A_SECOND ? [] : [`${most} were asked of the upstream in one second`]),
    ];
  },
};

/** What each of so many queries was told; null: nothing in time. */
async function flood({ target, transport }: Arena): Promise<(string | null)[]> {
  const count = CONNECTIONS[transport];
  const clients = await Promise.all(Array.from({ length: count }, () => target.open(transport, ATTACKER)));
  const replies = await Promise.all(
    clients.map(async (client, of) => {
      const waiting: Promise<Uint8Array | null>[] = [];
      for (let id = 1; id <= FLOOD[transport] / count; id += 1) {
        const query = makeQuery(`${STUCK}-${transport.toLowerCase()}-${of}-${id}.${WILD_ZONE}`, 'A', { id });
        waiting.push(client.ask(query, TOLD_WITHIN_MS));
        if (id % AT_A_TIME === 0) await pause(BETWEEN_MS);
      }
      return Promise.all(waiting);
    }),
  );
  for (const client of clients) client.close();
  return replies.flat().map((reply) => reply && readReply(reply).rcode);
}

function replyOrNot(query: Buffer, askedAtMs: number[]): Uint8Array[] {
  if (questionName(query)?.startsWith(STUCK) !== true) return [answerWith(query, HOSTILE_ADDRESS)];
  askedAtMs.push(performance.now());
  return [];
}

function mostInASecond(instantsMs: readonly number[]): number {
  let [from, most] = [0, 0];
  for (const [at, instantMs] of instantsMs.entries()) {
    while (instantMs - instantsMs[from]! > SECOND_MS) from += 1;
    most = Math.max(most, at - from + 1);
  }
  return most;
}
