// Time sources that say what a test gives them, and a house in which the pure
// functions of src/timesync play out a story round by round, as the keeper does, without sockets and without waiting.

import { CEILING_MS, HARD_FLOOR_MS } from '../../src/clock/hard-floor.ts';
import { agedBase, type Base } from '../../src/clock/true-clock.ts';
import { nextRoundAfterMs } from '../../src/timesync/rhythm.ts';
import { type Bounds, type Heard, type Selection, select } from '../../src/timesync/selection.ts';
import { type Sample, type TimeSource, TimeSourceFailure } from '../../src/timesync/source.ts';
import { type ClockMemory, firstMemory, isVetoed, judgeClock } from '../../src/timesync/transitions.ts';
import { judgeTime, type Witness } from '../../src/timesync/witnesses.ts';

const DAY_MS = 86_400_000;

/** What the true time is when a story begins, milliseconds since 1970. */
export const TRUTH_MS = HARD_FLOOR_MS + 200 * DAY_MS;

export const BOUNDS: Bounds = {
  hardFloorMs: HARD_FLOOR_MS,
  stampMs: null,
  chainFloorMs: null,
  ceilingMs: CEILING_MS,
};

/** A source that gives one answer after another, the last one for ever; a source without answers is silent. */
export function timeSource(
  traits: Partial<Omit<TimeSource, 'sample'>> & { readonly vote: string },
  answers: readonly (Sample | TimeSourceFailure)[] = [],
): TimeSource {
  let asked = 0;
  return {
    url: `ntp://${traits.vote}`,
    peer: traits.vote,
    isAuthenticated: false,
    isPreferred: false,
    isTrusted: false,
    isNear: false,
    leastPauseMs: 0,
    ...traits,
    async sample() {
      const answer =
        answers[Math.min(asked++, answers.length - 1)] ?? new TimeSourceFailure('silent', 'silent');
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

/** What one server says in a round. */
export interface Says extends Partial<Omit<TimeSource, 'sample' | 'vote'>> {
  readonly name: string;
  /** Default: the name, a vote of its own. */
  readonly operator?: string;
  /** How far from the truth, milliseconds; default 0. */
  readonly offMs?: number;
  /** Default 10 ms. */
  readonly boundMs?: number;
  /** The certificate behind it, milliseconds since 1970; default: none. */
  readonly validity?: readonly [fromMs: number, toMs: number];
}

/** A sample taken at the monotonic instant `atMs`, when the true time was `trueMs`. */
export function heardFrom(says: Says, trueMs: number, atMs: number): Heard {
  const { name, operator, offMs = 0, boundMs = 10, validity, ...traits } = says;
  const isProvenAt =
    validity === undefined ? null : (epochMs: number) => validity[0] <= epochMs && epochMs <= validity[1];
  const sample = { utcMs: trueMs + offMs, atMs, boundMs, delayMs: 10, isProvenAt };
  return { source: timeSource({ peer: name, vote: operator ?? name, ...traits }), sample };
}

/** The certificate of an upstream, milliseconds since 1970. */
export function witness(who: string, notBeforeMs: number, notAfterMs: number): Witness {
  const isValidAt = (epochMs: number) => notBeforeMs <= epochMs && epochMs <= notAfterMs;
  return { who, notBeforeMs, notAfterMs, isValidAt, heardAtMs: 0 };
}

export interface TimeHouseOptions {
  /** How far the system clock is from the truth, milliseconds; default 0. */
  readonly systemClockOffMs?: number;
  /** What was written down before the start, milliseconds since 1970; default: nothing. */
  readonly stampMs?: number | null;
  readonly chainFloorMs?: number | null;
  readonly witnesses?: readonly Witness[];
}

/** Plays the pure functions against each other in the keeper's order; the truth is known, for comparison. */
export class TimeHouse {
  memory: ClockMemory;
  selection: Selection | null = null;
  witnesses: readonly Witness[];
  nowMs = 0;
  /** The true time. */
  trueMs = TRUTH_MS;
  systemClockOffMs: number;
  #stamp: Base | null;
  #chainFloorMs: number | null;
  #heard: readonly Heard[] = [];
  #rounds = 0;

  constructor({
    systemClockOffMs = 0,
    stampMs = null,
    chainFloorMs = null,
    witnesses = [],
  }: TimeHouseOptions = {}) {
    this.systemClockOffMs = systemClockOffMs;
    this.witnesses = witnesses;
    this.#stamp = stampMs === null ? null : { epochMs: stampMs, uncertaintyMs: 0, atMs: 0 };
    this.#chainFloorMs = chainFloorMs;
    const nothing = { epochMs: HARD_FLOOR_MS, uncertaintyMs: Number.POSITIVE_INFINITY, atMs: 0 };
    this.memory = firstMemory(nothing);
    this.reconsider(null);
  }

  get bounds(): Bounds {
    return { ...BOUNDS, stampMs: this.#stamp?.epochMs ?? null, chainFloorMs: this.#chainFloorMs };
  }

  /** What the clock would say. */
  get now(): Base {
    return agedBase(this.memory.reading.base, this.nowMs);
  }

  /** How far the clock is from the truth, milliseconds. */
  get errorMs(): number {
    return this.now.epochMs - this.trueMs;
  }

  round(answers: readonly Says[]): void {
    this.#heard = answers.map((says) => heardFrom(says, this.trueMs, this.nowMs));
    const all = select(this.#heard, this.bounds, this.nowMs);
    const judge = (epochMs: number) => judgeTime(this.witnesses, epochMs);
    this.selection = isVetoed(all, judge)
      ? select(this.#heard, this.bounds, this.nowMs, { heedsTrust: false })
      : all;
    if (this.selection.withdrawsStamp) this.#stamp = null;
    this.#rounds += 1;
    this.reconsider(this.selection);
  }

  /** Lets the pause after a round pass, as long as the rhythm has it; returns it. */
  pause(): number {
    const { reading, dissent, roundsWithoutEnough } = this.memory;
    const pauseMs = nextRoundAfterMs({
      state: reading.state,
      rounds: this.#rounds,
      haveDisagreed: this.#heard.length > 1,
      dissentRounds: dissent?.rounds ?? 0,
      roundsWithoutEnough,
      systemClockOffMs: this.systemClockOffMs - this.errorMs,
    });
    this.pass(pauseMs);
    return pauseMs;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.trueMs += ms;
  }

  /** Somebody sets the system clock so far from the truth. */
  setSystemClock(offMs: number): void {
    this.systemClockOffMs = offMs;
    this.reconsider(null);
  }

  /** As the keeper does it: our own time is moved by the length, and is as uncertain. */
  suspend(ms: number): void {
    this.trueMs += ms;
    const { reading } = this.memory;
    const { epochMs, uncertaintyMs, atMs } = reading.base;
    const base = { epochMs: epochMs + ms, uncertaintyMs: uncertaintyMs + ms, atMs };
    this.memory = { ...this.memory, reading: { ...reading, base }, dissent: null };
    this.#heard = [];
    this.reconsider(null);
  }

  /** Something else than a round has changed. */
  reconsider(selection: Selection | null): void {
    const { state } = this.memory.reading;
    this.memory = judgeClock(this.memory, {
      selection,
      bounds: this.bounds,
      nowMs: this.nowMs,
      systemClockMs: this.trueMs + this.systemClockOffMs,
      lastQuorum: null,
      singles: select(this.#heard, this.bounds, this.nowMs).singles,
      noSample: 'no time source gives an answer that is fit',
      stamp: this.#stamp,
      judge: (epochMs) => judgeTime(this.witnesses, epochMs),
    });
    if (this.memory.reading.state !== state) this.#rounds = 0;
  }
}
