// How it stands with what incidents are about, at one look: the status is asked once, however many things are looked for in
// it. Pure; who looks, and when, is debounce.ts and courier.ts.

import type { Incident } from '../history/incident.ts';
import type { Status } from '../status/status.ts';

export type Words = Pick<Incident, 'what' | 'evidence' | 'doThis'>;
type About = Pick<Incident, 'kind' | 'subject'>;

export interface Look {
  /** In the words of this moment; null: it seems to be over, though its incident may be open. */
  readonly wordsOf: (about: About) => Words | null;
  /** Must it be told soon? Nobody in the house can look up a name of the world because of it. */
  readonly isUrgent: (about: About) => boolean;
}

export function lookAt({ degraded, notReady, clock }: Pick<Status, 'degraded' | 'notReady' | 'clock'>): Look {
  const byId = new Map(degraded.map((one) => [one.id, one]));
  return {
    wordsOf: ({ kind, subject }) => byId.get(subject === '' ? kind : `${kind} ${subject}`) ?? null,
    isUrgent: ({ kind }) =>
      kind === 'clock'
        ? clock.state === 'untrusted'
        : (kind === 'upstreams' || kind === 'upstream') && notReady.length > 0,
  };
}
