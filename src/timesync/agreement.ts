// The rules by which votes become a time (docs/time.md, Selection): who may decide, and how many it takes.
// A minority never does, and plain NTP never outvotes authenticated truth. Pure, and knows neither floor nor clock.

import { clamped, clipped, type Interval, largestOverlap, majorityStretch, overlaps } from './intervals.ts';
import type { TimeSource } from './source.ts';

/** A single sample that is fit to be believed, aged to the instant of the selection. */
export interface Single extends Interval {
  readonly source: TimeSource;
  readonly epochMs: number;
  readonly uncertaintyMs: number;
  /** How many votes say the same, itself included. */
  readonly agreeing: number;
}

/** Votes that are enough where none is authenticated: the fewest of which one may lie. */
export const PLAIN_VOTES_ENOUGH = 3;
/** Votes that are enough where one of them is authenticated. */
export const MIXED_VOTES_ENOUGH = 2;

/** One vote: an address, or all of an operator's. */
interface Vote extends Interval {
  readonly name: string;
  readonly isAuthenticated: boolean;
  readonly isTrusted: boolean;
  readonly singles: readonly Single[];
}

/**
 * Merges the samples of one vote: the authenticated ones where there are any, and of those what most say. An operator
 * whose servers contradict each other, none of them in the majority, has no vote.
 */
export function votesOf(singles: readonly Single[]): Vote[] {
  const byName = Map.groupBy(singles, ({ source }) => source.vote);
  return [...byName].flatMap(([name, all]) => {
    const authenticated = all.filter(({ source }) => source.isAuthenticated);
    const counted = authenticated.length > 0 ? authenticated : all;
    const stretch = majorityStretch(counted);
    if (stretch === null) return [];
    const members = counted.filter((one) => overlaps(one, stretch));
    return {
      name,
      ...stretch,
      isAuthenticated: authenticated.length > 0,
      isTrusted: members.some(({ source }) => source.isTrusted),
      singles: members,
    };
  });
}

export interface Agreement {
  readonly isEnough: boolean;
  readonly verdict: string;
  readonly interval: Interval | null;
  readonly epochMs: number | null;
  readonly uncertaintyMs: number;
  readonly authenticatedVotes: number;
  readonly kept: ReadonlySet<Single>;
}

/** The rules of docs/time.md, Selection, in their order. */
export function agree(votes: readonly Vote[], heedsTrust: boolean): Agreement {
  if (votes.length === 0) return nobody('no source gave an answer that is fit');
  const authenticated = votes.filter(({ isAuthenticated }) => isAuthenticated);
  const trusted = heedsTrust ? trustedAgreement(votes, authenticated) : null;
  if (trusted !== null) return trusted;
  if (authenticated.length >= 2) return authenticatedAgreement(votes, authenticated);
  if (authenticated.length === 1) return mixedAgreement(votes, authenticated[0]!);
  return plainAgreement(votes);
}

/** A trusted source decides alone, unless an authenticated one says otherwise; of several, their strict majority. */
function trustedAgreement(votes: readonly Vote[], authenticated: readonly Vote[]): Agreement | null {
  const trusted = votes.filter(({ isTrusted }) => isTrusted);
  const decided = majorityStretch(trusted);
  if (decided === null) return null;
  if (authenticated.some((vote) => !overlaps(vote, decided))) return null;
  const names = trusted.filter((vote) => overlaps(vote, decided)).map(({ name }) => name);
  const verdict = `the trusted source ${names.join(', ')} says so, and no authenticated one otherwise`;
  return reached(narrowed(decided, authenticated), votes, true, verdict);
}

function authenticatedAgreement(votes: readonly Vote[], authenticated: readonly Vote[]): Agreement {
  const decided = majorityStretch(authenticated);
  if (decided === null) return nobody(`the ${authenticated.length} authenticated sources do not agree`);
  const count = largestOverlap(authenticated)!.members.length;
  return reached(decided, votes, true, `${count} of ${authenticated.length} authenticated sources agree`);
}

function mixedAgreement(votes: readonly Vote[], authenticated: Vote): Agreement {
  const agreeing = votes.filter((vote) => overlaps(vote, authenticated)).length;
  const isEnough = agreeing >= MIXED_VOTES_ENOUGH;
  const verdict = isEnough
    ? `the authenticated source ${authenticated.name} and ${agreeing - 1} of ${votes.length - 1} plain ones agree`
    : votes.length === 1
      ? `${authenticated.name} is the only source that answered; a second one is needed`
      : `no other source agrees with the authenticated source ${authenticated.name}`;
  return reached(authenticated, votes, isEnough, verdict);
}

function plainAgreement(votes: readonly Vote[]): Agreement {
  const decided = majorityStretch(votes);
  const count = largestOverlap(votes)!.members.length;
  if (decided === null) return nobody(`no majority: at most ${count} of ${votes.length} sources agree`);
  const isEnough = count >= PLAIN_VOTES_ENOUGH;
  const verdict = isEnough
    ? `${count} of ${votes.length} sources agree; none is authenticated`
    : `${count} of ${votes.length} sources agree; without an authenticated one it takes ${PLAIN_VOTES_ENOUGH}`;
  return reached(decided, votes, isEnough, verdict);
}

/** Plain NTP may narrow what was decided, by its own majority; everybody who overlaps the outcome is kept. */
function reached(decided: Interval, votes: readonly Vote[], isEnough: boolean, verdict: string): Agreement {
  const plain = votes.filter(({ isAuthenticated }) => !isAuthenticated);
  const { lowMs, highMs } = narrowed(decided, plain);
  const interval = { lowMs, highMs };
  const kept = votes.filter((vote) => overlaps(vote, interval)).map((vote) => within(vote, interval));
  const epochMs = clamped(referenceOf(kept).epochMs, interval);
  const authenticated = kept.filter(({ isAuthenticated }) => isAuthenticated);
  return {
    isEnough,
    verdict,
    interval,
    epochMs,
    uncertaintyMs: Math.max(highMs - epochMs, epochMs - lowMs),
    authenticatedVotes: largestOverlap(authenticated)?.members.length ?? 0,
    kept: new Set(kept.flatMap(({ singles }) => singles)),
  };
}

/** What more than half of the votes say inside an interval; the whole of it where no majority says anything. */
function narrowed(interval: Interval, votes: readonly Vote[]): Interval {
  const inside = votes.filter((vote) => overlaps(vote, interval)).map((vote) => clipped(vote, interval));
  return majorityStretch(inside, votes.length) ?? interval;
}

/** Whose offset is used: the preferred source, else the most exact one where most overlap. */
function referenceOf(kept: readonly Vote[]): Single {
  const preferred = kept.flatMap(({ singles }) => singles).filter(({ source }) => source.isPreferred);
  if (preferred.length > 0) return mostExact(preferred);
  const stretch = largestOverlap(kept)!;
  return mostExact(stretch.members.flatMap((vote) => within(vote, stretch).singles));
}

/** A vote as far as it lies in an interval that it overlaps, with those of its samples that do; there is one always. */
function within(vote: Vote, interval: Interval): Vote {
  const singles = vote.singles.filter((single) => overlaps(single, interval));
  return { ...clipped(vote, interval), singles };
}

function mostExact(singles: readonly Single[]): Single {
  return singles.toSorted((a, b) => a.uncertaintyMs - b.uncertaintyMs || a.epochMs - b.epochMs)[0]!;
}

function nobody(verdict: string): Agreement {
  return {
    isEnough: false,
    verdict,
    interval: null,
    epochMs: null,
    uncertaintyMs: Number.POSITIVE_INFINITY,
    authenticatedVotes: 0,
    kept: new Set(),
  };
}
