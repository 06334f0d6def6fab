// An incident as it is kept: with moments instead of dates, so that it can be dated later, and as it is told. Pure; when
// one begins and ends is decided by trouble-watch.ts.

import { rfc3339 } from '../status/clock-report.ts';
import type { Incident, IncidentKind, MomentKind } from './incident.ts';
import type { Moment } from './life-time.ts';

export interface KeptIncident {
  readonly id: number;
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly what: string;
  readonly evidence: string;
  readonly doThis: string;
  readonly returns: number;
  readonly started: Moment;
  /** Null while it lasts; of what is but a moment the same as `started`. */
  readonly ended: Moment | null;
}

export const MOMENT_KINDS: ReadonlySet<string> = new Set<MomentKind>([
  ...(['start', 'stop', 'time', 'step', 'sleep', 'withdrawn', 'renewed'] as const),
]);

/** Is it one moment, and no trouble that lasts? */
export function isMoment(kind: IncidentKind): boolean {
  return MOMENT_KINDS.has(kind);
}

/** "upstream tls://dns.example" as kind and subject. */
export function partsOfId(id: string): { readonly kind: IncidentKind; readonly subject: string } {
  const at = id.indexOf(' ');
  if (at === -1) return { kind: id as IncidentKind, subject: '' };
  return { kind: id.slice(0, at) as IncidentKind, subject: id.slice(at + 1) };
}

/** What is told of it at the moment `now`. */
export function incidentOf(kept: KeptIncident, now: Moment): Incident {
  const { id, kind, subject, what, evidence, doThis, returns, started, ended } = kept;
  return {
    ...{ id, kind, subject, what, evidence, doThis },
    startedAt: dateOf(started),
    isStartSure: started.isSure,
    endedAt: ended === null ? null : dateOf(ended),
    isEndSure: ended?.isSure ?? false,
    lastedMs: between(started, ended ?? now),
    ...{ returns, isOver: ended !== null, life: started.life },
  };
}

function dateOf({ dateMs }: Moment): string | null {
  return dateMs === null ? null : rfc3339(dateMs);
}

/** Within one life it is known always; over a restart both dates have to be sure: one by the stamp is off by the outage. */
function between(from: Moment, to: Moment): number | null {
  if (from.life === to.life) return Math.max(0, to.ms - from.ms);
  if (!from.isSure || !to.isSure || from.dateMs === null || to.dateMs === null) return null;
  return Math.max(0, to.dateMs - from.dateMs);
}
