// The page of what was: one sentence, what is wrong now, the charts of a day or a week (charts-section.ts), and the timeline.
// Pure: incidents in, a Page out.

import type { Incident } from '../history/incident.ts';
import { isMoment } from '../history/kept-incident.ts';
import { formatInstant, plural } from '../status/words.ts';
import type { Band } from './chart.ts';
import { html, type Markup, NOTHING, withCode, withTimes } from './markup.ts';
import type { Page, PageSection } from './page.ts';
import { timeline } from './timeline.ts';

export interface HistoryView {
  /** Troubles that last, the latest first. */
  readonly open: readonly Incident[];
  /** What is shown of the timeline, the latest first. */
  readonly incidents: readonly Incident[];
  /** Whether there are older ones than those. */
  readonly hasMore: boolean;
  /** Not the latest ones: somebody has turned the page. */
  readonly isOlder: boolean;
  /** The trouble that was over last; null: none is remembered. */
  readonly lastOver: Incident | null;
  /** The first that is remembered of anything. */
  readonly first: Incident | null;
  readonly life: number;
  readonly charts: PageSection;
  /** Why a restart would forget it all; null: it would not. */
  readonly problem: string | null;
}

export function historyPage(view: HistoryView): Page {
  const { open, charts, isOlder } = view;
  const now = isOlder ? [] : [...openSection(open, view.life), charts];
  return {
    title: 'History',
    lead: html`<h1 class="${open.length > 0 ? 'limping' : 'well'}">${withTimes(sentence(view))}</h1>${notKept(view)}`,
    isLeadLive: true,
    sections: [...now, timelineSection(view)],
    scripts: ['chart.js', 'local-time.js'],
  };
}

function sentence({ open, lastOver, first }: HistoryView): string {
  if (open.length > 0) return `${plural(open.length, 'thing is', 'things are')} wrong now.`;
  if (lastOver !== null)
    return lastOver.endedAt === null
      ? 'Nothing is wrong now.'
      : `Nothing is wrong now, and nothing was since ${instantWords(lastOver.endedAt, lastOver.isEndSure)}.`;
  if (first === null || first.startedAt === null) return 'Nothing has gone wrong.';
  return `Nothing has gone wrong since ${instantWords(first.startedAt, first.isStartSure)}.`;
}

function instantWords(date: string, isSure: boolean): string {
  return `${isSure ? '' : 'about '}${formatInstant(date)}`;
}

function notKept({ problem }: HistoryView): Markup {
  return problem === null
    ? NOTHING
    : html`<p class="notice">What is below is in memory alone: ${withCode(problem)}.</p>`;
}

function openSection(open: readonly Incident[], life: number): PageSection[] {
  if (open.length === 0) return [];
  return [{ id: 'wrong', title: 'Wrong now', body: timeline(open, life, false), isLive: true }];
}

function timelineSection({ incidents, hasMore, isOlder, life }: HistoryView): PageSection {
  const last = incidents.at(-1);
  const hasUnsure = incidents.some(({ startedAt, isStartSure }) => startedAt !== null && !isStartSure);
  const older =
    hasMore && last !== undefined
      ? html`<p><a href="/history?before=${last.id}#timeline">Older</a></p>`
      : NOTHING;
  const latest = isOlder ? html`<p><a href="/history#timeline">The latest</a></p>` : NOTHING;
  const body =
    incidents.length === 0
      ? html`<p class="empty">Nothing is remembered${isOlder ? ' of before that' : ''}.</p>`
      : timeline(incidents, life);
  return {
    id: 'timeline',
    title: 'What has happened',
    note: `Times are UTC, by our own clock and never by that of the system${hasUnsure ? '; "about" where no sources had agreed on the time' : ''}.`,
    body: html`${latest}${body}${older}`,
    isLive: !isOlder,
  };
}

/**
 * Times within which something was wrong, joined where they touch; what has no date is not among them. Dates of `life`, this
 * run, are those by which its points are drawn; those of runs before have to be sure.
 */
export function bandsOf(incidents: readonly Incident[], nowMs: number, life: number): Band[] {
  const troubles = incidents
    .filter(({ kind, startedAt }) => !isMoment(kind) && startedAt !== null)
    .filter((one) => one.life === life || (one.isStartSure && (one.isEndSure || !one.isOver)))
    .map(({ startedAt, endedAt }) => ({
      fromMs: Date.parse(startedAt!),
      toMs: endedAt === null ? nowMs : Date.parse(endedAt),
    }))
    .sort((a, b) => a.fromMs - b.fromMs);
  const bands: Band[] = [];
  for (const next of troubles) {
    const last = bands.at(-1);
    if (last === undefined || last.toMs < next.fromMs) bands.push(next);
    else bands[bands.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, next.toMs) };
  }
  return bands;
}
