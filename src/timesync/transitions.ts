// The states of the clock and what moves it from one to another: one pure function (docs/time.md has the table).
// It is asked after each round of the sources, and between rounds when something else has changed.

import { agedBase, type Base, type Reading } from '../clock/true-clock.ts';
import { type CandidateInputs, chooseCandidate } from './candidates.ts';
import type { Selection } from './selection.ts';
import { formatSpan } from './span.ts';
import type { Judgement } from './witnesses.ts';

/** Rounds in a row without enough, after which `synchronized` becomes `holdover`. */
export const ROUNDS_TO_HOLDOVER = 3;
/** How long a holdover counts as that (milliseconds). */
export const HOLDOVER_MS = 7 * 86_400_000;
/** How far a new agreement may be from our own time, uncertainty apart, and simply be taken (milliseconds). */
export const TOLERANCE_MS = 1000;
/** A dissent that nobody has authenticated is followed when it lasts this long, over this many rounds. */
export const DISSENT = { rounds: 8, lastsMs: 3_600_000 } as const;
/** Authenticated operators whose word outweighs the certificates of upstreams. */
export const OPERATORS_OVER_WITNESSES = 2;

/** A new agreement that is far from our own time, and has not been followed yet. */
export interface Dissent {
  readonly base: Base;
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  readonly rounds: number;
}

/** All that has to be remembered between two judgements. */
export interface ClockMemory {
  readonly reading: Reading;
  readonly roundsWithoutEnough: number;
  /** Monotonic instant of the last agreement; null: there was none in this life. */
  readonly agreedAtMs: number | null;
  /** Two authenticated operators agreed with the present time, against the certificates. */
  readonly outweighsWitnesses: boolean;
  readonly dissent: Dissent | null;
}

export interface Evidence extends CandidateInputs {
  /** The round that has just ended; null: something else has changed. */
  readonly selection: Selection | null;
}

export const firstMemory = (base: Base): ClockMemory => ({
  reading: { state: 'untrusted', basis: null, reason: 'the time has not been judged yet', base },
  roundsWithoutEnough: 0,
  agreedAtMs: null,
  outweighsWitnesses: false,
  dissent: null,
});

/** What the clock is to say from now on. */
export function judgeClock(memory: ClockMemory, evidence: Evidence): ClockMemory {
  const { selection } = evidence;
  const agreed = selection === null ? null : agreementOf(selection, evidence.judge);
  const { state } = memory.reading;
  const wasAgreed = state === 'synchronized' || state === 'holdover';
  if (agreed !== null && !wasAgreed) return synchronize(agreed);
  if (agreed !== null) return compare(memory, agreed, evidence);
  if (wasAgreed) return carryOn(memory, evidence);
  return fallBack(memory, evidence);
}

interface AgreedTime {
  readonly base: Base;
  readonly verdict: string;
  readonly authenticatedVotes: number;
  readonly judgement: Judgement;
}

/** A selection that may move the time: enough, and not vetoed by the certificates. */
function agreementOf(selection: Selection, judge: (epochMs: number) => Judgement): AgreedTime | null {
  const { isEnough, epochMs, uncertaintyMs, atMs, verdict, authenticatedVotes } = selection;
  if (!isEnough || epochMs === null) return null;
  const judgement = judge(epochMs);
  if (judgement === 'contradicted' && authenticatedVotes < OPERATORS_OVER_WITNESSES) return null;
  return { base: { epochMs, uncertaintyMs, atMs }, verdict, authenticatedVotes, judgement };
}

/** Is this selection enough, and kept from moving the time by the certificates alone? */
export function isVetoed(selection: Selection, judge: (epochMs: number) => Judgement): boolean {
  return selection.isEnough && agreementOf(selection, judge) === null;
}

function synchronize({ base, verdict, judgement }: AgreedTime): ClockMemory {
  const expired = judgement === 'contradicted';
  const reason = expired ? `${verdict}, so it is the upstreams' certificates that have expired` : verdict;
  return {
    reading: { state: 'synchronized', basis: null, reason, base },
    roundsWithoutEnough: 0,
    agreedAtMs: base.atMs,
    outweighsWitnesses: expired,
    dissent: null,
  };
}

/** A new agreement while an old one stands: time does not jump while monotonic time runs. */
function compare(memory: ClockMemory, agreed: AgreedTime, { judge, nowMs }: Evidence): ClockMemory {
  const present = agedBase(memory.reading.base, agreed.base.atMs);
  if (isSameTime(present, agreed.base)) return synchronize(agreed);
  const dissent = continuedDissent(memory.dissent, agreed.base);
  const isConfirmed = dissent.rounds >= 2;
  const isOld = dissent.rounds >= DISSENT.rounds && nowMs - dissent.sinceMs >= DISSENT.lastsMs;
  const isPresentContradicted =
    isHeldContradicted(memory, present, judge) && agreed.judgement !== 'contradicted';
  if (isOld || (isConfirmed && (agreed.authenticatedVotes > 0 || isPresentContradicted)))
    return synchronize(agreed);
  const away = formatSpan(agreed.base.epochMs - present.epochMs);
  const reason = `${withoutDissent(memory.reading.reason)} (the sources now say a time ${away} away, which is not believed yet)`;
  return { ...memory, reading: { ...memory.reading, reason }, roundsWithoutEnough: 0, dissent };
}

/** Do the certificates speak against the time that is held, and has nobody with more weight spoken for it? */
function isHeldContradicted(memory: ClockMemory, held: Base, judge: Evidence['judge']): boolean {
  return !memory.outweighsWitnesses && judge(held.epochMs) === 'contradicted';
}

function withoutDissent(reason: string): string {
  return reason.replace(/ \(the sources now say [^)]*\)$/, '');
}

function isSameTime(a: Base, b: Base): boolean {
  const distanceMs = Math.abs(agedBase(a, b.atMs).epochMs - b.epochMs);
  return distanceMs <= agedBase(a, b.atMs).uncertaintyMs + b.uncertaintyMs + TOLERANCE_MS;
}

function continuedDissent(before: Dissent | null, base: Base): Dissent {
  if (before === null || !isSameTime(before.base, base)) return { base, sinceMs: base.atMs, rounds: 1 };
  return { base, sinceMs: before.sinceMs, rounds: before.rounds + 1 };
}

/** Not enough, and an agreement stands: it is held on to, unless the certificates say that it is wrong. */
function carryOn(memory: ClockMemory, evidence: Evidence): ClockMemory {
  const { nowMs, judge, selection } = evidence;
  const present = agedBase(memory.reading.base, nowMs);
  const isAged = nowMs - (memory.agreedAtMs ?? nowMs) >= HOLDOVER_MS;
  if (isAged || isHeldContradicted(memory, present, judge))
    return fallBack(memory, { ...evidence, lastQuorum: present });
  if (selection === null) return memory;
  const roundsWithoutEnough = memory.roundsWithoutEnough + 1;
  const carried = { ...memory, roundsWithoutEnough };
  if (memory.reading.state === 'holdover' || roundsWithoutEnough < ROUNDS_TO_HOLDOVER) return carried;
  const reason = `${ROUNDS_TO_HOLDOVER} rounds without enough time sources (${selection.verdict}); the time is carried on from the last agreement`;
  return { ...carried, reading: { ...memory.reading, state: 'holdover', basis: null, reason } };
}

/** The best candidate that is left, or none. */
function fallBack(memory: ClockMemory, evidence: Evidence): ClockMemory {
  const lastQuorum =
    evidence.lastQuorum ?? (memory.reading.basis === 'last-quorum' ? memory.reading.base : null);
  // Two authenticated operators spoke for it against the certificates; that they are silent now takes nothing back.
  const outweighsWitnesses = memory.outweighsWitnesses && lastQuorum !== null;
  const judge = outweighsWitnesses ? () => 'unjudged' as const : evidence.judge;
  const chosen = chooseCandidate({ ...evidence, lastQuorum, judge });
  const kept = { ...memory, roundsWithoutEnough: 0, outweighsWitnesses, dissent: null };
  if (chosen.basis !== null) {
    const { basis, base, reason } = chosen;
    return { ...kept, reading: { state: 'provisional', basis, reason, base } };
  }
  const base = agedBase(memory.reading.base, evidence.nowMs);
  return { ...kept, reading: { state: 'untrusted', ...chosen, base } };
}
