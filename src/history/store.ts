// Where the history is kept while the server runs, and the form of it that forgets at the end: for a rehearsal, and for a
// Node without SQLite. All forms have the same bounds, and one suite (test/contract/history-store.test.ts). It is in memory
// and answers at once; what gets it to the disk is history-file.ts.

import { isMoment, type KeptIncident } from './kept-incident.ts';
import { dated, type Moment } from './life-time.ts';
import type { Point } from './point.ts';

/** Beyond it the oldest that are over are forgotten. */
export const MAX_INCIDENTS = 1000;

/** The two resolutions: how long one point is, and how many are kept. */
export const SPANS = {
  minutes: { stepMs: 60_000, points: 1440 },
  tens: { stepMs: 600_000, points: 1008 },
} as const;

export type Span = keyof typeof SPANS;

/** What a run of the server leaves of itself for the next one. */
export interface LifeRecord {
  readonly number: number;
  readonly version: string;
  /** When it last wrote down how it was. */
  readonly seen: Moment;
  /** It was stopped, and did not just cease. */
  readonly isOver: boolean;
}

export interface IncidentsAsked {
  readonly limit: number;
  /** Only those with a smaller id. */
  readonly before?: number;
  /** Only those that last. */
  readonly isOpen?: boolean;
}

export interface HistoryStore {
  /** Of the last life that was recorded; null: there was none. */
  readonly life: LifeRecord | null;
  recordLife(life: LifeRecord): void;
  /** The largest id there is; 0: none. */
  readonly lastId: number;
  /** The one that has been kept longest. */
  readonly first: KeptIncident | null;
  /** The trouble that was over last, whatever is known of dates. */
  readonly lastOver: KeptIncident | null;
  /** A new one, or what became of one with the same id. */
  put(incident: KeptIncident): void;
  /** The latest first. */
  incidents(asked: IncidentsAsked): KeptIncident[];
  /** Dates all moments of one life that are not sure yet, now that its beginning is known. */
  date(life: number, beganAtMs: number, isSure: boolean): void;
  /** Takes the place of the point with its key, or of one that is a whole series older. */
  putPoint(span: Span, point: Point): void;
  /** Those with keys from `from` to `to`, in their order. */
  points(span: Span, from: number, to: number): Point[];
  /** The largest key there is; null: no point. */
  lastKey(span: Span): number | null;
}

/** Where in its series a point stands: a later round writes over an earlier one. */
export function slotOf(span: Span, key: number): number {
  const { points } = SPANS[span];
  return ((key % points) + points) % points;
}

export class MemoryHistory implements HistoryStore {
  life: LifeRecord | null = null;
  /** In the order of their ids. */
  readonly #incidents = new Map<number, KeptIncident>();
  readonly #points: Record<Span, Map<number, Point>> = { minutes: new Map(), tens: new Map() };

  recordLife(life: LifeRecord): void {
    this.life = life;
  }

  get lastId(): number {
    return Math.max(0, ...this.#incidents.keys());
  }

  get first(): KeptIncident | null {
    return this.#incidents.values().next().value ?? null;
  }

  get lastOver(): KeptIncident | null {
    const over = [...this.#incidents.values()].filter(({ kind, ended }) => !isMoment(kind) && ended !== null);
    return over.sort((a, b) => b.ended!.life - a.ended!.life || b.ended!.ms - a.ended!.ms)[0] ?? null;
  }

  put(incident: KeptIncident): void {
    this.#incidents.set(incident.id, incident);
    if (this.#incidents.size <= MAX_INCIDENTS) return;
    const kept = [...this.#incidents.values()];
    const oldest = kept.find(({ ended }) => ended !== null) ?? kept[0]!;
    this.#incidents.delete(oldest.id);
  }

  incidents({ limit, before = Number.POSITIVE_INFINITY, isOpen = false }: IncidentsAsked): KeptIncident[] {
    return [...this.#incidents.values()]
      .filter(({ id, ended }) => id < before && (!isOpen || ended === null))
      .reverse()
      .slice(0, limit);
  }

  date(life: number, beganAtMs: number, isSure: boolean): void {
    for (const incident of this.#incidents.values()) {
      const started = dated(incident.started, { life, beganAtMs, isSure });
      const ended = incident.ended && dated(incident.ended, { life, beganAtMs, isSure });
      if (started !== incident.started || ended !== incident.ended)
        this.#incidents.set(incident.id, { ...incident, started, ended });
    }
  }

  putPoint(span: Span, point: Point): void {
    this.#points[span].set(slotOf(span, point.key), point);
  }

  points(span: Span, from: number, to: number): Point[] {
    return [...this.#points[span].values()]
      .filter(({ key }) => key >= from && key <= to)
      .sort((a, b) => a.key - b.key);
  }

  lastKey(span: Span): number | null {
    const keys = [...this.#points[span].values()].map(({ key }) => key);
    return keys.length === 0 ? null : Math.max(...keys);
  }
}
