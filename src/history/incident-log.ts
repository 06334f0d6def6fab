// The incidents of this house: troubles from their beginning to their end, and moments worth keeping. It puts them into the
// store, dates them when a date is known, and tells whoever wants to hear of them. When a trouble counts is decided by
// trouble-watch.ts; where the words of moments come from, moments.ts.

import { UNTRUSTED_ID } from '../status/clock-degradation.ts';
import type { Incident, IncidentEvent, IncidentListener, MomentKind } from './incident.ts';
import { incidentOf, type KeptIncident, partsOfId } from './kept-incident.ts';
import { dated, type LifeTime, type Moment } from './life-time.ts';
import { type HistoryStore, type IncidentsAsked, type LifeRecord, MAX_INCIDENTS } from './store.ts';
import { type Seen, type Trouble, type TroubleChange, TroubleWatch } from './trouble-watch.ts';

/** The longest name of the world has 255 octets, and a sentence has a few; a page is to be read (characters). */
const MAX_TEXT = 400;

/** Dates are shown to the second (milliseconds). */
const DATE_STEP_MS = 100;

/** One moment, in words. */
export interface Happening {
  readonly kind: MomentKind;
  readonly subject: string;
  readonly what: string;
  readonly evidence: string;
  readonly doThis?: string;
}

export interface IncidentLogParts {
  readonly store: HistoryStore;
  readonly time: LifeTime;
  readonly tell: IncidentListener;
}

export class IncidentLog {
  readonly #parts: IncidentLogParts;
  readonly #watch = new TroubleWatch();
  /** Of troubles that last, by the id of the trouble. */
  readonly #open = new Map<string, KeptIncident>();
  /** The life before this one, for what ended with it. */
  readonly #before: Moment | null;
  #lastId: number;
  #hasUnsure = false;
  /** What the dates that are not sure were last worked out from; null: there are new ones since. */
  #datedBy: number | null = null;

  /** @param before the life before this one; null: there was none */
  constructor(parts: IncidentLogParts, before: LifeRecord | null) {
    this.#parts = parts;
    this.#before = before?.seen ?? null;
    this.#lastId = parts.store.lastId;
    for (const incident of parts.store.incidents({ limit: MAX_INCIDENTS, isOpen: true })) {
      const id = idOf(incident);
      if (this.#open.has(id)) parts.store.put({ ...incident, ended: this.#before ?? incident.started });
      else this.#watch.carry({ ...incident, id }, incident.returns);
      if (!this.#open.has(id)) this.#open.set(id, incident);
    }
  }

  /** All that is wrong now, about once a second. True: something has begun, ended or come back. */
  look(seen: readonly Seen[], isBlind: boolean): boolean {
    this.#date();
    const changes = this.#watch.look(seen, this.#parts.time.nowMs, isBlind);
    for (const change of changes) this.#carryOut(change);
    return changes.some(({ type }) => type !== 'reworded');
  }

  /** Nothing is wrong, and nothing was a moment ago. */
  get isCalm(): boolean {
    return this.#watch.isEmpty;
  }

  /** The time is not known any more, since `ms` of this life: an incident at once, however short. */
  timeIsLost(trouble: Omit<Trouble, 'id'>, ms: number): void {
    const seen = { ...trouble, id: UNTRUSTED_ID };
    for (const change of this.#watch.appear(seen, ms, true)) this.#carryOut(change);
  }

  timeIsKnown(ms: number): void {
    this.#watch.disappear(UNTRUSTED_ID, ms);
  }

  /** `ms`: of this life. */
  happened({ kind, subject, what, evidence, doThis = '' }: Happening, ms: number): void {
    const started = this.#momentAt(ms);
    const texts = shortened({ what, evidence, doThis });
    const incident = { id: this.#nextId(), kind, subject, ...texts, returns: 0, started, ended: started };
    this.#put(incident, 'instant');
  }

  /** The latest first. */
  incidents(asked: IncidentsAsked): Incident[] {
    this.#date();
    const { store, time } = this.#parts;
    const now = time.at(time.nowMs);
    return store.incidents(asked).map((one) => incidentOf(one, now));
  }

  #carryOut({ type, trouble, atMs, returns, isCarried }: TroubleChange): void {
    const { id } = trouble;
    const texts = shortened(trouble);
    if (type === 'opened') {
      const started = this.#momentAt(atMs);
      const incident = { ...partsOfId(id), ...texts, id: this.#nextId(), returns, started, ended: null };
      this.#open.set(id, incident);
      this.#put(incident, 'opened');
      return;
    }
    const known = this.#open.get(id);
    if (known === undefined) return;
    if (type === 'ended') {
      this.#open.delete(id);
      const ended = isCarried ? (this.#before ?? known.started) : this.#momentAt(atMs);
      this.#put({ ...known, ended }, 'ended');
      return;
    }
    const incident = { ...known, ...texts, returns };
    this.#open.set(id, incident);
    this.#put(incident, null);
  }

  #put(incident: KeptIncident, type: IncidentEvent['type'] | null): void {
    const { store, time, tell } = this.#parts;
    store.put(incident);
    if (type !== null) tell({ type, incident: incidentOf(incident, time.at(time.nowMs)) });
  }

  #momentAt(ms: number): Moment {
    const moment = this.#parts.time.at(ms);
    if (!moment.isSure) {
      this.#hasUnsure = true;
      this.#datedBy = null;
    }
    return moment;
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  /** Works out the dates that are not sure yet, where that can be done now. */
  #date(): void {
    const { store, time } = this.#parts;
    const { beganAtMs, isSure, life } = time;
    if (!this.#hasUnsure || beganAtMs === null) return;
    const isNews = this.#datedBy === null || Math.abs(beganAtMs - this.#datedBy) >= DATE_STEP_MS;
    if (!isNews && !isSure) return;
    store.date(life, beganAtMs, isSure);
    this.#hasUnsure = !isSure;
    this.#datedBy = beganAtMs;
    for (const [id, incident] of this.#open)
      this.#open.set(id, { ...incident, started: dated(incident.started, { life, beganAtMs, isSure }) });
  }
}

/** As a trouble had it: the other way round than partsOfId. */
function idOf({ kind, subject }: KeptIncident): string {
  return subject === '' ? kind : `${kind} ${subject}`;
}

function shortened<Texts extends Omit<Trouble, 'id'>>({ what, evidence, doThis }: Texts) {
  return { what: short(what), evidence: short(evidence), doThis: short(doThis) };
}

function short(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}
