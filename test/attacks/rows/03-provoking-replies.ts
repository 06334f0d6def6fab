// Row 3: replies that make a resolver ask on (NXNSAttack, CVE-2023-26249): at most three upstream queries for one of a
// client, and a failure is remembered, so that asking again costs nothing (RFC 9520).

import { makeQuery } from '../../support/dns-message.ts';
import { WRONG_MESSAGES } from '../../support/peers/wrongs.ts';
import type { Trial } from '../trial.ts';
import { complaintsOfAll, complaintsOfSharing, namesFor, withAttacker } from '../wrongs-asked.ts';

const WRONGS = WRONG_MESSAGES.filter(({ row }) => row === 3);
/** At once after the failure, so well within the second that RFC 9520 section 3.2 asks for. */
const TIMES_AGAIN = 3;

export const PROVOKING_REPLIES: Trial = {
  row: 3,
  name: 'replies that make a resolver ask on',
  over: ['UDP'],
  attack: (arena) =>
    withAttacker(arena, async (client) => {
      const asked = namesFor(WRONGS);
      const { names } = arena.world.upstream;
      const complaints = await complaintsOfAll(client, arena, asked);
      const forgotten = asked
        .filter(({ wrong }) => wrong.sees === 'failed')
        .map(async ({ wrong, name }) => {
          await client.ask(makeQuery(name));
          const cost = names.filter((one) => one === name).length;
          for (let time = 0; time < TIMES_AGAIN; time += 1) await client.ask(makeQuery(name));
          const more = names.filter((one) => one === name).length - cost;
          return more === 0
            ? []
            : [`${wrong.label}: the failure is not remembered, ${more} more upstream queries`];
        });
      const sharing = complaintsOfSharing(arena.world.upstream, asked);
      return [...complaints, ...(await Promise.all(forgotten)).flat(), ...sharing];
    }),
};
