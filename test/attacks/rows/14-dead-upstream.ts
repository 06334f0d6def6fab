// Row 14: the connection to the upstream dies or wedges under a query. That query fails in time, or is served where its
// upstream behaves when asked again; those of others are served on a new connection, and so is whatever is asked next.

import { performance } from 'node:perf_hooks';
import type { Client } from '../../support/dns-client.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { HOSTILE_ADDRESS } from '../../support/peers/hostile-upstream.ts';
import { ENDED_HTTP, WRONG_STREAMS } from '../../support/peers/wrongs.ts';
import { WILD, type Wrong } from '../../support/peers/wrongs-vocabulary.ts';
import type { Arena, Trial } from '../trial.ts';
import { complaintsOfAll, complaintsOfSharing, namesFor, withAttacker } from '../wrongs-asked.ts';

/** With what a busy machine adds. */
const BACK_WITHIN_MS = 1_500;
/** The connection stays open and says nothing more that makes sense: each keeps its query until the deadline. */
const WEDGES = [
  ...['half-stalls', 'length-stalls', 'slowly', 'length-wrong', 'length-largest', 'noise-after', 'silence'],
];
/** Not one octet of the connection is spoilt, so others need not notice. */
const HARMLESS = ['silence', 'out-of-order'];

let serial = 0;

/** One after another, since each costs all others their connection; then those that take long, all at once. */
const attack = (inTurn: readonly Wrong[], atOnce: readonly Wrong[]) => (arena: Arena) =>
  withAttacker(arena, async (client) => {
    const complaints: string[] = [];
    const asked = namesFor([...inTurn, ...atOnce]);
    for (const one of asked.slice(0, inTurn.length)) {
      complaints.push(...(await complaintsOfAll(client, arena, [one])));
      complaints.push(...(await complaintsOfReturn(client, one.wrong)));
    }
    complaints.push(...(await complaintsOfAll(client, arena, asked.slice(inTurn.length))));
    return [...complaints, ...complaintsOfSharing(arena.world.upstream, asked)];
  });

async function complaintsOfReturn(client: Client, { label }: Wrong): Promise<string[]> {
  serial += 1;
  const from = performance.now();
  const reply = await client.ask(makeQuery(`after${serial}.${WILD}`));
  const waitedMs = performance.now() - from;
  const isServed = reply !== null && readReply(reply).answers.includes(`A ${HOSTILE_ADDRESS}`);
  if (!isServed) return [`${label}: what is asked next is not served`];
  return waitedMs <= BACK_WITHIN_MS ? [] : [`${label}: what is asked next waits ${Math.round(waitedMs)} ms`];
}

const isWedge = ({ label }: Wrong) => WEDGES.includes(label.replace(/-once$/, ''));
const isHarmless = ({ label }: Wrong) => HARMLESS.includes(label);

/** Each wedge costs its query a second, so the short run has these. */
const SHORT = ['half-stalls-once', 'length-wrong-once'];
const isShort = (wrong: Wrong) => SHORT.includes(wrong.label) || !isWedge(wrong);

export const DEAD_UPSTREAM: readonly Trial[] = [
  {
    ...{ row: 14, name: 'a connection to the upstream that dies or wedges', over: ['UDP'] },
    attack: attack(
      WRONG_STREAMS.filter((wrong) => isShort(wrong) && !isHarmless(wrong)),
      WRONG_STREAMS.filter(isHarmless),
    ),
  },
  {
    ...{ row: 14, name: 'a connection that wedges, again and again', over: ['UDP'], isLong: true },
    attack: attack(
      WRONG_STREAMS.filter((wrong) => !isShort(wrong) && !isHarmless(wrong)),
      [],
    ),
  },
  {
    ...{
      row: 14,
      name: 'a connection to a DoH upstream that dies or wedges',
      over: ['UDP'],
      upstream: 'DoH',
      isLong: true,
    },
    attack: attack(ENDED_HTTP, []),
  },
];
