// What the keeper knows, as the status has it: times become RFC 3339 texts, infinities null, and every configured source
// a row, those that never answered too. Pure.

import type { TimeReport } from '../timesync/time-report.ts';
import type { ClockReport, Degraded, SourceReport, WitnessReport } from './status.ts';

export function clockReport(report: TimeReport): ClockReport {
  const { status, now, nowMs, systemClockMs, bounds, lastRoundAtMs } = report;
  const sinceMs = nowMs - status.sinceMs;
  return {
    state: status.state,
    basis: status.basis,
    reason: status.reason,
    since: now === null ? null : rfc3339(now.epochMs - sinceMs),
    sinceMs,
    now: now === null ? null : rfc3339(now.epochMs),
    uncertaintyMs: now !== null && Number.isFinite(now.uncertaintyMs) ? now.uncertaintyMs : null,
    systemClock: rfc3339(systemClockMs),
    systemClockOffsetMs: now === null ? null : systemClockMs - now.epochMs,
    ...floorOf(report),
    ceiling: rfc3339(bounds.ceilingMs)!,
    interval: intervalOf(report),
    lastRound: lastRoundAtMs === null ? null : report.verdict,
    lastRoundAgoMs: lastRoundAtMs === null ? null : nowMs - lastRoundAtMs,
    nextRoundInMs: Math.max(0, report.nextRoundAtMs - nowMs),
    sources: [...sourcesOf(report), ...report.unresolved.map(unresolvedRow)],
    get witnesses() {
      return witnessesOf(report); // each is a chain to verify, and the status is asked for every second
    },
    stamp: {
      at: report.stamp.epochMs === null ? null : rfc3339(report.stamp.epochMs),
      problem: report.stamp.problem,
      problemForMs: report.stamp.problemAtMs === null ? null : nowMs - report.stamp.problemAtMs,
    },
    incidents: report.incidents.map(({ atMs, what }) => ({ agoMs: nowMs - atMs, what })),
  };
}

/** Since when something has lasted for `forMs` (null: it has just begun), with a date where one can be believed. */
export function sinceOf(forMs: number | null, { now }: ClockReport): Pick<Degraded, 'since' | 'sinceMs'> {
  const sinceMs = forMs ?? 0;
  return { since: now === null ? null : rfc3339(Date.parse(now) - sinceMs), sinceMs };
}

/** RFC 3339; null for an instant that no calendar holds. */
export function rfc3339(epochMs: number): string | null {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function floorOf({ bounds }: TimeReport): Pick<ClockReport, 'floor' | 'floorReason'> {
  const floors = [
    { atMs: bounds.hardFloorMs, reason: 'the date of this release' },
    { atMs: bounds.stampMs ?? 0, reason: 'the stamp of the last agreement' },
    { atMs: bounds.chainFloorMs ?? 0, reason: 'the beginning of a public certificate that was seen' },
  ];
  const highest = floors.reduce((a, b) => (b.atMs > a.atMs ? b : a));
  return { floor: rfc3339(highest.atMs)!, floorReason: highest.reason };
}

function intervalOf({ interval, now }: TimeReport): ClockReport['interval'] {
  if (interval === null || now === null) return null;
  return { fromMs: interval.lowMs - now.epochMs, toMs: interval.highMs - now.epochMs };
}

function sourcesOf({ sources, opinions, now, nowMs, systemClockMs }: TimeReport): SourceReport[] {
  const ourMs = now?.epochMs ?? systemClockMs;
  return sources.map(({ source, sample, lastSample, failure }) => {
    const opinion = opinions.find((one) => one.source === source);
    const ageMs = lastSample === null ? 0 : nowMs - lastSample.atMs;
    return {
      url: source.url,
      peer: source.peer,
      operator: source.vote,
      authenticated: source.isAuthenticated,
      preferred: source.isPreferred,
      trusted: source.isTrusted,
      offsetMs: lastSample === null ? null : lastSample.utcMs + ageMs - ourMs,
      boundMs: lastSample?.boundMs ?? null,
      delayMs: lastSample?.delayMs ?? null,
      kept: sample !== null && (opinion?.isKept ?? false),
      reason: (sample === null ? failure : opinion?.reason) ?? 'not asked yet',
      lastAt: lastSample === null || now === null ? null : rfc3339(now.epochMs - ageMs),
      lastAgoMs: lastSample === null ? null : ageMs,
    };
  });
}

function unresolvedRow({ url, reason }: { readonly url: string; readonly reason: string }): SourceReport {
  return {
    url,
    peer: url,
    operator: url,
    authenticated: false,
    preferred: false,
    trusted: false,
    offsetMs: null,
    boundMs: null,
    delayMs: null,
    kept: false,
    reason: `not asked: ${reason}`,
    lastAt: null,
    lastAgoMs: null,
  };
}

function witnessesOf({ witnesses, now, nowMs }: TimeReport): WitnessReport[] {
  return witnesses.map(({ who, notBeforeMs, notAfterMs, isValidAt, heardAtMs }) => ({
    who,
    notBefore: rfc3339(notBeforeMs) ?? '',
    notAfter: rfc3339(notAfterMs) ?? '',
    agrees: now === null ? null : isValidAt(now.epochMs),
    lastAgoMs: nowMs - heardAtMs,
  }));
}
