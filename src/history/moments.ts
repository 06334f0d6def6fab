// The moments of the history, in words: that the server was started and how its last run ended, that the time became known,
// that a clock was set, that a certificate was renewed. Pure; each compares what was with what is.

import type { ClockStatus } from '../clock/clock.ts';
import { directoryHost, issuedFor } from '../status/certificate-words.ts';
import { rfc3339 } from '../status/clock-report.ts';
import type { Status } from '../status/status.ts';
import { formatAge, formatInstant, stateName } from '../status/words.ts';
import { day, formatSpan } from '../timesync/span.ts';
import type { TimeIncident } from '../timesync/time-report.ts';
import type { Happening } from './incident-log.ts';
import type { Moment } from './life-time.ts';
import type { LifeRecord } from './store.ts';

/** A machine that has run for less when the server starts was switched on just now (milliseconds). */
const JUST_STARTED_MS = 600_000;

export function started(version: string, before: LifeRecord | null, machineUpMs: number): Happening {
  const happening = { kind: 'start', subject: version } as const;
  if (before === null)
    return {
      ...happening,
      what: `the server started (${version})`,
      evidence: 'no run before this one is remembered',
    };
  const seen = dateWords(before.seen);
  if (before.isOver) {
    const change = before.version === version ? '' : `, and was ${before.version} before`;
    const evidence = `the run before this one was stopped ${seen}`;
    return { ...happening, what: `the server started (${version})${change}`, evidence };
  }
  const isMachine = machineUpMs < JUST_STARTED_MS;
  const machine = isMachine
    ? `the machine itself had started ${formatAge(machineUpMs)} before: the power, or a restart of the machine`
    : `the machine had been up for ${formatAge(machineUpMs)}, so it was not the power: a kill, a crash or lack of memory`;
  return {
    ...happening,
    what: 'the server started again without having been stopped',
    evidence: `the run before this one was last heard of ${seen}; ${machine}`,
    doThis: isMachine ? '' : 'look what its last lines in the log say: `journalctl -u noonmark`',
  };
}

export const STOPPED: Happening = {
  kind: 'stop',
  subject: '',
  what: 'the server was stopped',
  evidence: 'it was told to, and finished what it had begun',
};

const KEEPERS: Readonly<Record<TimeIncident['kind'], Pick<Happening, 'kind' | 'subject'>>> = {
  step: { kind: 'step', subject: 'system clock' },
  sleep: { kind: 'sleep', subject: '' },
  stamp: { kind: 'withdrawn', subject: 'stamp' },
};

const KEEPERS_EVIDENCE: Readonly<Record<TimeIncident['kind'], string>> = {
  step: 'our own time runs on without it',
  sleep: 'our own time was put forward by as much, and the sources were asked again',
  stamp: 'the next agreement of the sources writes a new one',
};

/** What the keeper of the time has noticed. */
export function noticed({ kind, what }: TimeIncident): Happening {
  return { ...KEEPERS[kind], what, evidence: KEEPERS_EVIDENCE[kind] };
}

/** What is known of our own time at one moment. */
export interface OwnTime {
  readonly status: Pick<ClockStatus, 'state' | 'basis' | 'reason'>;
  /** When this life began, by it; null while it is not known. */
  readonly beganAtMs: number | null;
}

/** Listeners of the clock are told of jumps beyond this (src/clock/true-clock.ts); milliseconds. */
const STEP_MS = 1000;

/**
 * What a change of our own time is.
 * @param lastKnown the last one that was not untrusted; null: there was none in this life
 * @param wasAgreed sources had agreed since it was last untrusted
 */
export function timeChanged(now: OwnTime, lastKnown: OwnTime | null, wasAgreed: boolean): Happening[] {
  const { status, beganAtMs } = now;
  if (beganAtMs === null) return [];
  const stepMs = beganAtMs - (lastKnown?.beganAtMs ?? beganAtMs);
  const steps: Happening[] =
    Math.abs(stepMs) <= STEP_MS
      ? []
      : [
          {
            ...{ kind: 'step', subject: 'own time' },
            what: `our own time was corrected by ${formatSpan(stepMs)}, ${stepMs > 0 ? 'forwards' : 'backwards'}`,
            evidence: `it was ${stateName(lastKnown!.status)}, and is ${stateName(status)}: ${status.reason}`,
          },
        ];
  if (status.state !== 'synchronized' || wasAgreed) return steps;
  const what = 'the time is known: sources agree on it';
  return [...steps, { kind: 'time', subject: 'synchronized', what, evidence: status.reason }];
}

/** Certificates that a CA has issued since: `known` has the dates of the last success as they were, by names. */
export function renewed(
  { issuances, certificates }: Status,
  known: ReadonlyMap<string, string>,
): Happening[] {
  return issuances
    .filter((one) => one.lastSuccess !== null && known.get(one.names.join(' ')) !== one.lastSuccess)
    .map((one) => {
      const certificate = issuedFor(one, certificates, issuances);
      const end = certificate === undefined ? '' : `; it ends on ${day(Date.parse(certificate.notAfter))}`;
      return {
        ...{ kind: 'renewed', subject: one.names[0] ?? '' },
        what: `a new certificate for ${one.names.join(', ')} was issued`,
        evidence: `by ${directoryHost(one)}, by ${one.challenge}${end}`,
      };
    });
}

export function successesOf({ issuances }: Status): ReadonlyMap<string, string> {
  return new Map(
    issuances.flatMap(({ names, lastSuccess }) =>
      lastSuccess === null ? [] : [[names.join(' '), lastSuccess]],
    ),
  );
}

function dateWords({ dateMs, isSure }: Moment): string {
  const date = dateMs === null ? null : rfc3339(dateMs);
  if (date === null) return 'at a time that was not known';
  return isSure
    ? `on ${formatInstant(date)}`
    : `about ${formatInstant(date)} (no sources had agreed on the time)`;
}
