// What does not work as it should, in words for a tired person: what, since when, on what evidence, and what to do.
// Pure; the facts come from all over the house, the sentences are all here.

import type { ListReport } from '../lists/list.ts';
import type { ForwardState } from '../resolver/forward-zones.ts';
import { formatSpan } from '../timesync/span.ts';
import type { UpstreamState } from '../upstream/pool.ts';
import type { CertificateReport, ClockReport, Degraded } from './status.ts';
import { formatInstant } from './words.ts';

export interface Facts {
  readonly clock: ClockReport;
  readonly upstreams: readonly UpstreamState[];
  readonly forwards: readonly ForwardState[];
  readonly lists: readonly ListReport[];
  readonly certificate: CertificateReport | null;
  readonly waiting: readonly { readonly listen: string; readonly address: string; readonly reason: string }[];
  /** How certificates of peers are judged; null: as they should be. */
  readonly verificationProblem: string | null;
  /** Two authenticated operators say the time that the upstreams' certificates deny. */
  readonly haveUpstreamsExpired: boolean;
  readonly uptimeMs: number;
}

/** A system clock that is this far off is told; NTP daemons keep it far closer (milliseconds). */
const SYSTEM_CLOCK_OFF_MS = 1000;
/** A prefix between octets has up to 128 reverse zones; so many are named, and then "…". */
const ZONES_NAMED_MAX = 3;

/** Why names of the world cannot be resolved; empty: they can. */
export function notReadyReasons({ clock, upstreams }: Pick<Facts, 'clock' | 'upstreams'>): string[] {
  if (upstreams.length === 0) return ['no upstream is configured'];
  if (clock.state === 'untrusted') return [`the clock is untrusted: ${clock.reason}`];
  if (upstreams.some(({ isUsable }) => isUsable)) return [];
  return upstreams.map(({ url, problem }) => problem ?? `${url} cannot be used`);
}

export function degradationsOf(facts: Facts): Degraded[] {
  return [
    ...clockDegradation(facts),
    ...expiredUpstreams(facts),
    ...systemClockOff(facts),
    ...upstreamDegradations(facts),
    ...forwardDegradations(facts),
    ...listDegradations(facts),
    ...stampDegradation(facts),
    ...certificateDegradation(facts),
    ...waitingAddresses(facts),
    ...nativeVerification(facts),
  ];
}

function clockDegradation({ clock }: Facts): Degraded[] {
  const { since, sinceMs, reason, lastRound } = clock;
  const evidence = lastRound === null ? reason : `${reason}; last round: ${lastRound}`;
  if (clock.state === 'untrusted') {
    const what = 'the time is not known: names of the world are not resolved, internal names are';
    return [{ what, since, sinceMs, evidence, doThis: untrustedAdvice(clock) }];
  }
  if (clock.state === 'holdover') {
    const what = 'the time is carried on from the last agreement of the sources';
    const doThis = 'nothing for seven days; look why the sources do not answer: `noonmark time`';
    return [{ what, since, sinceMs, evidence, doThis }];
  }
  if (clock.state !== 'provisional') return [];
  // Without time sources, by the owner's choice, or before they were asked, the system clock is all there is.
  if (clock.basis === 'system-clock' && (clock.sources.length === 0 || lastRound === null)) return [];
  const what = 'the time is provisional: everything works, but nothing confirms it';
  const doThis = `look why the sources do not answer, or do not agree: \`noonmark time\`${setClockAdvice(clock)}`;
  return [{ what, since, sinceMs, evidence, doThis }];
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
      what: `the system clock is ${formatSpan(offMs)} ${direction}${certainty}; this server does not mind, other programs on this host do`,
      since: null,
      sinceMs: lastStepAgoMs(clock) ?? uptimeMs,
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

function upstreamDegradations({ upstreams, clock, uptimeMs }: Facts): Degraded[] {
  if (clock.state === 'untrusted') return [];
  return upstreams
    .filter(({ isUsable }) => !isUsable)
    .map(({ url, problem }) => ({
      what: `the upstream ${url} does not work`,
      since: null,
      sinceMs: uptimeMs,
      evidence: problem ?? 'its last exchanges failed',
      doThis: 'it is tried every second; look at the network, or add a second upstream of another operator',
    }));
}

/** Whatever the clock says: nobody is verified there. */
function forwardDegradations({ forwards, uptimeMs }: Facts): Degraded[] {
  return forwards
    .filter(({ servers }) => servers.every(({ isUsable }) => !isUsable))
    .map(({ zones, servers }) => {
      const named =
        zones.slice(0, ZONES_NAMED_MAX).join(', ') + (zones.length > ZONES_NAMED_MAX ? ', …' : '');
      return {
        what: `names of ${named} are not answered: no resolver that they are forwarded to works`,
        since: null,
        sinceMs: uptimeMs,
        evidence: servers.map(({ url, problem }) => problem ?? url).join('; '),
        doThis:
          'they are tried every second; look at that resolver, or add the address of another under `forward`',
      };
    });
}

function listDegradations({ lists, uptimeMs }: Facts): Degraded[] {
  return lists.flatMap(({ name, problem, entries, source }) => {
    if (problem === null) return [];
    const consequence = entries === 0 ? 'is not in use' : 'is an old one';
    return [
      {
        what: `the list "${name}" ${consequence}`,
        since: null,
        sinceMs: uptimeMs,
        evidence: `${source}: ${problem}`,
        doThis:
          'it is read again by itself; look at the file or at whoever publishes it, or take it out of `filter.lists`',
      },
    ];
  });
}

function stampDegradation({ clock, uptimeMs }: Facts): Degraded[] {
  const { problem } = clock.stamp;
  if (problem === null) return [];
  return [
    {
      what: 'the time of the last agreement is not kept for the next power cut',
      since: null,
      sinceMs: uptimeMs,
      evidence: problem,
      doThis: 'make state_dir a directory that this user can write; it is tried again every hour',
    },
  ];
}

function certificateDegradation({ certificate, uptimeMs }: Facts): Degraded[] {
  if (certificate === null || certificate.problem === null) return [];
  return [
    {
      what: 'the certificate that DoT and DoH show is not valid now; strict clients refuse it',
      since: null,
      sinceMs: uptimeMs,
      evidence: certificate.problem,
      doThis: `renew it; it is read again at once (${certificate.renewal})`,
    },
  ];
}

function waitingAddresses({ waiting, uptimeMs }: Facts): Degraded[] {
  return waiting.map(({ listen, address, reason }) => {
    const [evidence, advice] = reason.split('; ', 2) as [string, string?];
    return {
      what: `nothing answers on ${address} (${listen})`,
      since: null,
      sinceMs: uptimeMs,
      evidence,
      doThis: advice === undefined ? 'it is tried every second' : `${advice}; it is tried every second`,
    };
  });
}

function nativeVerification({ verificationProblem, uptimeMs }: Facts): Degraded[] {
  if (verificationProblem === null) return [];
  return [
    {
      what: 'certificates are judged at the system clock, not at our own time: a wrong system clock stops names of the world',
      since: null,
      sinceMs: uptimeMs,
      evidence: verificationProblem,
      doThis: 'run the Node that this project pins (node_modules/.bin/node)',
    },
  ];
}
