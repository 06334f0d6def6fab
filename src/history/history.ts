// The history of this house while it runs: looks once a second at how things stand, less often while nobody asks anything, keeps
// incidents and the points of the charts, and tells who listens. Nothing waits for it: what happens before the file of earlier
// lives is read is entered afterwards, and whatever goes wrong in here costs a line in the log.

import type { Clock, Timer } from '../clock/clock.ts';
import type { Machine } from '../clock/machine.ts';
import type { Log } from '../observe/log.ts';
import { UNTRUSTED_WHAT } from '../status/clock-degradation.ts';
import type { Status } from '../status/status.ts';
import type { TimeIncident } from '../timesync/time-report.ts';
import type { Figures } from './figures.ts';
import { HistoryFile } from './history-file.ts';
import type { Incident, IncidentEvent, IncidentListener } from './incident.ts';
import { IncidentLog } from './incident-log.ts';
import { incidentOf, type KeptIncident } from './kept-incident.ts';
import { LifeTime } from './life-time.ts';
import { noticed, type OwnTime, renewed, STOPPED, started, successesOf, timeChanged } from './moments.ts';
import { Sampler } from './sampler.ts';
import { noPoints, Series, type SeriesOf, type SeriesView } from './series.ts';
import { SqliteHistory, type SqliteModule, UnfitHistory } from './sqlite-store.ts';
import { type HistoryStore, type IncidentsAsked, MAX_INCIDENTS, MemoryHistory } from './store.ts';

const LOOK_EVERY_MS = 1000;
/** While nobody asks anything and nothing is wrong: so often it looks whether that is still so. */
const REST_MS = 2000;
/** Of so many of those one is a look at everything, which costs half a millisecond. */
const RESTS_MAX = 2;
/** A clock that changes its state more often before the file is read has a trouble of its own. */
const MAX_EARLY = 100;
/** The first whose SQLite is without a warning and can be had as a file. */
const SQLITE_SINCE_NODE = 26;

export interface HistoryParts {
  readonly clock: Clock;
  /** Who knows when the machine sleeps; null: it does not. */
  readonly machine: Machine | null;
  readonly log: Log;
  readonly stateDir: string;
  /** False: nothing is read or written, as in a rehearsal. */
  readonly keepsState: boolean;
  readonly status: () => Status;
  /** How many queries there were so far; absent: every look is taken. */
  readonly asked?: () => number;
  /** Of the last full minute. */
  readonly figures: () => Figures;
  /** What the keeper of the time has noticed in this life, the latest first. */
  readonly noticed: () => readonly TimeIncident[];
  /** SQLite; null: there is none. That of this Node unless said. */
  readonly loadSqlite?: () => Promise<SqliteModule | null>;
}

interface Kept {
  readonly store: HistoryStore;
  readonly log: IncidentLog;
  readonly series: Series;
  readonly sampler: Sampler;
}

export class History {
  readonly #parts: HistoryParts;
  readonly #time: LifeTime;
  readonly #file: HistoryFile;
  readonly #listeners = new Set<IncidentListener>();
  readonly #stopListening: () => void;
  /** Changes of our own time that have not been entered yet, and when they were. */
  readonly #early: { readonly own: OwnTime; readonly ms: number }[] = [];
  /** Null until what earlier lives have left is read. */
  #kept: Kept | null = null;
  #loading: Promise<void> | null = null;
  #look: Timer | null = null;
  #lookEveryMs = 0;
  #lastKnown: OwnTime | null = null;
  #wasAgreed = false;
  #lastNoticed: TimeIncident | null = null;
  #successes: ReadonlyMap<string, string> = new Map();
  /** Queries at the last look. */
  #asked = -1;
  /** Nothing was wrong at the last look that was taken, and nothing has been heard of since. */
  #isWell = false;
  #rests = 0;
  #isOver = false;
  #problem: string | null = null;
  #hasFailed = false;

  /** Begins to heed the clock, whose keeper is there already; `start` begins to look. */
  constructor(parts: HistoryParts) {
    this.#parts = parts;
    const { clock, log, stateDir } = parts;
    this.#time = new LifeTime(clock, parts.machine);
    this.#file = new HistoryFile({ stateDir, clock, log });
    this.#timeChanged();
    this.#stopListening = clock.onStateChange(() => this.#timeChanged());
  }

  /** Reads what earlier lives have left, which nobody needs to wait for. Never rejects. */
  start(): Promise<void> {
    this.#loading ??= this.#load().catch((error) => this.#fail(error));
    return this.#loading;
  }

  /** Says goodbye; resolves when that is written or takes too long. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#look?.cancel();
    this.#safely(() => this.#kept?.log.happened(STOPPED, this.#time.nowMs));
    this.#isOver = true;
    await this.#file.close();
  }

  /** The latest first; none before the file is read. */
  incidents(asked: IncidentsAsked): Incident[] {
    return this.#kept?.log.incidents(asked) ?? [];
  }

  /** Those that last. */
  get open(): Incident[] {
    return this.incidents({ limit: MAX_INCIDENTS, isOpen: true });
  }

  series(of: SeriesOf): SeriesView {
    return this.#kept?.series.view(of) ?? noPoints(of);
  }

  /** The first incident that is still remembered; null: none is. */
  get first(): Incident | null {
    return this.#told(this.#kept?.store.first);
  }

  /** The trouble that was over last; null: none is remembered. */
  get lastOver(): Incident | null {
    return this.#told(this.#kept?.store.lastOver);
  }

  /** The run of the server that this is, counted from 1. */
  get life(): number {
    return this.#time.life;
  }

  /** Why a restart would forget what has happened, in words; null: it would not. */
  get problem(): string | null {
    return this.#problem ?? this.#file.problem;
  }

  /** Returns how to stop that. */
  onIncident(listener: IncidentListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #told(incident: KeptIncident | null = null): Incident | null {
    return incident && incidentOf(incident, this.#time.at(this.#time.nowMs));
  }

  async #load(): Promise<void> {
    const { status, machine, clock } = this.#parts;
    const store = await this.#openStore();
    if (this.#isOver) return; // stopped before it could begin
    const before = store.life;
    this.#time.life = (before?.number ?? 0) + 1;
    const { nowMs } = this.#time;
    const log = new IncidentLog({ store, time: this.#time, tell: (event) => this.#tell(event) }, before);
    this.#kept = {
      ...{ store, log, series: new Series(store, this.#time) },
      sampler: new Sampler(nowMs, this.#dateMs),
    };
    const machineUpMs = machine === null ? nowMs : machine.uptime() - clock.monotonic();
    log.happened(started(status().version, before, machineUpMs), 0);
    for (const { own, ms } of this.#early.splice(0)) this.#enter(log, own, ms);
    if (store instanceof SqliteHistory) this.#file.keep(() => this.#image(store));
    this.#file.soon();
    this.#lookEvery(LOOK_EVERY_MS);
  }

  async #openStore(): Promise<HistoryStore> {
    const { keepsState, log, loadSqlite = sqliteOfNode } = this.#parts;
    if (!keepsState) return new MemoryHistory();
    const sqlite = await loadSqlite();
    if (sqlite === null) {
      this.#problem = `this Node has no SQLite that is finished (${SQLITE_SINCE_NODE} has): incidents and charts are forgotten at the next start`;
      log.warn(this.#problem);
      return new MemoryHistory();
    }
    const octets = await this.#file.read();
    if (octets === 'unread') return new MemoryHistory();
    try {
      return new SqliteHistory(sqlite, octets);
    } catch (error) {
      if (!(error instanceof UnfitHistory)) throw error;
      await this.#file.setAside(error.message);
      return new SqliteHistory(sqlite, null);
    }
  }

  /** The whole file, with how this life stands now. */
  #image(store: SqliteHistory): Uint8Array {
    const { version } = this.#parts.status();
    const seen = this.#time.at(this.#time.nowMs);
    store.recordLife({ number: this.#time.life, version, seen, isOver: this.#isOver });
    return store.image;
  }

  #timeChanged(): void {
    const { state, basis, reason } = this.#parts.clock.status;
    this.#isWell = false;
    const own = { status: { state, basis, reason }, beganAtMs: this.#time.beganAtMs };
    const { nowMs: ms } = this.#time;
    const log = this.#kept?.log;
    if (log !== undefined) this.#safely(() => this.#enter(log, own, ms));
    else if (this.#early.length < MAX_EARLY) this.#early.push({ own, ms });
  }

  #enter(log: IncidentLog, own: OwnTime, ms: number): void {
    const { state, reason } = own.status;
    if (state === 'untrusted') {
      log.timeIsLost({ what: UNTRUSTED_WHAT, evidence: reason, doThis: '' }, ms);
      this.#wasAgreed = false;
    } else {
      log.timeIsKnown(ms);
      for (const one of timeChanged(own, this.#lastKnown, this.#wasAgreed)) log.happened(one, ms);
      this.#lastKnown = own;
      this.#wasAgreed ||= state === 'synchronized';
    }
    this.#file.soon();
  }

  #lookAround(): void {
    const { status, figures } = this.#parts;
    const { log, series, sampler } = this.#kept!;
    const [nowMs, dateMs] = [this.#time.nowMs, this.#dateMs];
    const isMinuteOver = sampler.isDue(nowMs, dateMs);
    if (this.#mayRest() && !isMinuteOver) return;
    const found = status();
    const moments = [...this.#freshlyNoticed(), ...this.#freshlyRenewed(found)];
    for (const [happening, ms] of moments) log.happened(happening, ms);
    const seen = found.degraded.map((one) => ({ ...one, forMs: one.sinceMs }));
    const isNews = log.look(seen, found.clock.state === 'untrusted');
    this.#isWell = log.isCalm;
    if (!this.#isWell) this.#lookEvery(LOOK_EVERY_MS);
    if (isNews || moments.length > 0) this.#file.soon();
    if (!isMinuteOver) return;
    const sample = { status: found, figures: figures(), rssOctets: process.memoryUsage.rss() };
    series.add(sampler.take(sample, nowMs, dateMs));
  }

  /** Everything is as at the last look, as far as that can be told without one. */
  #mayRest(): boolean {
    const asked = this.#parts.asked?.() ?? Number.NaN; // which is never what it was
    const isQuiet = this.#isWell && asked === this.#asked;
    this.#asked = asked;
    if (isQuiet) {
      this.#lookEvery(REST_MS);
      this.#rests = (this.#rests % RESTS_MAX) + 1;
      return this.#rests < RESTS_MAX;
    }
    if (this.#rests === 0) this.#lookEvery(LOOK_EVERY_MS); // for the second time: one query now and then changes no pace
    this.#rests = 0;
    return false;
  }

  #lookEvery(periodMs: number): void {
    if (periodMs === this.#lookEveryMs) return;
    this.#lookEveryMs = periodMs;
    this.#look?.cancel();
    this.#look = this.#parts.clock.every(periodMs, () => this.#safely(() => this.#lookAround()));
  }

  #freshlyNoticed() {
    const all = this.#parts.noticed();
    const at = this.#lastNoticed === null ? -1 : all.indexOf(this.#lastNoticed);
    const fresh = at === -1 ? all : all.slice(0, at);
    this.#lastNoticed = all[0] ?? null;
    return fresh.toReversed().map((one) => [noticed(one), this.#time.msOf(one.atMs)] as const);
  }

  #freshlyRenewed(found: Status) {
    const fresh = renewed(found, this.#successes);
    this.#successes = successesOf(found);
    return fresh.map((one) => [one, this.#time.nowMs] as const);
  }

  get #dateMs(): number | null {
    const { beganAtMs } = this.#time;
    return beganAtMs === null ? null : beganAtMs + this.#time.nowMs;
  }

  #tell(event: IncidentEvent): void {
    for (const listener of this.#listeners) this.#safely(() => listener(event));
  }

  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Once: what fails every second would fill the log. */
  #fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.log.error('a bug in Noonmark: please report this line', { stack });
  }
}

async function sqliteOfNode(): Promise<SqliteModule | null> {
  if (Number.parseInt(process.versions.node, 10) < SQLITE_SINCE_NODE) return null;
  return import('node:sqlite').catch(() => null);
}
