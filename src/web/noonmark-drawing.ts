// A noonmark as an inline SVG: the sun's line falls on the floor where our own time is, and the wall clock hangs as far
// from it as the system clock is off. The light is as wide as the time is uncertain; sources that were not kept lie as
// small open marks where they say the time is. Colours come from the page's style.

import type { ClockReport } from '../status/status.ts';
import { formatDay, formatLag, sourceMark } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { html, type Markup, NOTHING } from './markup.ts';

const WIDTH = 400;
const HEIGHT = 196;
const NOON_X = WIDTH / 2;
const FLOOR_Y = 152;
const SUN_Y = 34;
const CLOCK_Y = 100;
const CLOCK_RADIUS = 15;
/** What "12 min 30 s behind" needs. */
const LABEL_WIDTH = 110;
/** From noon to either end of the floor. */
const REACH = 176;
/** The scale is even below this and logarithmic above, so that a millisecond and a century fit on one floor. */
const EVEN_BELOW_MS = 10;
/** What lies at the end of the floor: a hundred years. */
const END_MS = 100 * 31_556_952_000;

const TICKS: readonly (readonly [number, string])[] = [
  [1000, '1 s'],
  [60_000, '1 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 d'],
  [31_556_952_000, '1 y'],
];

/** How far from noon an offset lies, in units of the drawing. */
function distance(ms: number): number {
  const share = Math.log10(1 + Math.abs(ms) / EVEN_BELOW_MS) / Math.log10(1 + END_MS / EVEN_BELOW_MS);
  return Math.min(1, share) * REACH;
}

function placeOf(offsetMs: number): number {
  return round(NOON_X + Math.sign(offsetMs) * distance(offsetMs));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `role="img"` with one sentence for whoever does not see it. */
export function noonmarkDrawing(clock: ClockReport): Markup {
  return html`<svg class="noonmark" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="noonmark">
<title id="noonmark">${inWords(clock)}</title>
${floor()}${clock.state === 'untrusted' ? noSun() : sun(clock)}${strays(clock)}${wallClock(clock)}</svg>`;
}

function inWords(clock: ClockReport): string {
  const lag = lagOf(clock);
  const truth =
    clock.state === 'untrusted'
      ? 'The sun has no line: the time is not known'
      : "The sun's line is our own time";
  return `${truth}; the system clock ${lag === null ? 'cannot be read' : `is beside it: ${lag.words}`}.`;
}

/** Where the system clock hangs; without a time of our own, by how far it is out of what is possible at all. */
function lagOf(clock: ClockReport): { readonly offsetMs: number; readonly words: string } | null {
  const { systemClock, systemClockOffsetMs, floor, ceiling } = clock;
  if (systemClock === null) return null;
  if (systemClockOffsetMs !== null)
    return { offsetMs: systemClockOffsetMs, words: formatLag(systemClockOffsetMs) };
  const at = Date.parse(systemClock);
  const [below, above] = [at - Date.parse(floor), at - Date.parse(ceiling)];
  return { offsetMs: below < 0 ? below : Math.max(0, above), words: `says ${formatDay(systemClock)}` };
}

function floor(): Markup {
  const ticks = TICKS.flatMap(([ms, label]) => [placeOf(-ms), placeOf(ms)].map((x) => ({ x, label })));
  return html`<path class="sky" d="M24 ${FLOOR_Y}A176 118 0 0 1 376 ${FLOOR_Y}"/>
<path class="floor" d="M12 ${FLOOR_Y}H388${html`${ticks.map(({ x }) => `M${x} ${FLOOR_Y}v5`).join('')}`}"/>
<g class="scale">${ticks.map(({ x, label }) => html`<text x="${x}" y="${FLOOR_Y + 18}">${label}</text>`)}</g>
<g class="ends"><text x="12" y="${HEIGHT - 6}">behind</text><text class="right" x="388" y="${HEIGHT - 6}">ahead</text></g>`;
}

function sun({ uncertaintyMs }: ClockReport): Markup {
  const half = round(uncertaintyMs === null ? REACH * 0.6 : Math.max(2, distance(uncertaintyMs)));
  const kind = uncertaintyMs === null ? 'light faint' : 'light';
  return html`<path class="${kind}" d="M${NOON_X} ${SUN_Y}L${NOON_X - half} ${FLOOR_Y}H${NOON_X + half}Z"/>
<path class="sunline" d="M${NOON_X} ${SUN_Y}V${FLOOR_Y}"/>
<circle class="glow" cx="${NOON_X}" cy="${SUN_Y}" r="21"/><circle class="sun" cx="${NOON_X}" cy="${SUN_Y}" r="11"/>
<text x="${NOON_X + 28}" y="${SUN_Y - 4}">our own time</text>
<text class="soft" x="${NOON_X + 28}" y="${SUN_Y + 10}">${uncertaintyMs === null ? 'nobody says how exact' : `within ${formatSpan(uncertaintyMs)}`}</text>`;
}

function noSun(): Markup {
  return html`<path class="sunline unknown" d="M${NOON_X} ${SUN_Y + 11}V${FLOOR_Y}"/>
<circle class="sun unknown" cx="${NOON_X}" cy="${SUN_Y}" r="11"/>
<text x="${NOON_X + 28}" y="${SUN_Y + 4}">not known</text>`;
}

/** Open marks for sources that answered and were not kept; without a time of our own they have no place. */
function strays({ state, sources, lastRoundAgoMs }: ClockReport): Markup {
  if (state === 'untrusted') return NOTHING;
  const rejected = sources.filter((source) => sourceMark(source, lastRoundAgoMs) === '-');
  return html`${rejected.map(({ offsetMs }) => html`<circle class="stray" cx="${placeOf(offsetMs!)}" cy="${FLOOR_Y}" r="4"/>`)}`;
}

function wallClock(clock: ClockReport): Markup {
  const lag = lagOf(clock);
  if (lag === null) return NOTHING;
  const x = placeOf(lag.offsetMs);
  return html`<path class="clockline" d="M${x} ${CLOCK_Y + CLOCK_RADIUS}V${FLOOR_Y}"/><circle class="foot" cx="${x}" cy="${FLOOR_Y}" r="2.5"/>
<circle class="face" cx="${x}" cy="${CLOCK_Y}" r="${CLOCK_RADIUS}"/><path class="hands" d="${hands(x, clock.systemClock!)}"/>
${clockLabel(x, lag.words)}`;
}

/** Beside the face near noon, where the sun's line would run through it, and above it elsewhere. */
function clockLabel(x: number, words: string): Markup {
  const side = x > NOON_X ? 1 : -1;
  const isNearNoon = Math.abs(x - NOON_X) < LABEL_WIDTH * 0.6;
  const anchor = isNearNoon ? (side === 1 ? 'left' : 'right') : 'middle';
  const textX = isNearNoon
    ? round(x + side * (CLOCK_RADIUS + 7))
    : Math.min(WIDTH - LABEL_WIDTH / 2, Math.max(LABEL_WIDTH / 2, x));
  const y = isNearNoon ? CLOCK_Y - 3 : CLOCK_Y - CLOCK_RADIUS - 22;
  return html`<g class="${anchor}"><text x="${textX}" y="${y}">system clock</text><text class="soft" x="${textX}" y="${y + 14}">${words}</text></g>`;
}

/** Hour and minute hand at what the system clock says, UTC. */
function hands(x: number, systemClock: string): string {
  const [hours, minutes] = [Number(systemClock.slice(11, 13)), Number(systemClock.slice(14, 16))];
  const hand = (turns: number, length: number) =>
    `M${x} ${CLOCK_Y}l${round(Math.sin(turns * 2 * Math.PI) * length)} ${round(-Math.cos(turns * 2 * Math.PI) * length)}`;
  return hand((hours + minutes / 60) / 12, 6.5) + hand(minutes / 60, 10);
}
