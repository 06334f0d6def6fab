// The file in state_dir with what waits to be told and what was told and is not over, for the next life of this server. No
// address and no token stands in it: a channel is known by a digest. What is wrong in it is left out; what cannot be read
// may be good. Pure but for the reading; when it is written is outbox.ts.

import { join } from 'node:path';
import { isObject } from '../acme/json-object.ts';
import type { Clock } from '../clock/clock.ts';
import { readAtMost, reasonOf } from '../files/read-file.ts';
import type { IncidentKind } from '../history/incident.ts';
import { dateOf, ITEMS_MAX, type Item, type KnownDate, type Notice } from './notice.ts';
import { topicOf } from './topics.ts';

const FILE_NAME = 'notify.json';
/** Raised when an older Noonmark could misread what a newer one writes. */
const VERSION = 1;
/** 8 channels (schema.ts has that limit) with twice ITEMS_MAX items of 2,000 octets, and room for escapes. */
const OCTETS_MAX = 4 * 2 ** 20;
const CHANNELS_MAX = 8;

const UNKNOWN: KnownDate = { date: null, isSure: false };

/** What is known of one channel. */
export interface Box {
  waiting: Notice | null;
  /** What was told and is not over, by the number of its incident. */
  readonly told: Map<number, Item>;
}

export interface FoundBoxes {
  readonly boxes: ReadonlyMap<string, Box>;
  /** What is wrong with the file, as a sentence; null when nothing is, or when there is none. */
  readonly problem: string | null;
  /** Nobody knows what stands there, and it must not be written over. */
  readonly isUnread: boolean;
}

export function outboxFile(stateDir: string): string {
  return join(stateDir, FILE_NAME);
}

export function readBoxes(stateDir: string, clock: Clock): FoundBoxes {
  const file = outboxFile(stateDir);
  const none = new Map<string, Box>();
  try {
    const octets = readAtMost(file, OCTETS_MAX + 1);
    const boxes = octets.length > OCTETS_MAX ? null : parseBoxes(Buffer.from(octets).toString(), clock);
    if (boxes !== null) return { boxes, problem: null, isUnread: false };
    const problem = `${file} is torn or not ours; it is ignored, and replaced`;
    return { boxes: none, problem, isUnread: false };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { boxes: none, problem: null, isUnread: false };
    const problem = `${file}: ${reasonOf(error)}; what stands there is left as it is`;
    return { boxes: none, problem, isUnread: true };
  }
}

/** With the dates as far as they are known by now, and whether they are sure. */
export function boxesText(boxes: ReadonlyMap<string, Box>, clock: Clock): string {
  const item = (one: Item) => {
    const began = dateOf(one.began, clock);
    const ended = one.ended === null ? UNKNOWN : dateOf(one.ended, clock);
    return {
      ...{ ...one, began: began.date, isBeganSure: began.isSure },
      ...{ ended: ended.date, isEndedSure: ended.isSure, isOver: one.ended !== null },
    };
  };
  const notice = ({ id, madeAt, items }: Notice) => {
    const made = dateOf(madeAt, clock);
    return { id, madeAt: made.date, isMadeAtSure: made.isSure, items: items.map(item) };
  };
  const channels = [...boxes].map(([key, { waiting, told }]) => [
    key,
    { waiting: waiting === null ? null : notice(waiting), told: [...told.values()].map(item) },
  ]);
  return `${JSON.stringify({ version: VERSION, channels: Object.fromEntries(channels) }, null, 2)}\n`;
}

/** Null for a text that is none of ours. */
export function parseBoxes(text: string, clock: Clock): Map<string, Box> | null {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(written) || written.version !== VERSION || !isObject(written.channels)) return null;
  const channels = Object.entries(written.channels).slice(0, CHANNELS_MAX);
  return new Map(channels.flatMap(([key, box]) => (isObject(box) ? [[key, boxOf(box, clock)]] : [])));
}

function boxOf({ waiting, told }: Readonly<Record<string, unknown>>, clock: Clock): Box {
  const standing = itemsOf(told).filter(({ ended }) => ended === null);
  return {
    waiting: noticeIn(waiting, clock),
    told: new Map(standing.map((item) => [item.incident, item])),
  };
}

/** What nobody knows the age of counts from now, and so does what has a date that was not sure. */
function noticeIn(value: unknown, clock: Clock): Notice | null {
  if (!isObject(value) || !isText(value.id)) return null;
  const items = itemsOf(value.items);
  if (items.length === 0) return null;
  const { date, isSure } = dateIn(value.madeAt, value.isMadeAtSure);
  const madeAt = { atMs: isSure ? null : clock.monotonic(), date, isSure };
  return { id: value.id, madeAt, items };
}

function itemsOf(value: unknown): Item[] {
  return (Array.isArray(value) ? value : []).slice(0, ITEMS_MAX).flatMap((one) => itemIn(one) ?? []);
}

function itemIn(value: unknown): Item | null {
  if (!isObject(value)) return null;
  const { incident, kind, subject, what, evidence, doThis, lastedMs, times } = value;
  const texts = [subject, what, evidence, doThis].every(isText);
  const numbers = Number.isSafeInteger(incident) && Number.isSafeInteger(times);
  if (!texts || !numbers || !isKind(kind) || !(lastedMs === null || Number.isFinite(lastedMs))) return null;
  const flag = (name: string) => value[name] === true;
  return {
    ...({ incident, kind, subject, what, evidence, doThis, lastedMs, times } as Pick<
      Item,
      'incident' | 'kind' | 'subject' | 'what' | 'evidence' | 'doThis' | 'lastedMs' | 'times'
    >),
    began: { atMs: null, ...dateIn(value.began, value.isBeganSure) },
    ended: flag('isOver') ? { atMs: null, ...dateIn(value.ended, value.isEndedSure) } : null,
    ...{ isMoment: flag('isMoment'), isUrgent: flag('isUrgent'), wasTold: flag('wasTold') },
  };
}

function isKind(value: unknown): value is IncidentKind {
  return isText(value) && topicOf(value) !== null;
}

function dateIn(value: unknown, isSure: unknown): KnownDate {
  return isText(value) && !Number.isNaN(Date.parse(value))
    ? { date: value, isSure: isSure === true }
    : UNKNOWN;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
