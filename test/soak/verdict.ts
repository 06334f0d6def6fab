// What a soak must come to. Pure: samples in, sentences out; none means that it holds.

import { median, type Sample } from './samples.ts';

/** The first fifth of the time is for caches and heaps to fill. */
const FIFTHS = 5;
const MOST_GROWN_MB = 30;
/** Between the medians of the second and the last fifth: more is a trend and not the noise of a garbage collector. */
const MOST_DRIFT_MB = 15;
/** Floods hold connections, now more and now fewer. */
const MOST_DRIFT_DESCRIPTORS = 60;
/** Once all is quiet again: connections to upstreams are now more and now fewer. */
export const MOST_LEFT_DESCRIPTORS = 4;
const LATENCY_DRIFT = 1.5;
/** Below it a factor says nothing. */
const LEAST_MEDIAN_MS = 2;
const LEAST_P99_MS = 40;
const LEAST_ANSWERED = 0.99;
const WRONG_SHOWN = 5;

export interface SoakReport {
  readonly samples: readonly Sample[];
  /** With the honest clients connected: before the first flood, and when the last one was over. */
  readonly descriptorsBefore: number;
  readonly descriptorsAfter: number;
  readonly isAlive: boolean;
  /** Of disturbances that did not do what they were for: a reload that never came about. */
  readonly failures: readonly string[];
  /** What befell the server, with the second. */
  readonly disturbances: readonly { readonly at: number; readonly name: string }[];
}

export interface Totals {
  readonly asked: number;
  readonly answered: number;
  readonly wrong: readonly string[];
}

export function totalsOf(samples: readonly Sample[]): Totals {
  return {
    asked: samples.reduce((sum, { asked }) => sum + asked, 0),
    answered: samples.reduce((sum, { answered }) => sum + answered, 0),
    wrong: samples.flatMap(({ wrong }) => wrong),
  };
}

/** What holds after a moment as well as after a month. */
export function complaintsAtAll(report: SoakReport): string[] {
  const { samples, descriptorsBefore, descriptorsAfter, isAlive, failures } = report;
  const { wrong } = totalsOf(samples);
  const left = descriptorsAfter - descriptorsBefore;
  return [
    ...(isAlive ? [] : ['the server has ended']),
    ...failures,
    ...(wrong.length === 0
      ? []
      : [`${wrong.length} wrong answers: ${wrong.slice(0, WRONG_SHOWN).join('; ')}`]),
    ...(left <= MOST_LEFT_DESCRIPTORS ? [] : [`${left} descriptors were left behind`]),
  ];
}

/** What a long run shows besides. */
export function complaintsOverTime(report: SoakReport): string[] {
  const { samples } = report;
  const { asked, answered } = totalsOf(samples);
  const warm = samples.slice(Math.floor(samples.length / FIFTHS));
  const grown = warm.at(-1)!.rssMb - warm[0]!.rssMb;
  const memory = drift(samples, ({ rssMb }) => rssMb);
  const descriptors = drift(samples, (sample) => sample.descriptors);
  return [
    ...complaintsAtAll(report),
    ...(answered >= LEAST_ANSWERED * asked ? [] : [`${answered} of ${asked} answered`]),
    ...(grown < MOST_GROWN_MB ? [] : [`memory grew by ${Math.round(grown)} MB after the warm-up`]),
    ...(memory.to - memory.from < MOST_DRIFT_MB ? [] : [inWords('memory', memory, 'MB')]),
    ...(descriptors.to - descriptors.from <= MOST_DRIFT_DESCRIPTORS
      ? []
      : [inWords('descriptors', descriptors, '')]),
    ...slower(
      'median',
      LEAST_MEDIAN_MS,
      drift(samples, ({ medianMs }) => medianMs),
    ),
    ...slower(
      '99th percentile',
      LEAST_P99_MS,
      drift(samples, ({ p99Ms }) => p99Ms),
    ),
  ];
}

interface Drift {
  /** Median of the second fifth. */
  readonly from: number;
  /** Median of the last fifth. */
  readonly to: number;
}

export function drift(samples: readonly Sample[], of: (sample: Sample) => number): Drift {
  const fifth = Math.max(1, Math.floor(samples.length / FIFTHS));
  return {
    from: median(samples.slice(fifth, 2 * fifth).map(of)),
    to: median(samples.slice(-fifth).map(of)),
  };
}

function slower(what: string, leastMs: number, { from, to }: Drift): string[] {
  return to <= LATENCY_DRIFT * Math.max(from, leastMs) ? [] : [inWords(what, { from, to }, 'ms')];
}

function inWords(what: string, { from, to }: Drift, unit: string): string {
  return `${what}: ${from.toFixed(1)} ${unit} in the second fifth, ${to.toFixed(1)} in the last`;
}
