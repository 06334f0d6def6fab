// What does not work about telling people of troubles, in words for who looks all the same. Where messages go is said by
// kind and host alone: the rest of a URL is a secret. Pure; nobody is told of this (src/notify/topics.ts).

import { sinceOf } from './clock-report.ts';
import type { Facts } from './degradation.ts';
import type { Degraded } from './status.ts';
import { plural } from './words.ts';

export interface NotifyTrouble {
  /** A clause. */
  readonly reason: string;
  /** Null: it is tried again by itself. */
  readonly doThis: string | null;
  /** Things that wait to be told. */
  readonly waiting: number;
  readonly forMs: number;
}

export interface NotifyReport extends NotifyTrouble {
  /** "the webhook at https://hooks.example". */
  readonly name: string;
  /** Its host, or the path of a program. */
  readonly subject: string;
  /** "notify[0]". */
  readonly place: string;
}

export function notifyDegradations({ notify, clock }: Facts): Degraded[] {
  return notify.map(({ name, subject, place, reason, doThis, waiting, forMs }) => ({
    id: `notify ${subject}`,
    what: `${name} takes no messages${waiting === 0 ? '' : `: ${plural(waiting, 'thing')} to tell ${waiting === 1 ? 'waits' : 'wait'}`}`,
    ...sinceOf(forMs, clock),
    evidence: reason,
    doThis:
      doThis ??
      `it is tried again by itself, and what waits is kept for 7 days; look at ${place} and at whoever should answer there`,
  }));
}
