// What does not work as it should, in words for a tired person: what, since when, on what evidence, and what to do.
// Pure; the facts come from all over the house, and the sentences are all here, those about the time in
// clock-degradation.ts, those about certificates in certificate-degradation.ts. Each part knows best since when it has
// been in disorder.

import type { ListReport } from '../lists/list.ts';
import type { ForwardState } from '../resolver/forward-zones.ts';
import type { NameFileReport } from '../resolver/local/name-file.ts';
import type { FilesProblem } from '../tls/certificate-files.ts';
import type { FurtherProblem } from '../tls/further-certificates.ts';
import type { UpstreamState } from '../upstream/pool.ts';
import { type AccessProblem, accessDegradations } from './access-degradation.ts';
import { certificateDegradations } from './certificate-degradation.ts';
import { clockDegradations, nativeVerification, stampDegradation } from './clock-degradation.ts';
import { sinceOf } from './clock-report.ts';
import { type NotifyReport, notifyDegradations, type OutboxProblem } from './notify-degradation.ts';
import type { CertificateReport, ClockReport, Degraded, IssuanceStatus, Status } from './status.ts';
import { plural, zonesNamed } from './words.ts';

export interface Facts {
  readonly clock: ClockReport;
  readonly upstreams: readonly UpstreamState[];
  readonly forwards: readonly ForwardState[];
  readonly lists: readonly ListReport[];
  readonly nameFiles: readonly NameFileReport[];
  /** The one for everybody first; empty: nothing is served yet. */
  readonly certificates: readonly CertificateReport[];
  readonly issuances: readonly IssuanceStatus[];
  /** Of the certificate files that the owner named. */
  readonly filesProblem: FilesProblem | null;
  readonly furtherProblems: readonly FurtherProblem[];
  readonly waiting: Status['waiting'];
  readonly reloadFailure: ReloadFailure | null;
  /** Files of `admin` that cannot be used. */
  readonly accessProblems: readonly AccessProblem[];
  /** Ways to tell people of troubles that take no messages. */
  readonly notify: readonly NotifyReport[];
  /** Of what waits to be told; null: it is written down. */
  readonly outboxProblem: OutboxProblem | null;
  /** How certificates of peers are judged; null: as they should be. */
  readonly verificationProblem: string | null;
  /** Two authenticated operators say the time that the upstreams' certificates deny. */
  readonly haveUpstreamsExpired: boolean;
  readonly uptimeMs: number;
}

/** The configuration on disk, where it could not be taken over. */
export interface ReloadFailure {
  /** The first of its problems, with file and line where it has them. */
  readonly problem: string;
  /** Problems besides. */
  readonly more: number;
  /** How long none has been taken over, from the first failure on. */
  readonly forMs: number;
}

/** Why names of the world cannot be resolved; empty: they can. */
export function notReadyReasons({ clock, upstreams }: Pick<Facts, 'clock' | 'upstreams'>): string[] {
  if (upstreams.length === 0) return ['no upstream is configured'];
  if (clock.state === 'untrusted') return [`the clock is untrusted: ${clock.reason}`];
  if (upstreams.some(({ isUsable }) => isUsable)) return [];
  return upstreams.map(({ url, problem }) => problem ?? `${url} cannot be used`);
}

export function degradationsOf(facts: Facts): Degraded[] {
  return distinguished([
    ...outage(facts),
    ...clockDegradations(facts),
    ...reloadDegradation(facts),
    ...upstreamDegradations(facts),
    ...forwardDegradations(facts),
    ...listDegradations(facts),
    ...nameFileDegradations(facts),
    ...stampDegradation(facts),
    ...certificateDegradations(facts),
    ...waitingAddresses(facts),
    ...nativeVerification(facts),
    ...accessDegradations(facts),
    ...notifyDegradations(facts),
  ]);
}

/** Two upstreams with the same URL are two things; the second is told apart as in the metrics. */
function distinguished(degraded: readonly Degraded[]): Degraded[] {
  const times = new Map<string, number>();
  return degraded.map((one) => {
    const time = (times.get(one.id) ?? 0) + 1;
    times.set(one.id, time);
    return time === 1 ? one : { ...one, id: `${one.id} #${time}` };
  });
}

function reloadDegradation({ clock, reloadFailure }: Facts): Degraded[] {
  if (reloadFailure === null) return [];
  const { problem, more, forMs } = reloadFailure;
  return [
    {
      id: 'configuration',
      what: 'the configuration on disk is not the one that is served, and the next start would fail',
      ...sinceOf(forMs, clock),
      evidence: more === 0 ? problem : `${problem} (and ${more} more)`,
      doThis: 'mend it: `noonmark check` says all that is wrong; it is taken over by itself',
    },
  ];
}

/** All of several at once are more than each of them: first, and by a name of its own. */
function outage({ upstreams, clock }: Facts): Degraded[] {
  const isTotal = upstreams.length > 1 && upstreams.every(({ isUsable }) => !isUsable);
  if (!isTotal || clock.state === 'untrusted') return [];
  return [
    {
      id: 'upstreams',
      what: 'names of the world are not answered: no upstream works',
      ...sinceOf(allFailingForMs(upstreams), clock),
      evidence: problemsOf(upstreams),
      doThis:
        'look at the network of this host: cable, router, provider; each upstream is tried every second by itself',
    },
  ];
}

function upstreamDegradations({ upstreams, clock }: Facts): Degraded[] {
  if (clock.state === 'untrusted') return [];
  return upstreams
    .filter(({ isUsable }) => !isUsable)
    .map(({ url, problem, failingForMs }) => ({
      id: `upstream ${url}`,
      what: `the upstream ${url} does not work`,
      ...sinceOf(failingForMs, clock),
      evidence: problem ?? 'its last exchanges failed',
      doThis: `${upstreamAdvice(upstreams)}; it is tried every second by itself`,
    }));
}

function upstreamAdvice(upstreams: Facts['upstreams']): string {
  if (upstreams.length === 1) return 'look at the network, or add a second upstream of another operator';
  return upstreams.some(({ isUsable }) => isUsable)
    ? 'look at the way to it, or ask its operator; the others answer meanwhile'
    : 'look at the network of this host, for none of them works';
}

/** Whatever the clock says: nobody is verified there. */
function forwardDegradations({ forwards, clock }: Facts): Degraded[] {
  return forwards
    .filter(({ servers }) => servers.every(({ isUsable }) => !isUsable))
    .map(({ zones, servers }) => ({
      id: `forward ${zonesNamed(zones)}`,
      what: `names of ${zonesNamed(zones)} are not answered: no resolver that they are forwarded to works`,
      ...sinceOf(allFailingForMs(servers), clock),
      evidence: problemsOf(servers),
      doThis:
        'look at that resolver, or add the address of another under `forward`; they are tried every second by themselves',
    }));
}

/** All have failed since the last of them did. */
function allFailingForMs(upstreams: readonly UpstreamState[]): number {
  return Math.min(...upstreams.map(({ failingForMs }) => failingForMs ?? 0));
}

/** Each says itself whose it is. */
function problemsOf(upstreams: readonly UpstreamState[]): string {
  return upstreams.map(({ url, problem }) => problem ?? url).join('; ');
}

function listDegradations({ lists, clock }: Facts): Degraded[] {
  return lists.flatMap(({ name, problem, problemForMs, entries, unread, source }) => {
    if (problem === null) return [];
    const consequence = entries === 0 ? 'is not in use' : 'is an old one';
    // Of an old one, they were not understood in an earlier reading, and have nothing to do with it.
    const lines = unread === 0 || entries > 0 ? '' : `; ${plural(unread, 'line')} not understood`;
    return [
      {
        id: `list ${name}`,
        what: `the list "${name}" ${consequence}`,
        ...sinceOf(problemForMs, clock),
        evidence: `${source}: ${problem}${lines}`,
        doThis:
          'look at the file or at whoever publishes it, or take it out of `filter.lists`; it is read again by itself',
      },
    ];
  });
}

function nameFileDegradations({ nameFiles, clock }: Facts): Degraded[] {
  return nameFiles.flatMap(({ file, format, problem, problemForMs, names, unread }) => {
    if (problem === null) return [];
    const key = format === 'hosts' ? 'hosts' : 'leases';
    const consequence = names === 0 ? 'are not answered' : 'are those of an earlier reading';
    const items = unread === 0 || names > 0 ? '' : `; ${plural(unread, 'entry', 'entries')} not understood`;
    return [
      {
        id: `names ${file}`,
        what: `the names of ${file} (${key}) ${consequence}`,
        ...sinceOf(problemForMs, clock),
        evidence: `${problem}${items}`,
        doThis: `look at its path and format under \`${key}\`, or at the program that writes it; it is read again by itself when it changes`,
      },
    ];
  });
}

/** Where the system's reason has none of its own: the address is not there, mostly. */
const WAITING_ADVICE = 'give this host that address, or take it out of `listen`';

function waitingAddresses({ waiting, clock }: Facts): Degraded[] {
  return waiting.map(({ listen, address, reason, waitingForMs }) => {
    const [evidence, advice] = reason.split('; ', 2) as [string, string?];
    return {
      id: `address ${address} ${listen}`,
      what: `nothing answers on ${address} (${listen})`,
      ...sinceOf(waitingForMs, clock),
      evidence,
      doThis: `${advice ?? WAITING_ADVICE}; it is tried every second by itself`,
    };
  });
}
