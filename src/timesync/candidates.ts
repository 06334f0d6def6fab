// Which time to go by when not enough sources agree: the first candidate, in a fixed order, that no certificate
// contradicts (docs/time.md). Pure. TLS is judged strictly at the candidate, so a wrong one fails closed.

import { FLOOR_SLACK_MS } from '../clock/hard-floor.ts';
import { agedBase, type Base } from '../clock/true-clock.ts';
import type { Single } from './agreement.ts';
import { overlaps } from './intervals.ts';
import type { Bounds } from './selection.ts';
import { day } from './span.ts';
import type { Judgement } from './witnesses.ts';

export interface CandidateInputs {
  readonly bounds: Bounds;
  /** Monotonic milliseconds. */
  readonly nowMs: number;
  /** Milliseconds since 1970. */
  readonly systemClockMs: number;
  /** The time of a holdover that has run out; null: there was none. */
  readonly lastQuorum: Base | null;
  /** Samples that may be believed alone, best first. */
  readonly singles: readonly Single[];
  /** Why no source has answered, for the reason. */
  readonly noSample: string;
  /** The stamp, carried on from the instant at which it was read; null: there is none. */
  readonly stamp: Base | null;
  readonly judge: (epochMs: number) => Judgement;
  /** What the certificates of upstreams say against a time, in words. */
  readonly testimony?: (epochMs: number) => string;
}

export type Basis = 'last-quorum' | 'system-clock' | 'one-source' | 'stamp';

export interface Candidate {
  readonly basis: Basis;
  readonly base: Base;
  /** One sentence, what the time is taken from. */
  readonly reason: string;
}

export interface NoCandidate {
  readonly basis: null;
  /** The reasons why there is none, in one sentence. */
  readonly reason: string;
  /** What the certificates say against those that there were. */
  readonly contradiction?: string | undefined;
}

/** The candidate to go by, or the reasons why there is none. */
export function chooseCandidate(inputs: CandidateInputs): Candidate | NoCandidate {
  const objections: string[] = [];
  let contradiction: string | undefined;
  for (const look of [lastQuorum, systemClock, oneSource, stamp]) {
    for (const found of look(inputs)) {
      if (typeof found === 'string') objections.push(found);
      else if (inputs.judge(found.base.epochMs) !== 'contradicted') return found;
      else {
        contradiction =
          inputs.testimony?.(found.base.epochMs) ?? "the upstreams' certificates are not valid then";
        objections.push(`${NAMES[found.basis]} ${day(found.base.epochMs)}, but ${contradiction}`);
      }
    }
  }
  return { basis: null, reason: [...new Set(objections)].join('; '), contradiction };
}

const NAMES: Readonly<Record<Basis, string>> = {
  'last-quorum': 'the last agreement of the sources leads to',
  'system-clock': 'the system clock says',
  'one-source': 'a time source says',
  stamp: 'the stamp says',
};

type Look = (inputs: CandidateInputs) => (Candidate | string)[];

const lastQuorum: Look = ({ lastQuorum: base, nowMs }) =>
  base === null
    ? []
    : [
        {
          basis: 'last-quorum',
          base: agedBase(base, nowMs),
          reason: 'the time is carried on from when the sources last agreed',
        },
      ];

const systemClock: Look = ({ systemClockMs, bounds, nowMs }) => {
  const objection = systemClockObjection(systemClockMs, bounds);
  if (objection !== null) return [objection];
  const base = { epochMs: systemClockMs, uncertaintyMs: Number.POSITIVE_INFINITY, atMs: nowMs };
  const reason = `the system clock says ${day(systemClockMs)}, which is plausible; the time sources have not confirmed it`;
  return [{ basis: 'system-clock', base, reason }];
};

const oneSource: Look = ({ singles, nowMs, noSample }) => {
  if (singles.length === 0) return [noSample];
  // Where an authenticated source has spoken, no plain one is believed against it: it may be an accomplice of whoever
  // shows us a stolen certificate, and that is all that speaks against the authenticated one.
  const authenticated = singles.filter(({ source }) => source.isAuthenticated);
  const isDisputed = (single: Single) =>
    authenticated.length > 0 && !authenticated.some((other) => overlaps(other, single));
  return singles.map((single) => {
    const { source, epochMs, lowMs, highMs } = single;
    if (isDisputed(single))
      return `${source.peer} says ${day(epochMs)}, and an authenticated source another time`;
    const reason = `the time is taken from ${source.peer} alone; more sources would have to agree for certainty`;
    const uncertaintyMs = Math.max(highMs - epochMs, epochMs - lowMs); // the asymmetry of paths included
    return { basis: 'one-source', base: { epochMs, uncertaintyMs, atMs: nowMs }, reason };
  });
};

const stamp: Look = ({ stamp: base, nowMs }) =>
  base === null
    ? ['there is no stamp of an earlier time']
    : [
        {
          basis: 'stamp',
          base: { ...agedBase(base, nowMs), uncertaintyMs: Number.POSITIVE_INFINITY },
          reason: `the time is carried on from what was written down on ${day(base.epochMs)}, before the restart`,
        },
      ];

/** Why the system clock cannot be right; null when it may be. */
export function systemClockObjection(epochMs: number, bounds: Bounds): string | null {
  const { hardFloorMs, stampMs, chainFloorMs, ceilingMs } = bounds;
  const says = `the system clock says ${day(epochMs)}`;
  const floors: [number | null, string][] = [
    [hardFloorMs, 'before this release was made'],
    [chainFloorMs, 'before a public certificate that was seen began'],
    [stampMs, 'before the stamp'],
  ];
  for (const [floorMs, because] of floors) {
    // A fake hardware clock restores the last hour before the power cut: hence the slack.
    if (floorMs !== null && !(epochMs >= floorMs - FLOOR_SLACK_MS))
      return `${says}, ${because} (${day(floorMs)})`;
  }
  if (epochMs > ceilingMs)
    return `${says}, more than 20 years after this release was made (${day(hardFloorMs)})`;
  return null;
}
