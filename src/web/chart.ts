// A chart as SVG, small and quiet: lines over time, gaps where nothing is known, and bands behind for when something was
// wrong. The drawing is stretched to the room there is, its words are not. Pure geometry and markup, no chart library
// (docs/dependencies.md); whoever cannot see it has a sentence, and a table beside (charts-section.ts).

import { html, type Markup, NOTHING } from './markup.ts';

/** Null where nothing is known. */
export type Values = readonly (number | null)[];

export interface ChartLine {
  readonly name: string;
  readonly tone: 'sun' | 'ink' | 'bad' | 'soft';
  /** One a step. */
  readonly values: Values;
  /** `area`: filled down to zero as well; `span`: filled from its negative to itself, and no line. */
  readonly shape?: 'line' | 'area' | 'span';
}

/** `linear` begins at zero; `share` goes from 0 to 1; `log` has decades; `around` has zero in the middle. */
export type ScaleKind = 'linear' | 'share' | 'log' | 'around';

/** A time within the window, in milliseconds since 1970. */
export interface Band {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Window extends Band {
  readonly stepMs: number;
}

export interface ChartParts {
  readonly lines: readonly ChartLine[];
  readonly scale: ScaleKind;
  readonly window: Window;
  readonly bands: readonly Band[];
  /** A value in words. */
  readonly say: (value: number) => string;
  /** All of it in one sentence, for who cannot see it. */
  readonly summary: string;
}

/** Of the drawing, which is stretched in width and not in height (CSS pixels). */
const WIDTH = 1000;
const HEIGHT = 100;
const TOP = 16;
const LABEL_BASE = TOP + HEIGHT + 16;
/** Words of the scale stand left of the drawing, where no line runs through them: in the margin of `.chart` in style.css. */
const SCALE_X = -8;
/** From the middle of a word to its baseline. */
const HALF_WORD = 4;
/** A band is to be seen, however short (of WIDTH). */
const BAND_WIDTH_MIN = 2;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function chart({ lines, scale: kind, window, bands, say, summary }: ChartParts): Markup {
  const scale = scaleOf(
    kind,
    lines.flatMap(({ values }) => values),
  );
  const grid = scale.marks.map((mark) => html`<path class="grid" d="M0 ${number(scale.y(mark))}H${WIDTH}"/>`);
  const words = scale.marks.map(
    (mark) =>
      html`<text class="y" x="${SCALE_X}" y="${number(TOP + scale.y(mark) + HALF_WORD)}">${say(mark)}</text>`,
  );
  const ticks = timeTicks(window);
  const times = ticks.map(
    ({ share, name }) => html`<text class="x" x="${percent(share)}" y="${LABEL_BASE}">${name}</text>`,
  );
  const shades = bands.map((band) => bandMarkup(band, window));
  const drawn = lines.map((line) => drawing(line, scale));
  return html`<svg class="chart" role="img" aria-label="${summary}" data-from="${window.fromMs}" data-step="${window.stepMs}"${lines.map((line, at) => textsOf(line, at, say))}>
<svg class="plot" y="${TOP}" width="100%" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${shades}${grid}${ticks.map(
    ({ share }) => html`<path class="tick" d="M${number(share * WIDTH)} ${HEIGHT - 3}v3"/>`,
  )}${drawn}</svg>
${words}${times}</svg>`;
}

function drawing({ values, tone, shape = 'line' }: ChartLine, { y }: Scale): Markup {
  const base = shape === 'span' ? (value: number) => y(-value) : () => y(0);
  const area =
    shape === 'line' ? NOTHING : html`<path class="area ${tone}" d="${areaPath(values, y, base)}"/>`;
  return shape === 'span' ? area : html`${area}<path class="line ${tone}" d="${linePath(values, y)}"/>`;
}

/** What the crosshair tells (assets/chart.js): a text a step. */
function textsOf({ name, values }: ChartLine, at: number, say: (value: number) => string): Markup {
  if (values.length === 0) return NOTHING;
  const texts = values.map((value) => (value === null ? '' : say(value)));
  return html` data-name${at}="${name}" data-texts${at}="${texts.join('|')}"`;
}

function bandMarkup(band: Band, window: Window): Markup {
  const from = Math.max(0, shareOf(band.fromMs, window)) * WIDTH;
  const to = Math.min(1, shareOf(band.toMs, window)) * WIDTH;
  if (to < 0 || from > WIDTH) return NOTHING;
  const width = Math.max(BAND_WIDTH_MIN, to - from);
  return html`<rect class="band" x="${number(Math.min(from, WIDTH - BAND_WIDTH_MIN))}" y="0" width="${number(width)}" height="${HEIGHT}"/>`;
}

function shareOf(ms: number, { fromMs, toMs }: Band): number {
  return (ms - fromMs) / (toMs - fromMs);
}

export interface Scale {
  /** From the top down. */
  readonly y: (value: number) => number;
  /** Values with a line and a word, from the bottom up. */
  readonly marks: readonly number[];
}

export function scaleOf(kind: ScaleKind, values: Values): Scale {
  const known = values.filter((value) => value !== null && Number.isFinite(value)) as number[];
  const most = known.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  switch (kind) {
    case 'share':
      return linear(0, 1, [0, 0.5, 1]);
    case 'linear': {
      const end = roundUp(most);
      return linear(0, end, [0, end / 2, end]);
    }
    case 'around': {
      const end = roundUpSpan(most);
      return linear(-end, end, [-end, 0, end]);
    }
    case 'log':
      return logarithmic(known.filter((value) => value > 0));
  }
}

function linear(low: number, high: number, marks: readonly number[]): Scale {
  return { y: (value) => HEIGHT * (1 - inside((value - low) / (high - low))), marks };
}

/** More decades than this have a word for every second one. */
const DECADES_NAMED = 3;

function logarithmic(values: readonly number[]): Scale {
  const low = Math.floor(Math.log10(values.reduce((min, value) => Math.min(min, value), 1)));
  const top = values.reduce((max, value) => Math.max(max, value), 10 ** (low + 1));
  const high = Math.max(low + 1, Math.ceil(Math.log10(top)));
  const every = Math.ceil((high - low) / DECADES_NAMED);
  const marks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  return {
    y: (value) => HEIGHT * (1 - inside(value <= 0 ? 0 : (Math.log10(value) - low) / (high - low))),
    marks: marks.filter((_, at) => at % every === 0),
  };
}

function inside(share: number): number {
  return Math.min(1, Math.max(0, share));
}

/** The next of 1, 2, 5, 10, 20 … and their tenths; 1 where there is nothing. */
export function roundUp(value: number): number {
  if (!(value > 0)) return 1;
  const decade = 10 ** Math.floor(Math.log10(value));
  const found = [1, 2, 5, 10].find((step) => step * decade >= value * (1 - 1e-9)) ?? 10;
  return Number((found * decade).toPrecision(3));
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Ends of a scale that a person reads as one word. */
const SPANS_MS = [
  ...[1, 2, 5, 10, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 4, 6, 12].map((count) => count * HOUR_MS),
];

/** The same of milliseconds: 1 s, 30 s, 1 min, 6 h, 20 d. */
export function roundUpSpan(ms: number): number {
  if (ms <= SECOND_MS / 2) return roundUp(ms);
  return SPANS_MS.find((end) => end >= ms) ?? roundUp(ms / DAY_MS) * DAY_MS;
}

/** One stretch for each run of known values; one alone is as long as its step. */
export function linePath(values: Values, y: (value: number) => number): string {
  const half = WIDTH / values.length / 2;
  return runsOf(values)
    .map((run) => {
      if (run.length === 1)
        return `M${number(xOf(run[0]!.at, values) - half)} ${number(y(run[0]!.value))}h${number(2 * half)}`;
      return `M${run.map(({ at, value }) => `${number(xOf(at, values))} ${number(y(value))}`).join('L')}`;
    })
    .join('');
}

/** Between `y` and `base` of each value. */
export function areaPath(
  values: Values,
  y: (value: number) => number,
  base: (value: number) => number,
): string {
  return runsOf(values)
    .filter((run) => run.length > 1)
    .map((run) => {
      const there = run.map(({ at, value }) => `${number(xOf(at, values))} ${number(y(value))}`);
      const back = run
        .toReversed()
        .map(({ at, value }) => `${number(xOf(at, values))} ${number(base(value))}`);
      return `M${[...there, ...back].join('L')}Z`;
    })
    .join('');
}

/** In the middle of its step. */
function xOf(at: number, values: Values): number {
  return ((at + 0.5) / values.length) * WIDTH;
}

interface Known {
  readonly at: number;
  readonly value: number;
}

function runsOf(values: Values): Known[][] {
  const runs: Known[][] = [];
  values.forEach((value, at) => {
    if (value === null || !Number.isFinite(value)) return;
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1)!.at === at - 1) run.push({ at, value });
    else runs.push([{ at, value }]);
  });
  return runs;
}

export interface Tick {
  readonly share: number;
  readonly name: string;
}

/** How far apart times at the foot may be, from near to far. */
const TICKS_EVERY_MS = [HOUR_MS / 4, HOUR_MS / 2, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];
/** More names of hours are too wide for a phone. */
const TICKS_MAX = 5;
/** Words in the middle of which an edge would be are left out. */
const EDGE = 0.03;

/** In UTC: "18:00"; or "30 Nov", "1 Dec", "2", "3": seven months side by side are too wide for a phone. */
export function timeTicks(window: Band): Tick[] {
  const everyMs = TICKS_EVERY_MS.find((ms) => (window.toMs - window.fromMs) / ms <= TICKS_MAX) ?? DAY_MS;
  const first = Math.ceil(window.fromMs / everyMs) * everyMs;
  const count = Math.max(0, Math.floor((window.toMs - first) / everyMs) + 1);
  return Array.from({ length: count }, (_, at) => first + at * everyMs)
    .map((ms) => ({ ms, share: shareOf(ms, window) }))
    .filter(({ share }) => share >= EDGE && share <= 1 - EDGE)
    .map(({ ms, share }, at) => ({ share, name: tickName(ms, everyMs, at === 0) }));
}

/** A midnight has its day where there may be two of them. */
function tickName(ms: number, everyMs: number, isFirst: boolean): string {
  if (everyMs < DAY_MS / 2 || ms % DAY_MS !== 0) return hourName(ms);
  return dayName(ms, isFirst || everyMs < DAY_MS);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function dayName(ms: number, isFirst: boolean): string {
  const date = new Date(ms);
  const day = date.getUTCDate();
  return isFirst || day === 1 ? `${day} ${MONTHS[date.getUTCMonth()]}` : String(day);
}

function hourName(ms: number): string {
  return new Date(ms).toISOString().slice(11, 16);
}

/** With a tenth, which is finer than a pixel. */
function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}%`;
}
