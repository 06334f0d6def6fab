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

/** What waits to be told is in memory alone. */
export interface OutboxProblem {
  /** A clause. */
  readonly reason: string;
  /** False: not before the next start. */
  readonly isTriedAgain: boolean;
  readonly forMs: number;
}

export function notifyDegradations(facts: Facts): Degraded[] {
  return [...channelDegradations(facts), ...outboxDegradation(facts)];
}

function outboxDegradation({ outboxProblem, clock }: Facts): Degraded[] {
  if (outboxProblem === null) return [];
  return [
    {
      id: 'notify notify.json',
      what: 'messages that wait would not outlive a restart: what is to be told is not written down',
      ...sinceOf(outboxProblem.forMs, clock),
      evidence: outboxProblem.reason,
      doThis: outboxProblem.isTriedAgain
        ? 'it is tried again every minute; make room on the disk of state_dir, and let this server write there'
        : 'let this server read the file, or delete it, and restart the server',
    },
  ];
}

function channelDegradations({ notify, clock }: Facts): Degraded[] {
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
