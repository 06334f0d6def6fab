// The charts of a day or a week: what each shows and how its values are said, with a table of the figures beside for who
// cannot see it. Pure; the series is src/history/series.ts, the drawing chart.ts.

import { joined, type PointField, type PointValues } from '../history/point.ts';
import type { SeriesOf, SeriesView } from '../history/series.ts';
import { capital, formatOffset, plural } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { type Band, type ChartLine, chart, type ScaleKind, type Window } from './chart.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import type { PageSection } from './page.ts';
import { type Cell, named, number, table } from './table.ts';

interface Drawn {
  readonly name: string;
  readonly field: PointField;
  readonly tone: ChartLine['tone'];
  readonly shape?: ChartLine['shape'];
  /** What one of the field is in what is drawn. */
  readonly unit?: number;
}

interface Subject {
  readonly id: string;
  readonly title: string;
  readonly scale: ScaleKind;
  readonly say: (value: number) => string;
  readonly lines: readonly Drawn[];
}

const SUBJECTS: readonly Subject[] = [
  {
    ...{ id: 'chart-queries', title: 'Queries a second', scale: 'linear', say: figure },
    lines: [
      { name: 'all', field: 'perSecond', tone: 'sun', shape: 'area' },
      { name: 'blocked', field: 'blockedPerSecond', tone: 'bad' },
    ],
  },
  {
    ...{ id: 'chart-latency', title: 'Time to an answer', scale: 'log', say: formatSpan },
    lines: [
      { name: 'half within', field: 'p50Ms', tone: 'sun' },
      { name: '99 of 100 within', field: 'p99Ms', tone: 'ink' },
    ],
  },
  {
    ...{ id: 'chart-hits', title: 'Answered from the cache', scale: 'share', say: share },
    lines: [{ name: 'share', field: 'hitShare', tone: 'sun', shape: 'area' }],
  },
  {
    ...{ id: 'chart-clock', title: 'System clock against our own time', scale: 'around', say: formatOffset },
    lines: [
      { name: 'our own time is right within', field: 'uncertaintyMs', tone: 'soft', shape: 'span' },
      { name: 'the system clock is off by', field: 'systemClockOffsetMs', tone: 'sun' },
    ],
  },
  {
    ...{ id: 'chart-trip', title: 'Round trip to the nearest upstream', scale: 'linear', say: formatSpan },
    lines: [{ name: 'round trip', field: 'upstreamRttMs', tone: 'sun' }],
  },
  {
    ...{
      id: 'chart-failures',
      title: 'Failed exchanges with upstreams, a second',
      scale: 'linear',
      say: figure,
    },
    lines: [{ name: 'failed', field: 'upstreamFailuresPerSecond', tone: 'bad', shape: 'area' }],
  },
  {
    ...{ id: 'chart-memory', title: 'Memory of the server', scale: 'linear', say: mebibytes },
    lines: [{ name: 'memory', field: 'rssOctets', tone: 'ink', unit: 2 ** -20 }],
  },
];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Beyond it several points of the series are one of the drawing, which has no more pixels. */
const STEPS_MAX = 336;
/** A drawing begins with the first point and is as long as this, however little there is yet (milliseconds). */
const LEAST_MS = HOUR_MS;
/** Of the table: an hour, six hours. */
const ROW_MS: Readonly<Record<SeriesOf, number>> = { day: HOUR_MS, week: 6 * HOUR_MS };

export function chartsSection(view: SeriesView, bands: readonly Band[]): PageSection {
  const isDay = view.of === 'day';
  const extent = extentOf(view);
  return {
    id: 'charts',
    title: isDay ? 'A day' : 'A week',
    note: `Times are UTC. ${extent === null ? '' : noteOn(extent, view)}The shades are when something was wrong.`,
    body: html`<p class="choice">${link('day', 'A day', isDay)} ${link('week', 'A week', !isDay)}</p>${charts(view, extent, bands)}`,
    isLive: true,
  };
}

/** What is drawn of a series. */
interface Extent {
  readonly window: Window;
  /** The first point, where nothing is known of much before it; null: all of the series is drawn. */
  readonly sinceMs: number | null;
}

/** Null: there is nothing to draw. Whole steps, so that the drawing stands still while a step is filled. */
function extentOf({ fromMs, toMs, points, stepMs: pointMs }: SeriesView): Extent | null {
  const [first] = points;
  if (fromMs === null || toMs === null || first === undefined) return null;
  const sinceMs = first.atMs - fromMs < LEAST_MS ? null : first.atMs;
  const beginMs = sinceMs ?? fromMs;
  const endMs = Math.max(toMs, beginMs + LEAST_MS);
  const stepMs = pointMs * Math.ceil((endMs - beginMs) / pointMs / STEPS_MAX);
  return {
    window: { fromMs: floorTo(beginMs, stepMs), toMs: floorTo(endMs + stepMs - 1, stepMs), stepMs },
    sinceMs,
  };
}

function noteOn({ window, sinceMs }: Extent, { of }: SeriesView): string {
  const since =
    sinceMs === null
      ? ''
      : `Of this ${of} nothing is known before ${minuteWords(sinceMs)}; it fills from there. `;
  const pace = plural(window.stepMs / MINUTE_MS, 'minute');
  const isJoined = window.stepMs > MINUTE_MS;
  return `${since}A point is ${pace}${isJoined ? ': their mean, and the worst of slow answers, of the clock and of memory' : ''}. `;
}

function link(of: SeriesOf, name: string, isShown: boolean): Markup {
  const href = of === 'day' ? '/history' : '/history?of=week';
  return html`<a href="${href}"${isShown ? html` aria-current="true"` : NOTHING}>${name}</a>`;
}

function charts(view: SeriesView, extent: Extent | null, bands: readonly Band[]): Markup {
  if (view.fromMs === null)
    return html`<p class="empty">The date is not known yet, and nothing is remembered of before. The charts begin when it is.</p>`;
  if (extent === null)
    return html`<p class="empty">Nothing is known yet: there is a point a minute, and the first comes soon.</p>`;
  const { window, sinceMs } = extent;
  const span = sinceMs === null ? `over the last ${view.of}` : `since ${minuteWords(sinceMs)} UTC`;
  const shown = { steps: thinned(view, window), rows: rowsOf(view), window, bands, span };
  return html`<div class="charts">${SUBJECTS.map((subject) => figureOf(subject, shown))}</div>`;
}

interface Shown {
  readonly steps: readonly (PointValues | null)[];
  readonly rows: readonly Row[];
  readonly window: Window;
  readonly bands: readonly Band[];
  /** "over the last day". */
  readonly span: string;
}

function figureOf(
  { id, title, scale, say, lines }: Subject,
  { steps, rows, window, bands, span }: Shown,
): Markup {
  const drawn = lines.map((line) => ({
    ...{ name: line.name, tone: line.tone, shape: line.shape ?? 'line' },
    values: steps.map((step) => valueIn(step, line)),
  }));
  const key =
    lines.length === 1
      ? NOTHING
      : html`<span class="keys">${lines.map(({ name, tone }) => html`<span class="key ${tone}">${name}</span>`)}</span>`;
  const summary = `${title}, ${span}. ${drawn.map((line) => inWords(line, say, lines.length > 1)).join('; ')}.`;
  return html`<figure id="${id}"><figcaption><h3>${title}</h3>${key}<output class="readout"></output></figcaption>
${chart({ lines: drawn, scale, window, bands, say, summary })}
<details><summary>As a table</summary>${tableOf(lines, rows, say)}</details></figure>`;
}

/** "half within: from 120 µs to 4 ms, lastly 300 µs". */
function inWords({ name, values }: ChartLine, say: (value: number) => string, isNamed: boolean): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  const least = known.reduce((min, value) => Math.min(min, value), Number.POSITIVE_INFINITY);
  const most = known.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
  const words =
    last === undefined ? 'nothing is known' : `from ${say(least)} to ${say(most)}, lastly ${say(last)}`;
  return isNamed ? `${capital(name)}: ${words}` : capital(words);
}

interface Row {
  readonly fromMs: number;
  readonly values: PointValues;
}

function rowsOf({ of, points }: SeriesView): Row[] {
  const lengthMs = ROW_MS[of];
  const groups = Map.groupBy(points, ({ atMs }) => floorTo(atMs, lengthMs));
  return [...groups].map(([fromMs, group]) => ({
    fromMs,
    values: joined(group.map(({ values }) => values)),
  }));
}

function tableOf(lines: readonly Drawn[], rows: readonly Row[], say: (value: number) => string): Markup {
  const cells = rows.map(({ fromMs, values }): Cell[] => [
    named(html`${minuteWords(fromMs)}`),
    ...lines.map((line) => {
      const value = valueIn(values, line);
      return number(value === null ? '' : say(value));
    }),
  ]);
  return table(['from (UTC)', ...lines.map(({ name }) => name)], cells);
}

function valueIn(values: PointValues | null, { field, unit = 1 }: Drawn): number | null {
  const value = values?.[field] ?? null;
  return value === null ? null : value * unit;
}

/** One value a step of the window; null where no point is. */
function thinned({ points }: SeriesView, { fromMs, toMs, stepMs }: Window): (PointValues | null)[] {
  const groups = Map.groupBy(points, ({ atMs }) => Math.floor((atMs - fromMs) / stepMs));
  return Array.from({ length: (toMs - fromMs) / stepMs }, (_, at) => {
    const group = groups.get(at);
    if (group === undefined) return null;
    const [only] = group;
    return group.length === 1 ? only!.values : joined(group.map(({ values }) => values));
  });
}

/** "2026-11-03 08:12", in UTC. */
function minuteWords(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
}

function floorTo(ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs;
}

/** As many digits as somebody reads. */
function figure(value: number): string {
  return String(Number(value.toPrecision(value < 100 ? 2 : 3)));
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}

function mebibytes(value: number): string {
  return `${Math.round(value)} MiB`;
}
