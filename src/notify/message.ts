// A notice in words, for a person who is not at home: what, since when, on what evidence, what still works, what to do,
// as `noonmark explain` says it; and when it is over, that it is and how long it lasted. Pure; a Message is what every
// channel sends in its own form.

import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock/clock.ts';
import {
  capital,
  formatAge,
  formatInstant,
  plural,
  unstopped,
  visible,
  type Works,
} from '../status/words.ts';
import {
  agoMs,
  dateOf,
  eventOf,
  type Item,
  type KnownDate,
  type Notice,
  type NoticeEvent,
} from './notice.ts';

export type MessageEvent = NoticeEvent | 'test';

export interface Message {
  readonly id: string;
  readonly event: MessageEvent;
  /** One line. */
  readonly title: string;
  /** All of it, as lines. */
  readonly text: string;
  readonly priority: 'high' | 'normal';
  readonly troubles: readonly ToldTrouble[];
  readonly works: Works;
  readonly server: string;
  readonly version: string;
}

/** One thing of a message, as plain values. */
export interface ToldTrouble {
  readonly kind: string;
  readonly subject: string;
  readonly what: string;
  /** RFC 3339; null: not known. */
  readonly since: string | null;
  /** False too where sources had not agreed on the time: that date may be off by weeks. */
  readonly isSinceSure: boolean;
  readonly sinceMs: number | null;
  readonly until: string | null;
  readonly isUntilSure: boolean;
  readonly isOver: boolean;
  readonly evidence: string;
  readonly doThis: string;
  /** "12 min 5 s"; null: it lasts, or nobody knows. */
  readonly lasted: string | null;
  readonly lastedMs: number | null;
}

/** What a message says beside its notice; of the moment at which it is sent. */
export interface Circumstances {
  /** A name of this server. */
  readonly server: string;
  readonly version: string;
  readonly works: Works;
  /** All that is not as it should be at this moment, a clause each. */
  readonly degraded: readonly string[];
  /** Is it so at this moment? What is not over may seem to be. */
  readonly isStanding: (item: Item) => boolean;
  readonly clock: Clock;
}

/** A title stands on the screen of a phone. */
const TITLE_CHARACTERS_MAX = 120;
const UNKNOWN_DATE = 'a time that is not known';

export function noticeMessage(told: Notice, circumstances: Circumstances): Message {
  const notice = { ...told, items: outageFirst(told.items) };
  const event = eventOf(notice);
  const isHigh = notice.items.some(({ ended, isUrgent }) => ended === null && isUrgent);
  return {
    ...{ id: notice.id, event, priority: isHigh ? 'high' : 'normal' },
    title: titled(titleOf(notice, event), circumstances),
    text: textOf([...bodyOf(notice, event, circumstances), ...footer(circumstances)]),
    troubles: notice.items.map((item) => toldTrouble(item, circumstances)),
    ...common(circumstances),
  };
}

/** What `noonmark notify test` sends. */
export function testMessage(circumstances: Circumstances): Message {
  const lines = [
    'This is a test: somebody has asked this server to show that its messages arrive.',
    '',
    ...standing(circumstances.degraded),
  ];
  return {
    ...{ id: randomUUID(), event: 'test', priority: 'normal', troubles: [] },
    title: titled('a test', circumstances),
    text: textOf([...lines, ...footer(circumstances)]),
    ...common(circumstances),
  };
}

function common({ server, version, works }: Circumstances) {
  return { server, version, works };
}

function textOf(lines: readonly string[]): string {
  return lines.map(visible).join('\n');
}

function titled(title: string, { server }: Circumstances): string {
  const whole = visible(`${server}: ${title}`);
  return whole.length <= TITLE_CHARACTERS_MAX ? whole : `${whole.slice(0, TITLE_CHARACTERS_MAX - 1)}…`;
}

function titleOf({ items }: Notice, event: NoticeEvent): string {
  const lasting = items.filter(({ ended }) => ended === null);
  if (event === 'opened') return nameOf(lasting) ?? `${lasting.length} things do not work as they should`;
  if (event === 'instant') return nameOf(items) ?? `${items.length} things happened`;
  const length = longest(items);
  const after = length === null ? 'over' : `over after ${formatAge(length)}`;
  return `${after}: ${nameOf(items, '"') ?? `${items.length} things work again`}`;
}

/** Null: they have no name in common. */
function nameOf(items: readonly Item[], quote = ''): string | null {
  const [first, ...others] = items as [Item, ...Item[]];
  if (others.length > 0 && !isOutage(first)) return null;
  const more = others.length === 0 ? '' : ` (and ${plural(others.length, 'thing')} more)`;
  return `${quote}${headOf(first)}${quote}${more}`;
}

/** What it means for the house, before the upstreams of which it consists. */
function outageFirst(items: readonly Item[]): readonly Item[] {
  return items.toSorted((a, b) => Number(isOutage(b)) - Number(isOutage(a)));
}

function isOutage({ kind }: Item): boolean {
  return kind === 'upstreams';
}

/** The clause before what follows from it. */
function headOf({ what }: Item): string {
  return what.split(/[:;] /, 1)[0]!;
}

function longest(items: readonly Item[]): number | null {
  const lengths = items.flatMap(({ lastedMs, isMoment }) =>
    lastedMs === null || isMoment ? [] : [lastedMs],
  );
  return lengths.length === 0 ? null : Math.max(...lengths);
}

function bodyOf({ items }: Notice, event: NoticeEvent, circumstances: Circumstances): string[] {
  const lasting = items.filter(({ ended }) => ended === null);
  const moments = items.filter(({ isMoment }) => isMoment);
  const over = items.filter(({ ended, isMoment }) => ended !== null && !isMoment);
  const happened = moments.flatMap((item) => ['', ...explained(item, circumstances, 'At')]);
  if (event === 'instant') return happened.slice(1);
  if (event !== 'opened')
    return [...overLines(over, event, circumstances), ...happened, '', ...standing(circumstances.degraded)];
  const [only] = lasting as [Item];
  const found =
    lasting.length === 1
      ? explained(only, circumstances, 'Since')
      : [
          `${lasting.length} things do not work as they should:`,
          ...lasting.flatMap((item, at) => [
            '',
            ...numbered(explained(item, circumstances, 'Since'), at + 1),
          ]),
        ];
  const { works, waits } = circumstances.works;
  return [
    ...found,
    '',
    ...(works.length === 0 ? [] : [`Still works: ${works.join('; ')}`]),
    ...(waits.length === 0 ? [] : [`Does not: ${waits.join('; ')}`]),
    ...happened,
    ...(over.length === 0
      ? []
      : ['', 'Over by now:', ...over.flatMap((item) => overOne(item, circumstances))]),
  ];
}

function explained(item: Item, circumstances: Circumstances, label: 'Since' | 'At'): string[] {
  const { what, evidence, doThis, times } = item;
  return [
    `${capital(unstopped(what))}.`,
    `${label}: ${sinceWords(item, circumstances, label)}`,
    ...(item.ended === null && !circumstances.isStanding(item) ? ['Now: it is not so at this moment'] : []),
    ...(times > 1 ? [`How often: this is the ${ordinal(times)} time in short order`] : []),
    ...(evidence === '' ? [] : [`Evidence: ${evidence}`]),
    ...(doThis === '' ? [] : [`Do this: ${doThis}`]),
  ];
}

function numbered(lines: readonly string[], number: number): string[] {
  return lines.map((line, at) => (at === 0 ? `${number}. ${line}` : `   ${line}`));
}

function sinceWords({ began }: Item, { clock }: Circumstances, label: 'Since' | 'At'): string {
  const known = instantWords(dateOf(began, clock));
  const ago = agoMs(began, clock);
  if (known === null) return ago === null ? UNKNOWN_DATE : `${UNKNOWN_DATE}, ${formatAge(ago)} ago`;
  return ago === null || label === 'At' ? known : `${known}, for ${formatAge(ago)}`;
}

function instantWords({ date, isSure }: KnownDate): string | null {
  if (date === null) return null;
  return isSure ? formatInstant(date) : `about ${formatInstant(date)}`;
}

function overLines(over: readonly Item[], event: NoticeEvent, circumstances: Circumstances): string[] {
  if (event === 'ended')
    return ['What is no longer so:', ...over.flatMap((item) => overOne(item, circumstances))];
  return [
    over.length === 1 ? 'Something did not work, and is over:' : 'Some things did not work, and are over:',
    ...over.flatMap((item) => [
      ...overOne(item, circumstances),
      ...(item.evidence === '' ? [] : [`  Evidence: ${item.evidence}`]),
    ]),
    'It could not be told while it lasted.',
  ];
}

function overOne(item: Item, { clock }: Circumstances): string[] {
  const { what, began, ended, lastedMs } = item;
  const from = instantWords(dateOf(began, clock));
  const to = ended === null ? null : instantWords(dateOf(ended, clock));
  const span = [
    ...(from === null ? [] : [`from ${from}`]),
    ...(to === null ? [] : [`${from === null ? 'until' : 'to'} ${to}`]),
  ].join(' ');
  const length = lastedMs === null ? 'nobody knows how long' : `for ${formatAge(lastedMs)}`;
  return [`- ${capital(unstopped(what))}.`, `  It was so ${span === '' ? length : `${span}, ${length}`}.`];
}

function standing(degraded: readonly string[]): string[] {
  if (degraded.length === 0) return ['All is well now.'];
  return [
    'What does not work as it should now:',
    ...degraded.map((what) => `- ${capital(unstopped(what))}.`),
  ];
}

function footer({ server, version }: Circumstances): string[] {
  return ['', `Noonmark ${version} on ${server}; \`noonmark explain\` there says more.`];
}

function toldTrouble(item: Item, { clock }: Circumstances): ToldTrouble {
  const { kind, subject, what, began, ended, evidence, doThis, lastedMs } = item;
  const since = dateOf(began, clock);
  const until = ended === null ? null : dateOf(ended, clock);
  return {
    ...{ kind, subject, what, evidence, doThis },
    ...{ since: since.date, isSinceSure: since.isSure, sinceMs: agoMs(began, clock) },
    ...{ until: until?.date ?? null, isUntilSure: until?.isSure ?? false },
    isOver: ended !== null,
    lasted: lastedMs === null || ended === null ? null : formatAge(lastedMs),
    lastedMs: ended === null ? null : lastedMs,
  };
}

function ordinal(number: number): string {
  const suffix = /1[1-3]$/.test(String(number)) ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th');
  return `${number}${suffix}`;
}
