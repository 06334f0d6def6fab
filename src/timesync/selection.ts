// Who is right, when several sources say what time it is: one pure function of a round's samples (docs/time.md).
// A minority never decides, plain NTP never outvotes authenticated truth, nothing outside floor and ceiling counts.
// What the certificates of upstreams say about the outcome is judged afterwards, by transitions.ts.

import { DRIFT_PPM } from '../clock/true-clock.ts';
import { type Agreement, agree, type Single, votesOf } from './agreement.ts';
import { clamped, clipped, type Interval, overlaps } from './intervals.ts';
import { MAX_BOUND_MS, type Sample, type TimeSource } from './source.ts';
import { day, formatSpan } from './span.ts';

export interface Heard {
  readonly source: TimeSource;
  readonly sample: Sample;
}

/** The instants between which a time can be believed, milliseconds since 1970. */
export interface Bounds {
  /** The date of the release: nothing below it is believed, whoever says so. */
  readonly hardFloorMs: number;
  /** What was written down when a quorum last stood; only authenticated samples count below it. Null: nothing was. */
  readonly stampMs: number | null;
  /** Where the public certificates put the floor; nothing below it is believed. Null: nowhere. */
  readonly chainFloorMs: number | null;
  readonly ceilingMs: number;
}

export interface Opinion {
  readonly source: TimeSource;
  readonly isKept: boolean;
  readonly reason: string;
}

export interface Selection {
  /** May the time be moved by this? */
  readonly isEnough: boolean;
  /** One sentence: who agreed, or what was missing. */
  readonly verdict: string;
  /** The agreed time at `atMs`, milliseconds since 1970; null where nobody agreed with anybody. */
  readonly epochMs: number | null;
  readonly uncertaintyMs: number;
  /** The agreed interval, milliseconds since 1970. */
  readonly interval: Interval | null;
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Authenticated votes behind the agreement. */
  readonly authenticatedVotes: number;
  /** Two authenticated operators say a time below the stamp: it is the stamp that is wrong. */
  readonly withdrawsStamp: boolean;
  readonly opinions: readonly Opinion[];
  /** Samples that may be believed alone, best first. */
  readonly singles: readonly Single[];
}

/** Honest servers differ by this much more than they admit, for paths differ in their two directions (milliseconds). */
export const ASYMMETRY_MS = 50;

/**
 * What a round's samples amount to at the monotonic instant `atMs`. Without `heedsTrust` a trusted source is one like
 * any other, which is how it is treated when certificates contradict what it decided.
 */
export function select(
  heard: readonly Heard[],
  bounds: Bounds,
  atMs: number,
  { heedsTrust = true }: { readonly heedsTrust?: boolean } = {},
): Selection {
  const withdrawsStamp = isStampRefuted(heard, bounds, atMs);
  const effective = withdrawsStamp ? { ...bounds, stampMs: null } : bounds;
  const refused: Opinion[] = [];
  let fit: Single[] = [];
  for (const one of heard) {
    const single = aged(one, atMs);
    const reason = unfitness(one, single, effective);
    if (reason === null) fit.push(believable(single, effective));
    else refused.push({ source: one.source, isKept: false, reason });
  }
  // The chain behind a Date is judged again at the time agreed with it; who fails takes no part, and all is asked anew.
  for (;;) {
    const agreement = agree(votesOf(fit), heedsTrust);
    const epochMs = agreement.epochMs;
    const unproven =
      epochMs === null ? [] : fit.filter((one) => agreement.kept.has(one) && !isProven(one, heard, epochMs));
    if (unproven.length === 0) return conclude(agreement, fit, { atMs, refused, withdrawsStamp });
    fit = fit.filter((one) => !unproven.includes(one));
    const reason = 'its certificate is not valid at the time that was agreed';
    for (const { source } of unproven) refused.push({ source, isKept: false, reason });
  }
}

function conclude(
  agreement: Agreement,
  fit: readonly Single[],
  rest: { atMs: number; refused: readonly Opinion[]; withdrawsStamp: boolean },
): Selection {
  const { atMs, refused, withdrawsStamp } = rest;
  const opinions = fit.map((single) => opinionOf(single, agreement));
  return {
    isEnough: agreement.isEnough,
    verdict: agreement.verdict,
    epochMs: agreement.epochMs,
    uncertaintyMs: agreement.uncertaintyMs,
    interval: agreement.interval,
    atMs,
    authenticatedVotes: agreement.authenticatedVotes,
    withdrawsStamp,
    opinions: [...opinions, ...refused],
    singles: byCredit(fit),
  };
}

function opinionOf(single: Single, { kept, interval, isEnough }: Agreement): Opinion {
  const { source } = single;
  if (interval === null) return { source, isKept: false, reason: 'too few others say the same' };
  if (kept.has(single))
    return { source, isKept: true, reason: isEnough ? 'agrees' : 'agrees, but too few do' };
  const isInside = overlaps(single, interval);
  const reason = isInside ? 'another sample of its operator counts' : describeDistance(single, interval);
  return { source, isKept: false, reason };
}

/** Samples in the order in which each may be believed alone: trust, authentication, company, preference, exactness. */
function byCredit(fit: readonly Single[]): Single[] {
  return fit
    .map((single) => ({ ...single, agreeing: agreeingVotes(single, fit) }))
    .sort(
      (a, b) =>
        rank(b, fit) - rank(a, fit) ||
        b.agreeing - a.agreeing ||
        Number(b.source.isPreferred) - Number(a.source.isPreferred) ||
        a.uncertaintyMs - b.uncertaintyMs ||
        a.epochMs - b.epochMs,
    );
}

/** Trust counts for nothing where an authenticated source says otherwise. */
function rank(single: Single, fit: readonly Single[]): number {
  const { isTrusted, isAuthenticated } = single.source;
  const isContradicted = fit.some((other) => other.source.isAuthenticated && !overlaps(single, other));
  if (isTrusted && !isContradicted) return 2;
  return isAuthenticated ? 1 : 0;
}

function agreeingVotes(single: Single, fit: readonly Single[]): number {
  return new Set(fit.filter((other) => overlaps(single, other)).map(({ source }) => source.vote)).size;
}

/** A sample carried on to `atMs`: its age added, its interval widened by drift and by the asymmetry of paths. */
function aged({ source, sample }: Heard, atMs: number): Single {
  const ageMs = atMs - sample.atMs;
  const epochMs = sample.utcMs + ageMs;
  const uncertaintyMs = sample.boundMs + (Math.abs(ageMs) * DRIFT_PPM) / 1e6;
  const half = uncertaintyMs + ASYMMETRY_MS;
  return { source, epochMs, uncertaintyMs, lowMs: epochMs - half, highMs: epochMs + half, agreeing: 1 };
}

/** A fit sample without what lies below the floor or above the ceiling: it may reach across, the truth may not. */
function believable(single: Single, { hardFloorMs, chainFloorMs, ceilingMs }: Bounds): Single {
  const limits = { lowMs: Math.max(hardFloorMs, chainFloorMs ?? hardFloorMs), highMs: ceilingMs };
  return { ...clipped(single, limits), epochMs: clamped(single.epochMs, limits) };
}

/** Why a sample cannot count at all; null when it can. */
function unfitness({ source, sample }: Heard, single: Single, bounds: Bounds): string | null {
  const { hardFloorMs, chainFloorMs, stampMs, ceilingMs } = bounds;
  if (!(sample.boundMs <= MAX_BOUND_MS))
    return `its bound of ${Math.round(sample.boundMs)} ms is over ${MAX_BOUND_MS} ms`;
  const says = `it says ${day(single.epochMs)}`;
  if (!(single.highMs >= hardFloorMs)) return `${says}, before this release was made (${day(hardFloorMs)})`;
  if (single.lowMs > ceilingMs)
    return `${says}, more than 20 years after this release was made (${day(hardFloorMs)})`;
  if (chainFloorMs !== null && single.highMs < chainFloorMs)
    return `${says}, before a public certificate that was seen began (${day(chainFloorMs)})`;
  if (stampMs !== null && single.highMs < stampMs) {
    return source.isAuthenticated
      ? `${says}, before the stamp (${day(stampMs)}); a second authenticated operator would have to agree`
      : `${says}, before the stamp (${day(stampMs)}), and is not authenticated`;
  }
  if (sample.isProvenAt !== null && !sample.isProvenAt(sample.utcMs))
    return `${says}, and its own certificate is not valid then`;
  return null;
}

/** Do two authenticated operators, and the majority of those heard, agree on a time below the stamp? */
function isStampRefuted(heard: readonly Heard[], bounds: Bounds, atMs: number): boolean {
  const { stampMs } = bounds;
  if (stampMs === null) return false;
  const fit = heard
    .filter(({ source }) => source.isAuthenticated)
    .map((one) => ({ one, single: aged(one, atMs) }))
    .filter(({ one, single }) => unfitness(one, single, { ...bounds, stampMs: null }) === null)
    .map(({ single }) => single);
  const { isEnough, interval } = agree(votesOf(fit), false);
  return isEnough && interval !== null && interval.highMs < stampMs;
}

function isProven(single: Single, heard: readonly Heard[], epochMs: number): boolean {
  const { isProvenAt } = heard.find(({ source }) => source === single.source)!.sample;
  return isProvenAt === null || isProvenAt(epochMs);
}

function describeDistance(single: Single, { lowMs, highMs }: Interval): string {
  const distanceMs = single.highMs < lowMs ? single.highMs - lowMs : single.lowMs - highMs;
  return `outside the agreed interval by ${formatSpan(distanceMs)}`;
}
