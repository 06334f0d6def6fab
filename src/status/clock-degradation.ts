// What does not work as it should about the time, in words for a tired person: its state, the system clock, the stamp,
// and how certificates are judged. Pure; what the clock does about it is timesync's business.

import { formatSpan } from '../timesync/span.ts';
import { sinceOf } from './clock-report.ts';
import type { Facts } from './degradation.ts';
import type { ClockReport, Degraded } from './status.ts';
import { formatInstant } from './words.ts';

/** A system clock that is this far off is told; NTP daemons keep it far closer (milliseconds). */
const SYSTEM_CLOCK_OFF_MS = 1000;

/** Of the one thing that is an incident however short it is. */
export const UNTRUSTED_ID = 'clock untrusted';
export const UNTRUSTED_WHAT =
  'the time is not known: names of the world are not resolved, internal names are';

export function clockDegradations(facts: Facts): Degraded[] {
  return [...clockDegradation(facts), ...expiredUpstreams(facts), ...systemClockOff(facts)];
}

function clockDegradation({ clock }: Facts): Degraded[] {
  const { since, sinceMs, reason, lastRound } = clock;
  const evidence = lastRound === null ? reason : `${reason}; last round: ${lastRound}`;
  if (clock.state === 'untrusted') {
    const what = UNTRUSTED_WHAT;
    return [{ id: UNTRUSTED_ID, what, since, sinceMs, evidence, doThis: untrustedAdvice(clock) }];
  }
  if (clock.state === 'holdover') {
    const what = 'the time is carried on from the last agreement of the sources';
    const doThis = 'nothing for seven days; look why the sources do not answer: `noonmark time`';
    return [{ id: 'clock holdover', what, since, sinceMs, evidence, doThis }];
  }
  if (clock.state !== 'provisional') return [];
  // Without time sources, by the owner's choice, or before they were asked, the system clock is all there is.
  if (clock.basis === 'system-clock' && (clock.sources.length === 0 || lastRound === null)) return [];
  const what = 'the time is provisional: nothing confirms it';
  const doThis = `look why the sources do not answer, or do not agree: \`noonmark time\`${setClockAdvice(clock)}`;
  return [{ id: 'clock provisional', what, since, sinceMs, evidence, doThis }];
}

function untrustedAdvice(clock: ClockReport): string {
  const asked = clock.sources.length;
  const sources =
    asked === 0
      ? 'configure time sources by address (time.sources)'
      : 'bring a time source back (`noonmark time` shows why each is silent or refused)';
  return `${sources}, or set the system clock by hand: sudo date -u -s "YYYY-MM-DD HH:MM:SS"; it recovers by itself`;
}

function setClockAdvice({ systemClockOffsetMs }: ClockReport): string {
  if (systemClockOffsetMs === null || Math.abs(systemClockOffsetMs) < SYSTEM_CLOCK_OFF_MS) return '';
  return ', and let chrony or systemd-timesyncd set the system clock';
}

/** Certificates that have really expired, told apart from a wrong clock. */
function expiredUpstreams({ clock, haveUpstreamsExpired }: Facts): Degraded[] {
  if (!haveUpstreamsExpired) return [];
  const ends = clock.witnesses.filter(({ agrees }) => agrees === false);
  const evidence = ends.map(
    ({ who, notBefore, notAfter }) => `${who}: ${notBefore.slice(0, 10)} to ${notAfter.slice(0, 10)}`,
  );
  return [
    {
      id: 'upstream certificates',
      what: "the upstreams' certificates are not valid, and it is not the clock: authenticated sources confirm the time",
      since: clock.since,
      sinceMs: clock.sinceMs,
      evidence: evidence.join('; '),
      doThis: 'tell their operators, or use another upstream meanwhile',
    },
  ];
}

function systemClockOff({ clock, uptimeMs }: Facts): Degraded[] {
  const { systemClockOffsetMs: offMs, systemClock, now, state } = clock;
  if (offMs === null || now === null || Math.abs(offMs) < SYSTEM_CLOCK_OFF_MS) return [];
  const direction = offMs < 0 ? 'behind' : 'ahead';
  const certainty = state === 'provisional' ? ', as far as is known' : '';
  return [
    {
      id: 'clock system',
      what: `the system clock is ${formatSpan(offMs)} ${direction}${certainty}; this server does not mind, other programs on this host do`,
      ...sinceOf(lastStepAgoMs(clock) ?? uptimeMs, clock),
      evidence: `it says ${systemClock === null ? 'no date at all' : formatInstant(systemClock)}, and it is ${formatInstant(now)}`,
      doThis:
        'start chrony or systemd-timesyncd on this host, with servers by address, or ask them why they do not set it',
    },
  ];
}

/** When the system clock was last seen being set; null: never in this life. */
function lastStepAgoMs({ incidents }: ClockReport): number | null {
  return incidents.find(({ what }) => what.startsWith('the system clock was set'))?.agoMs ?? null;
}

export function stampDegradation({ clock }: Facts): Degraded[] {
  const { problem, problemForMs } = clock.stamp;
  if (problem === null) return [];
  return [
    {
      id: 'stamp',
      what: 'the time of the last agreement is not kept for the next power cut',
      ...sinceOf(problemForMs, clock),
      evidence: problem,
      doThis: 'make state_dir a directory that this user can write; it is tried again every hour',
    },
  ];
}

/** Decided once, at the start. */
export function nativeVerification({ clock, verificationProblem, uptimeMs }: Facts): Degraded[] {
  if (verificationProblem === null) return [];
  return [
    {
      id: 'other verification',
      what: 'certificates are judged at the system clock, not at our own time: a wrong system clock stops names of the world',
      ...sinceOf(uptimeMs, clock),
      evidence: verificationProblem,
      doThis: 'run the Node that this project pins (node_modules/.bin/node)',
    },
  ];
}
