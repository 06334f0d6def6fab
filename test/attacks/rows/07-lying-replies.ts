// Row 7, replies: lies about form (RFC 9267): such a reply never reaches a client, and costs nobody else a thing.

import { WRONG_MESSAGES } from '../../support/peers/wrongs.ts';
import type { Arena, Trial } from '../trial.ts';
import {
  complaintsOfAll,
  complaintsOfPoison,
  complaintsOfSharing,
  namesFor,
  withAttacker,
} from '../wrongs-asked.ts';

const WRONGS = WRONG_MESSAGES.filter(({ row }) => row === 7);

const attack = (arena: Arena) =>
  withAttacker(arena, async (client) => {
    const asked = namesFor(WRONGS);
    const complaints = await complaintsOfAll(client, arena, asked);
    const poisoned = await complaintsOfPoison(client, asked);
    return [...complaints, ...poisoned, ...complaintsOfSharing(arena.world.upstream, asked)];
  });

export const LYING_REPLIES: readonly Trial[] = [
  { row: 7, name: 'replies whose form is a lie', over: ['UDP'], attack },
  { row: 7, name: 'replies over DoH whose form is a lie', over: ['UDP'], upstream: 'DoH', attack },
];
