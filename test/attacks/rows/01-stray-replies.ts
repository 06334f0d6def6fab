// Row 1: forged and stray replies, and replies that say more than they were asked for (RFC 5452, CVE-2025-11411): the stray
// one is skipped, the right one still taken, and a cache answers only under the question asked.

import { WRONG_MESSAGES } from '../../support/peers/wrongs.ts';
import type { MessageWrong, Sees, Wrong } from '../../support/peers/wrongs-vocabulary.ts';
import type { Arena, Trial } from '../trial.ts';
import {
  complaintsOf,
  complaintsOfAll,
  complaintsOfPoison,
  complaintsOfSharing,
  namesFor,
  withAttacker,
} from '../wrongs-asked.ts';

const WRONGS = WRONG_MESSAGES.filter(({ row }) => row === 1);

const attack = (sees: (wrong: Wrong) => Sees) => (arena: Arena) =>
  withAttacker(arena, async (client) => {
    const asked = namesFor(WRONGS);
    const complaints = await complaintsOfAll(client, arena, asked, sees);
    const poisoned = await complaintsOfPoison(client, asked);
    const kept = asked.filter(({ wrong }) => sees(wrong) === 'right');
    const again = await Promise.all(kept.map((one) => complaintsOf(client, one, 'right')));
    return [...complaints, ...poisoned, ...again.flat(), ...complaintsOfSharing(arena.world.upstream, asked)];
  });

export const STRAY_REPLIES: readonly Trial[] = [
  { row: 1, name: 'an upstream with stray replies', over: ['UDP'], attack: attack(({ sees }) => sees) },
  {
    ...{ row: 1, name: 'a DoH upstream with stray replies', over: ['UDP'], upstream: 'DoH' },
    attack: attack((wrong) => (wrong as MessageWrong).overDoh ?? wrong.sees),
  },
];
