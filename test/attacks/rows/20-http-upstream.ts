// Row 20: a DoH upstream that redirects, sends too much, compresses, sets cookies: nothing is followed, at most 64 kB of a
// body are read, and neither cookies nor a User-Agent are sent.

import type { HostileDoh } from '../../support/peers/hostile-doh.ts';
import { ELSEWHERE, taken } from '../../support/peers/wrong-http.ts';
import { WRONG_HTTP } from '../../support/peers/wrongs.ts';
import type { Trial } from '../trial.ts';
import { complaintsOfAll, complaintsOfSharing, namesFor, withAttacker } from '../wrongs-asked.ts';

/** 64 kB, and what flow control and sockets hold. */
const MOST_TAKEN_OCTETS = 4 * 1024 * 1024;
/** RFC 8484 asks for no others. */
const FIELDS = new Set(['accept', 'content-length', 'content-type']);

export const HTTP_UPSTREAM: Trial = {
  row: 20,
  name: 'a DoH upstream that redirects, compresses, and does not end',
  over: ['UDP'],
  upstream: 'DoH',
  attack: (arena) =>
    withAttacker(arena, async (client) => {
      const upstream = arena.world.upstream as unknown as HostileDoh;
      const asked = namesFor(WRONG_HTTP);
      const takenBefore = taken.endlessOctets;
      const complaints = await complaintsOfAll(client, arena, asked);
      const withCookies = WRONG_HTTP.filter(({ label }) => label === 'set-cookie');
      complaints.push(...(await complaintsOfAll(client, arena, namesFor(withCookies)))); // it has had some by now
      const strange = new Set(upstream.fields.flat().filter((field) => !FIELDS.has(field)));
      if (strange.size > 0) complaints.push(`header fields that say too much: ${[...strange].join()}`);
      const endlessOctets = taken.endlessOctets - takenBefore;
      if (endlessOctets > MOST_TAKEN_OCTETS)
        complaints.push(`${endlessOctets} octets of a body without end were taken`);
      if (upstream.paths.includes(ELSEWHERE)) complaints.push('a redirect was followed');
      return [...complaints, ...complaintsOfSharing(upstream, asked)];
    }),
};
