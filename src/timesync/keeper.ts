// Keeps the time, and is the only writer of the clock: asks the sources in rounds, hears the certificates of upstreams,
// notices jumps, has the stamp written. What all of that means is decided by pure functions (selection.ts,
// candidates.ts, witnesses.ts, transitions.ts, rhythm.ts); this file carries out and remembers.

import type { Timer } from '../clock/clock.ts';
import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import type { Base, TrueClock } from '../clock/true-clock.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { Hearing, type UpstreamWitness } from './hearing.ts';
import { type Jump, JumpDetector } from './jumps.ts';
import { Panel } from './panel.ts';
import { nextRoundAfterMs, SOON_MS } from './rhythm.ts';
import type { RosterEntry } from './roster.ts';
import { type Bounds, type Heard, type Selection, select } from './selection.ts';
import { day, formatSpan } from './span.ts';
import { StampBook } from './stamp-book.ts';
import type { TimeIncident, TimeReport } from './time-report.ts';
import { type ClockMemory, firstMemory, isVetoed, judgeClock } from './transitions.ts';

/** How often steps and suspends are looked for (milliseconds). */
const LOOK_EVERY_MS = 250;
/** Where the machine tells of them: for a system clock that is steered, and in case it did not tell. */
const LOOK_WHERE_TOLD_MS = 2000;
/** Dates pass: what certificates say is judged anew so often (milliseconds). */
const RECONSIDER_EVERY_MS = 60_000;
/** How far a provisional clock lets the system clock be steered before it follows (milliseconds). */
const FOLLOW_MS = 10;
/** A round is over by then, whoever is still being waited for: a look-up and an answer, 1.5 s each, and some (milliseconds). */
const ROUND_WITHIN_MS = 4000;
const MAX_INCIDENTS = 50;
/** Sources whose last word is remembered. */
const MAX_SAID = 64;

/** What a reload replaces. */
export interface KeeperInputs {
  readonly roster: readonly RosterEntry[];
  /** Their certificates are witnesses. */
  readonly upstreams: readonly UpstreamWitness[];
}

export interface KeeperParts extends KeeperInputs {
  readonly clock: TrueClock;
  readonly tls: Pick<TlsConnector, 'inspect' | 'onGenuinePeer'>;
  readonly log: Log;
  readonly stateDir: string;
  /** False: the stamp is read and never touched, as in a rehearsal. */
  readonly keepsStamp: boolean;
}

export class Keeper {
  readonly #parts: KeeperParts;
  readonly #jumps: JumpDetector;
  readonly #stamp: StampBook;
  readonly #hearing: Hearing;
  readonly #incidents: TimeIncident[] = [];
  readonly #stops: (() => void)[] = [];
  #panel: Panel;
  #memory: ClockMemory;
  /** The last round that was concluded. */
  #heard: readonly Heard[] = [];
  /** What each source last said, the latest first: with one lost packet a time must not be lost that nobody disputes. */
  #said: readonly Heard[] = [];
  #selection: Selection | null = null;
  /** Sources that gave no time in the last round, and why. */
  #failing: ReadonlyMap<string, string> = new Map();
  #verdict = 'the time sources have not been asked yet';
  #nextRound: Timer | null = null;
  #nextRoundAtMs = 0;
  #roundStartedAtMs = Number.NEGATIVE_INFINITY;
  #roundsInState = 0;
  #reconsideredAtMs = 0;
  #isAsking = false;
  /** The machine was suspended during the round: nobody knows which answers came before. */
  #isRoundVoid = false;
  /** Something has happened during a round that asks for another. */
  #isRoundWanted = false;
  #isStopped = false;

  /** Judges the time at once by what is there without asking anybody; `start` begins to ask. */
  constructor(parts: KeeperParts) {
    const { clock } = parts;
    this.#parts = parts;
    this.#panel = new Panel(parts.roster, clock);
    this.#hearing = new Hearing({ ...parts, onNews: () => this.#reconsider(null) });
    this.#jumps = new JumpDetector(clock.machine);
    this.#stamp = new StampBook({ ...parts, isKept: parts.keepsStamp }, clock.monotonic());
    this.#memory = firstMemory({ ...clock.now(), atMs: clock.monotonic() });
    this.#reconsider(null);
  }

  start(): void {
    const { clock } = this.#parts;
    const stopTelling = clock.machine.onClockSet?.(() => this.#lookWhenTold()) ?? null;
    const look = clock.every(stopTelling === null ? LOOK_EVERY_MS : LOOK_WHERE_TOLD_MS, () => this.#look());
    this.#stops.push(
      () => look.cancel(),
      () => stopTelling?.(),
      this.#hearing.start(),
    );
    this.roundSoon();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#nextRound?.cancel();
    for (const stop of this.#stops) stop();
    if (this.#parts.clock.status.state === 'synchronized') await this.#writeStamp();
    await this.#stamp.settled();
  }

  /** New sources or upstreams; what was learnt of the time stays. */
  reload({ roster, upstreams }: KeeperInputs): void {
    this.#panel = new Panel(roster, this.#parts.clock);
    this.#hearing.replaceUpstreams(upstreams);
    this.roundSoon();
  }

  /** Asks the sources now, or as soon as the last round is a moment past. */
  roundSoon(): void {
    if (this.#isAsking) this.#isRoundWanted = true;
    else this.#scheduleRound(Math.max(0, this.#roundStartedAtMs + SOON_MS - this.#parts.clock.monotonic()));
  }

  /** The stamp is deleted and counts no more. Resolves with what it said, milliseconds since 1970; null: there was none. */
  async forgetStamp(): Promise<number | null> {
    const forgotten = this.#stamp.epochMs;
    await this.#stamp.forget(this.#parts.clock.monotonic());
    this.#note('stamp', 'the stamp was forgotten on request');
    this.#reconsider(null);
    this.roundSoon();
    return forgotten;
  }

  /** Of this life, the latest first; an object stays the same one. */
  get incidents(): readonly TimeIncident[] {
    return this.#incidents;
  }

  report(): TimeReport {
    const { clock } = this.#parts;
    const { epochMs, problem, problemAtMs } = this.#stamp;
    const nowMs = clock.monotonic();
    return {
      status: clock.status,
      now: clock.status.state === 'untrusted' ? null : clock.now(),
      nowMs,
      systemClockMs: clock.machine.systemClock(),
      bounds: this.#bounds,
      verdict: this.#verdict,
      interval: agedInterval(this.#selection, nowMs),
      lastRoundAtMs: Number.isFinite(this.#roundStartedAtMs) ? this.#roundStartedAtMs : null,
      nextRoundAtMs: this.#nextRoundAtMs,
      sources: this.#panel.askings,
      unresolved: this.#panel.unresolved,
      opinions: this.#selection?.opinions ?? [],
      witnesses: this.#hearing.witnesses,
      stamp: { epochMs, problem, problemAtMs },
      incidents: this.#incidents,
      outweighsWitnesses: this.#memory.outweighsWitnesses,
    };
  }

  // Rounds

  #scheduleRound(delayMs: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#parts;
    this.#nextRound?.cancel();
    this.#nextRoundAtMs = clock.monotonic() + delayMs;
    this.#nextRound = clock.after(delayMs, () => void this.#round());
  }

  async #round(): Promise<void> {
    const panel = this.#panel;
    this.#isAsking = true;
    this.#isRoundVoid = false;
    this.#roundStartedAtMs = this.#parts.clock.monotonic();
    try {
      await this.#askAll(panel);
      if (!this.#isStopped) this.#look(); // a suspend of a moment ago
      if (this.#isRoundVoid) panel.discard();
      else if (!this.#isStopped && panel === this.#panel) this.#concludeRound(); // else a reload has replaced it
    } catch (error) {
      this.#reportBug(error); // and the next round comes all the same
    }
    this.#isAsking = false;
    if (this.#isRoundWanted) this.roundSoon();
    else this.#scheduleRound(this.#pauseBeforeNextRoundMs());
    this.#isRoundWanted = false;
  }

  async #askAll(panel: Panel): Promise<void> {
    const isCalm = this.#memory.reading.state === 'synchronized';
    const over = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(ROUND_WITHIN_MS, over.resolve);
    await Promise.race([Promise.all([panel.ask(isCalm), this.#hearing.inspectAll()]), over.promise]);
    timer.cancel();
  }

  #concludeRound(): void {
    const { clock, log } = this.#parts;
    const atMs = clock.monotonic();
    this.#heard = this.#panel.heard;
    this.#said = [...this.#heard, ...silentOf(this.#said, this.#heard)].slice(0, MAX_SAID);
    const selection = this.#selectFrom(this.#heard, atMs);
    if (selection.withdrawsStamp) this.#withdrawStamp(selection);
    const objection = this.#isVetoed(selection)
      ? '; but the certificates of the upstreams are not valid then'
      : '';
    this.#selection = selection;
    this.#verdict = `${selection.verdict}${objection}`;
    log.debug('time sources asked', { verdict: this.#verdict, answered: this.#heard.length });
    this.#tellFailures();
    this.#roundsInState += 1;
    this.#reconsider(selection);
  }

  /** Says once when a source falls silent, and once when it answers again. */
  #tellFailures(): void {
    const failing = new Map<string, string>();
    for (const { source, failure, sample } of this.#panel.askings)
      if (sample === null && failure !== null) failing.set(source.peer, failure);
    for (const { url, reason } of this.#panel.unresolved) failing.set(url, reason);
    const { log } = this.#parts;
    for (const [source, reason] of failing)
      if (this.#failing.get(source) !== reason) log.warn('a time source gives no time', { source, reason });
    for (const source of this.#failing.keys())
      if (!failing.has(source)) log.info('the time source answers', { source });
    this.#failing = failing;
  }

  /** A trusted source whose time the certificates contradict is a source like any other. */
  #selectFrom(heard: readonly Heard[], atMs: number): Selection {
    const selection = select(heard, this.#bounds, atMs);
    const isTrustAbused = this.#isVetoed(selection) && heard.some(({ source }) => source.isTrusted);
    return isTrustAbused ? select(heard, this.#bounds, atMs, { heedsTrust: false }) : selection;
  }

  #isVetoed(selection: Selection): boolean {
    return isVetoed(selection, (epochMs) => this.#hearing.judge(epochMs));
  }

  #pauseBeforeNextRoundMs(): number {
    const { clock } = this.#parts;
    const { dissent, roundsWithoutEnough } = this.#memory;
    const pauseMs = nextRoundAfterMs({
      state: clock.status.state,
      rounds: this.#roundsInState,
      haveDisagreed: haveDisagreed(this.#selection),
      dissentRounds: dissent?.rounds ?? 0,
      roundsWithoutEnough,
      systemClockOffMs: clock.machine.systemClock() - clock.now().epochMs,
    });
    return Math.max(SOON_MS, this.#roundStartedAtMs + pauseMs - clock.monotonic());
  }

  // Judging

  /** Tells the clock what the evidence amounts to; `selection` only right after its round. */
  #reconsider(selection: Selection | null): void {
    const { clock } = this.#parts;
    const nowMs = clock.monotonic();
    const before = this.#memory.reading.state;
    this.#reconsideredAtMs = nowMs;
    this.#memory = judgeClock(this.#memory, {
      selection,
      bounds: this.#bounds,
      nowMs,
      systemClockMs: clock.machine.systemClock(),
      lastQuorum: null,
      singles: [this.#heard, silentOf(this.#said, this.#heard)].flatMap(
        (heard) => select(heard, this.#bounds, nowMs).singles,
      ),
      noSample: this.#noSample,
      stamp: this.#stamp.atStart,
      judge: (epochMs) => this.#hearing.judge(epochMs),
      testimony: (epochMs) => this.#hearing.describe(epochMs),
    });
    const { reading } = this.#memory;
    if (reading.state !== before) this.#roundsInState = 0;
    clock.raiseFloor(this.#floorMs);
    try {
      clock.set(reading);
    } catch (error) {
      this.#reportBug(error); // of a listener: the time is judged all the same
    }
    if (reading.state === 'untrusted' && before !== 'untrusted') this.roundSoon();
    if (reading.state === 'synchronized' && this.#stamp.isDue(nowMs)) void this.#writeStamp();
  }

  get #noSample(): string {
    if (this.#panel.isEmpty) return 'no time source is configured';
    if (this.#selection === null) return 'the time sources have not answered yet';
    return 'no time source gives an answer that is fit';
  }

  get #bounds(): Bounds {
    return {
      hardFloorMs: HARD_FLOOR_MS,
      stampMs: this.#stamp.epochMs,
      chainFloorMs: this.#hearing.chainFloorMs,
      ceilingMs: CEILING_MS,
    };
  }

  get #floorMs(): number {
    return Math.max(HARD_FLOOR_MS, this.#stamp.epochMs ?? 0, this.#hearing.chainFloorMs ?? 0);
  }

  // Jumps

  #lookWhenTold(): void {
    if (!this.#isStopped) this.#look();
  }

  #look(): void {
    const { clock } = this.#parts;
    const jump = this.#jumps.look();
    if (jump !== null) this.#follow(jump);
    const offMs = Math.abs(clock.machine.systemClock() - clock.now().epochMs);
    const isSteered = clock.status.basis === 'system-clock' && offMs > FOLLOW_MS;
    const isDue = clock.monotonic() - this.#reconsideredAtMs >= RECONSIDER_EVERY_MS;
    if (jump !== null || isSteered || isDue) this.#reconsider(null);
    if (jump !== null) this.roundSoon();
  }

  #follow({ stepMs, suspendedMs }: Jump): void {
    if (stepMs !== 0) {
      const direction = stepMs > 0 ? 'forwards' : 'backwards';
      this.#note('step', `the system clock was set ${direction} by ${formatSpan(stepMs)}`);
    }
    if (suspendedMs === 0) return;
    this.#isRoundVoid = true;
    this.#note('sleep', `the machine was suspended for ${formatSpan(suspendedMs)}`);
    const { reading } = this.#memory;
    const base: Base = {
      ...reading.base,
      epochMs: reading.base.epochMs + suspendedMs,
      uncertaintyMs: reading.base.uncertaintyMs + suspendedMs,
    };
    this.#memory = { ...this.#memory, reading: { ...reading, base }, dissent: null };
    this.#stamp.slept(suspendedMs);
    this.#panel.discard();
    this.#heard = [];
    this.#said = [];
    this.#selection = null;
  }

  // Stamp and incidents

  /** Only a time that certificates bear out is written down. */
  async #writeStamp(): Promise<void> {
    const { clock } = this.#parts;
    const { epochMs, uncertaintyMs } = clock.now();
    if (this.#hearing.judge(epochMs) !== 'borne-out') return;
    await this.#stamp.write(epochMs - uncertaintyMs, clock.monotonic()); // not later than the truth, for it is a floor
    clock.raiseFloor(this.#floorMs);
  }

  #withdrawStamp({ opinions }: Selection): void {
    const authenticated = opinions.filter(({ isKept, source }) => isKept && source.isAuthenticated);
    const votes = [...new Set(authenticated.map(({ source }) => source.vote))].join(' and ');
    this.#note(
      'stamp',
      `the stamp of ${day(this.#stamp.epochMs!)} is withdrawn: ${votes}, authenticated, say an earlier time`,
    );
    void this.#stamp.forget(this.#parts.clock.monotonic());
  }

  #note(kind: TimeIncident['kind'], what: string): void {
    this.#incidents.unshift({ kind, atMs: this.#parts.clock.monotonic(), what });
    this.#incidents.length = Math.min(this.#incidents.length, MAX_INCIDENTS);
    this.#parts.log.warn(what);
  }

  #reportBug(error: unknown): void {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#parts.log.error('a bug in Noonmark: please report this line', { stack });
  }
}

/** What was said by those who are not among the `present`. */
function silentOf(said: readonly Heard[], present: readonly Heard[]): readonly Heard[] {
  return said.filter(({ source }) => !present.some((one) => one.source === source));
}

/** Do fit samples of one round contradict each other? */
function haveDisagreed(selection: Selection | null): boolean {
  const singles = selection?.singles ?? [];
  return singles.some(({ agreeing }) => agreeing < singles.length);
}

/** What was agreed on, carried on to now. */
function agedInterval(selection: Selection | null, nowMs: number): TimeReport['interval'] {
  if (!selection?.isEnough || selection.interval === null) return null;
  const ageMs = nowMs - selection.atMs;
  return { lowMs: selection.interval.lowMs + ageMs, highMs: selection.interval.highMs + ageMs };
}
