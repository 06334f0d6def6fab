// What may happen to the clock of a house, as a table, and what came of it, as plain values: the vocabulary of
// `noonmark rehearse`. How long the world may stay away, and so what is good enough, is here too.

import type { ClockBasis, ClockState } from '../clock/clock.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
/** What a machine without a battery-backed clock says a moment after it was switched on. */
const EPOCH_MS = 5000;

/** Names of the world are to be back within this (docs/time.md). */
export const WORLD_WITHIN_MS = 5000;

export interface Scenario {
  /** Stable, for programs. */
  readonly id: string;
  readonly title: string;
  /** What the system clock says at the start, given the true time; both milliseconds since 1970. */
  readonly wakesAt: (trueMs: number) => number;
  readonly hasStamp: boolean;
  /** How far the clock is set once the server is settled; 0: not at all (milliseconds). */
  readonly stepMs: number;
}

const usual = { hasStamp: true, stepMs: 0 } as const;
const right = (trueMs: number) => trueMs;

export const SCENARIOS: readonly Scenario[] = [
  { ...usual, id: 'right', title: 'the clock is right', wakesAt: right },
  { ...usual, id: '1970', title: 'power cut: it wakes in 1970', wakesAt: () => EPOCH_MS },
  {
    ...usual,
    id: '1970-no-stamp',
    title: 'power cut, and the stamp is lost',
    wakesAt: () => EPOCH_MS,
    hasStamp: false,
  },
  { ...usual, id: 'year-behind', title: 'a year behind', wakesAt: (trueMs) => trueMs - YEAR_MS },
  { ...usual, id: '2045', title: '2045', wakesAt: () => Date.UTC(2045, 0, 1) },
  {
    ...usual,
    id: 'set-back',
    title: 'set back by three hours while serving',
    wakesAt: right,
    stepMs: -3 * HOUR_MS,
  },
];

/** What a household saw of one scenario, and how the server stood at its end. */
export interface Outcome {
  readonly id: string;
  readonly title: string;
  /** The clock was set while it was serving. */
  readonly isStepped: boolean;
  /** Whether that is good enough. */
  readonly works: boolean;
  readonly internal: {
    /** From the start to the first answer; null: there was none. */
    readonly afterMs: number | null;
    /** Queries after that one, and those of them without an answer. */
    readonly asked: number;
    readonly lost: number;
  };
  /** Null: no upstream is configured. */
  readonly world: {
    /** From the start, or from the step, until it answers; 0 after a step: it never stopped; null: it does not. */
    readonly afterMs: number | null;
    /** What clients were told meanwhile, in the order of its first coming. */
    readonly told: readonly string[];
  } | null;
  readonly clock: {
    readonly state: ClockState;
    readonly basis: ClockBasis;
    readonly reason: string;
    /** Our own time less the true one, as this machine's clock has it; null while untrusted (milliseconds). */
    readonly errorMs: number | null;
  };
}
