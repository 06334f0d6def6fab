// The series behind the charts: a point a minute for a day, joined to one in ten minutes for a week, both of fixed length.
// A point belongs to a minute of the true time. While that is not sure points wait, and are entered when it is.

import type { LifeTime } from './life-time.ts';
import { joined, type Point, type PointValues } from './point.ts';
import { type HistoryStore, SPANS, type Span } from './store.ts';

/** What of it is asked for. */
export type SeriesOf = 'day' | 'week';

export interface SeriesView {
  readonly of: SeriesOf;
  readonly stepMs: number;
  /** Milliseconds since 1970, from the beginning of the first step to the end of the last; null: no date is known. */
  readonly fromMs: number | null;
  readonly toMs: number | null;
  /** In their order, and with gaps where nothing is known. */
  readonly points: readonly { readonly atMs: number; readonly values: PointValues }[];
}

const SPAN_OF: Readonly<Record<SeriesOf, Span>> = { day: 'minutes', week: 'tens' };
const MINUTES_IN_TEN = 10;
/** So many minutes wait for a date that is sure; then the one that there is has to do. */
const MAX_UNSURE = 60;
/** So many wait for any date; then the earliest is forgotten. */
const MAX_UNDATED = SPANS.minutes.points;

export class Series {
  readonly #store: HistoryStore;
  readonly #time: LifeTime;
  /** Points that wait, with the ends of their minutes on the scale of this life, the earliest first. */
  readonly #waiting: { readonly ms: number; readonly values: PointValues }[] = [];

  readonly #views = new Map<SeriesOf, { readonly to: number; readonly view: SeriesView }>();

  constructor(store: HistoryStore, time: LifeTime) {
    this.#store = store;
    this.#time = time;
  }

  /** How many points wait for a date, or for one that is sure. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Of the minute that ends now. */
  add(values: PointValues): void {
    const { nowMs, beganAtMs, isSure } = this.#time;
    this.#views.clear();
    this.#waiting.push({ ms: nowMs, values });
    if (beganAtMs === null) {
      if (this.#waiting.length > MAX_UNDATED) this.#waiting.shift();
      return;
    }
    const most = isSure ? 0 : MAX_UNSURE;
    while (this.#waiting.length > most) this.#enter(pointAt(this.#waiting.shift()!, beganAtMs));
  }

  /** The same object for as long as nothing is new in it. */
  view(of: SeriesOf): SeriesView {
    const span = SPAN_OF[of];
    const { nowMs, beganAtMs } = this.#time;
    const to =
      beganAtMs === null ? this.#store.lastKey(span) : Math.floor((beganAtMs + nowMs) / SPANS[span].stepMs);
    if (to === null) return noPoints(of);
    const known = this.#views.get(of);
    if (known?.to === to) return known.view;
    const view = this.#viewUpTo(to, of, beganAtMs);
    this.#views.set(of, { to, view });
    return view;
  }

  #viewUpTo(to: number, of: SeriesOf, beganAtMs: number | null): SeriesView {
    const span = SPAN_OF[of];
    const { stepMs, points: length } = SPANS[span];
    const from = to - length + 1;
    const points = new Map(this.#waitingPoints(of, beganAtMs).map((point) => [point.key, point]));
    for (const point of this.#store.points(span, from, to)) points.set(point.key, point);
    return {
      ...{ of, stepMs, fromMs: from * stepMs, toMs: (to + 1) * stepMs },
      points: [...points.values()]
        .filter(({ key }) => key >= from && key <= to)
        .sort((a, b) => a.key - b.key)
        .map(({ key, values }) => ({ atMs: key * stepMs, values })),
    };
  }

  #enter(point: Point): void {
    this.#store.putPoint('minutes', point);
    const ten = Math.floor(point.key / MINUTES_IN_TEN);
    const minutes = this.#store.points('minutes', ten * MINUTES_IN_TEN, (ten + 1) * MINUTES_IN_TEN - 1);
    this.#store.putPoint('tens', { key: ten, values: joined(minutes.map(({ values }) => values)) });
  }

  /** Those that wait, where the present date would put them. */
  #waitingPoints(of: SeriesOf, beganAtMs: number | null): Point[] {
    if (beganAtMs === null) return [];
    const minutes = this.#waiting.map((one) => pointAt(one, beganAtMs));
    if (of === 'day') return minutes;
    const tens = Map.groupBy(minutes, ({ key }) => Math.floor(key / MINUTES_IN_TEN));
    return [...tens].map(([key, points]) => ({ key, values: joined(points.map(({ values }) => values)) }));
  }
}

export function noPoints(of: SeriesOf): SeriesView {
  return { of, stepMs: SPANS[SPAN_OF[of]].stepMs, fromMs: null, toMs: null, points: [] };
}

/** Of the minute in which the middle of the one lies that ended at `ms`. */
function pointAt(
  { ms, values }: { readonly ms: number; readonly values: PointValues },
  beganAtMs: number,
): Point {
  const { stepMs } = SPANS.minutes;
  return { key: Math.floor((beganAtMs + ms - stepMs / 2) / stepMs), values };
}
