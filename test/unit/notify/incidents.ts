// Incidents as the history tells them, for the tests of who is told.

import type { Incident, IncidentEvent, IncidentKind } from '../../../src/history/incident.ts';
import { type Item, momentNow } from '../../../src/notify/notice.ts';
import type { SimulatedClock } from '../../support/simulated-clock.ts';

let lastId = 0;

export function incident(kind: IncidentKind, subject: string, more: Partial<Incident> = {}): Incident {
  lastId += 1;
  return {
    ...{ id: lastId, kind, subject },
    what: `the ${kind} ${subject} does not work: nothing does`,
    evidence: `evidence of ${subject}`,
    doThis: `mend ${subject}`,
    ...{ startedAt: null, endedAt: null, lastedMs: 0, returns: 0, isOver: false, life: 1 },
    ...{ isStartSure: false, isEndSure: false },
    ...more,
  };
}

export const opened = (one: Incident): IncidentEvent => ({ type: 'opened', incident: one });

export function ended(one: Incident, lastedMs: number | null = 60_000): IncidentEvent {
  return { type: 'ended', incident: { ...one, isOver: true, lastedMs } };
}

/** As Debounce hands it on. */
export function itemOf(one: Incident, clock: SimulatedClock, more: Partial<Item> = {}): Item {
  const { id, kind, subject, what, evidence, doThis } = one;
  return {
    ...{ incident: id, kind, subject, what, evidence, doThis },
    ...{ began: momentNow(clock), ended: null, lastedMs: null },
    ...{ isMoment: false, isUrgent: false, wasTold: false, times: 1 },
    ...more,
  };
}
