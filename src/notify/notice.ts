// What somebody is to be told, before it is put into words: one or several things that began, that are over, or that
// happened at one moment. Vocabulary, and how what waits to be told becomes one notice (pure). It is kept in words of the
// incident and in instants, not in sentences with dates: the date may be known only by the time it is sent.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import type { IncidentKind } from '../history/incident.ts';

/** Things in one notice, those that wait for a channel together (a limit of our own). */
export const ITEMS_MAX = 64;

/** An instant of this life of the server by the clock that never jumps, and its date as far as that was ever known. */
export interface Moment {
  /** Monotonic milliseconds; null: it was in an earlier life. */
  readonly atMs: number | null;
  /** RFC 3339; null: not known when it was noted. */
  readonly date: string | null;
  /** Sources had agreed on the time when `date` was noted; one by the stamp may be off by weeks, and is no measure of anything. */
  readonly isSure: boolean;
}

export interface Item {
  /** Number of the incident. */
  readonly incident: number;
  readonly kind: IncidentKind;
  readonly subject: string;
  /** Words without a capital letter and without a full stop. */
  readonly what: string;
  readonly evidence: string;
  readonly doThis: string;
  readonly began: Moment;
  /** Null: it lasts. Of one moment: the same as `began`. */
  readonly ended: Moment | null;
  /** Null: it lasts, or nobody knows. */
  readonly lastedMs: number | null;
  readonly isMoment: boolean;
  /** Names of the world are not answered because of it, or the time is not known. */
  readonly isUrgent: boolean;
  /** That it began has been told already. */
  readonly wasTold: boolean;
  /** Which time it is, of late. */
  readonly times: number;
}

export interface Notice {
  /** Stays while one and the same notice is sent again. */
  readonly id: string;
  readonly madeAt: Moment;
  /** At least one, in the order in which they came. */
  readonly items: readonly Item[];
}

/** `opened`: something stands; `ended`: all of it is over; `passed`: over before it could be told; `instant`: one moment. */
export type NoticeEvent = 'opened' | 'ended' | 'passed' | 'instant';

export function eventOf({ items }: Pick<Notice, 'items'>): NoticeEvent {
  if (items.some(({ ended }) => ended === null)) return 'opened';
  if (items.every(({ isMoment }) => isMoment)) return 'instant';
  return items.some(({ wasTold }) => wasTold) ? 'ended' : 'passed';
}

export function noticeOf(items: readonly Item[], clock: Clock): Notice {
  return { id: randomUUID(), madeAt: momentNow(clock), items };
}

/** Those of `all` for which there is no room: the oldest, and what is urgent last. */
export function surplusOf<One>(all: readonly One[], isUrgent: (one: One) => boolean): readonly One[] {
  if (all.length <= ITEMS_MAX) return [];
  const urgent = all.filter((one) => isUrgent(one));
  const patient = all.filter((one) => !urgent.includes(one));
  return [...patient, ...urgent].slice(0, all.length - ITEMS_MAX);
}

/**
 * Two notices as one, since the first could not be sent: what began and is over is said once. `dropped`: things that had
 * no room.
 */
export function mergedNotice(first: Notice, second: Notice): { notice: Notice; dropped: readonly Item[] } {
  const items = [...first.items];
  for (const item of second.items) {
    const at = items.findIndex((one) => isSame(one, item) && !one.isMoment);
    if (at === -1 || item.isMoment) items.push(item);
    else items[at] = { ...item, wasTold: items[at]!.wasTold };
  }
  const dropped = surplusOf(items, ({ ended, isUrgent }) => ended === null && isUrgent);
  const kept = items.filter((item) => !dropped.includes(item));
  return { notice: { id: randomUUID(), madeAt: first.madeAt, items: kept }, dropped };
}

/** Numbers begin anew when the history is lost. */
function isSame(a: Item, b: Item): boolean {
  return a.incident === b.incident && a.kind === b.kind && a.subject === b.subject;
}

export function momentNow(clock: Clock): Moment {
  return { atMs: clock.monotonic(), date: null, isSure: false };
}

/** A date, and whether sources had agreed on the time by which it was worked out. */
export type KnownDate = Pick<Moment, 'date' | 'isSure'>;

/** Its date, by what our clock says now where it was in this life; null where nobody knows. */
export function dateOf({ atMs, date, isSure }: Moment, clock: Clock): KnownDate {
  if (atMs === null || clock.status.state === 'untrusted') return { date, isSure };
  const known = new Date(clock.now().epochMs - (clock.monotonic() - atMs));
  if (Number.isNaN(known.getTime())) return { date, isSure };
  return { date: known.toISOString(), isSure: isAgreed(clock) };
}

/** How long ago it was; null where nobody knows: of an earlier life, unless that date and ours are sure. */
export function agoMs(moment: Moment, clock: Clock): number | null {
  if (moment.atMs !== null) return clock.monotonic() - moment.atMs;
  if (moment.date === null || !moment.isSure || !isAgreed(clock)) return null;
  return Math.max(0, clock.now().epochMs - Date.parse(moment.date));
}

function isAgreed({ status: { state } }: Clock): boolean {
  return state === 'synchronized' || state === 'holdover';
}
