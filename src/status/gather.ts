// Puts the status together from what every part of the house says of itself: clock, upstreams, certificate, listeners.
// Pure; src/app asks them all.

import manifest from '../../package.json' with { type: 'json' };
import type { IssuanceReport } from '../acme/issuance-report.ts';
import type { SocketAddress } from '../config/config.ts';
import { formatAddress, type Listener, type WaitingAddress } from '../listener/listener.ts';
import type { ListReport } from '../lists/list.ts';
import type { ProcessFigures } from '../observe/process-figures.ts';
import type { ForwardState } from '../resolver/forward-zones.ts';
import type { Designation } from '../resolver/local/designated-resolvers.ts';
import type { NameFileReport } from '../resolver/local/name-file.ts';
import type { TimeReport } from '../timesync/time-report.ts';
import type { FilesProblem } from '../tls/certificate-files.ts';
import type { ServedCertificate } from '../tls/certificate-store.ts';
import type { TlsConnector } from '../tls/connect.ts';
import type { FurtherProblem } from '../tls/further-certificates.ts';
import type { UpstreamState } from '../upstream/pool.ts';
import type { AccessProblem } from './access-degradation.ts';
import { directoryHost, issuanceOf, issuedFor } from './certificate-words.ts';
import { clockReport, rfc3339 } from './clock-report.ts';
import { degradationsOf, notReadyReasons, type ReloadFailure } from './degradation.ts';
import { designatedReports } from './designation.ts';
import type { NotifyReport, OutboxProblem } from './notify-degradation.ts';
import type { CertificateReport, ClockReport, IssuanceStatus, Status } from './status.ts';

export interface WantedReport extends IssuanceReport {
  /** How long it has been wanted, in this life. */
  readonly wantedForMs: number;
}

export interface StatusInputs {
  readonly uptimeMs: number;
  readonly listeners: readonly Pick<Listener, 'transport' | 'addresses' | 'waiting'>[];
  readonly admin: {
    readonly addresses: readonly SocketAddress[];
    readonly waiting: readonly WaitingAddress[];
    readonly problems: readonly AccessProblem[];
  };
  readonly time: TimeReport;
  /** The one for everybody first; empty: nothing is served yet. */
  readonly certificates: readonly ServedCertificate[];
  readonly issuances: readonly WantedReport[];
  readonly filesProblem: FilesProblem | null;
  readonly furtherProblems: readonly FurtherProblem[];
  readonly designate: (askedAddress: string) => Designation;
  /** Of all interfaces. Asked when somebody reads `designated`, like `process`: the system is asked for every one of them. */
  readonly hostAddresses: () => readonly string[];
  readonly upstreams: readonly UpstreamState[];
  readonly forwards: readonly ForwardState[];
  readonly cache: Status['cache'];
  readonly lists: readonly ListReport[];
  readonly nameFiles: readonly NameFileReport[];
  readonly reloadFailure: ReloadFailure | null;
  readonly notify: readonly NotifyReport[];
  readonly outboxProblem: OutboxProblem | null;
  readonly queries: Status['queries'];
  /** Asked when somebody reads `answers`: it is summed up from 60 s by what took how long, and the status is asked for every second. */
  readonly answers: () => Status['answers'];
  /** Asked when somebody reads `process`: it takes a look at every open file. */
  readonly process: () => ProcessFigures;
  readonly limitsReached: ReadonlyMap<string, number>;
  readonly tls: Pick<TlsConnector, 'verification' | 'reason'>;
}

export function gatherStatus(inputs: StatusInputs): Status {
  const { uptimeMs, time, upstreams, cache, queries, tls } = inputs;
  const { addresses, waiting: adminWaiting } = inputs.admin;
  const doors = [...inputs.listeners, { transport: 'admin', addresses, waiting: adminWaiting }];
  const clock = clockReport(time);
  const { forwards, lists, nameFiles, filesProblem, reloadFailure } = inputs;
  const issuances = inputs.issuances.map((one) => ({
    ...issuanceStatus(one),
    isServed: issuedFor(one, inputs.certificates, inputs.issuances) !== undefined,
  }));
  const certificates = inputs.certificates.map((one, position) =>
    certificateReport(one, position === 0 ? filesProblem : null, issuances, clock),
  );
  const certificate = certificates[0] ?? null;
  const waiting = doors.flatMap((door) =>
    door.waiting.map(({ address, reason, waitingForMs }) => ({
      listen: door.transport,
      address: formatAddress(address),
      reason,
      waitingForMs,
    })),
  );
  const facts = {
    ...{ clock, upstreams, forwards, lists, nameFiles, certificates, issuances, filesProblem },
    furtherProblems: inputs.furtherProblems,
    ...{ waiting, reloadFailure, uptimeMs, notify: inputs.notify, outboxProblem: inputs.outboxProblem },
    accessProblems: inputs.admin.problems,
    verificationProblem: tls.verification === 'openssl' ? null : tls.reason,
    haveUpstreamsExpired: time.outweighsWitnesses,
  };
  return {
    version: manifest.version,
    uptimeMs,
    listening: Object.fromEntries(
      doors.map(({ transport, addresses }) => [transport, addresses.map(formatAddress)]),
    ),
    waiting,
    clock,
    ...{ certificate, certificates, issuances },
    get designated() {
      const { hostAddresses, designate, listeners } = inputs;
      return designatedReports(plainAddresses(listeners), hostAddresses(), designate);
    },
    upstreams,
    forwards,
    cache,
    lists: lists.map(({ updatedAtMs, ...list }) => ({
      ...list,
      updatedAt: updatedAtMs === null ? null : rfc3339(updatedAtMs),
    })),
    nameFiles,
    queries,
    get answers() {
      return inputs.answers();
    },
    get process() {
      return processReport(inputs.process());
    },
    limitsReached: Object.fromEntries(inputs.limitsReached),
    notReady: notReadyReasons(facts),
    degraded: degradationsOf(facts),
  };
}

function processReport({ startedAtEpochMs, ...figures }: ProcessFigures): Status['process'] {
  return { startedAt: startedAtEpochMs === null ? null : rfc3339(startedAtEpochMs), ...figures };
}

function plainAddresses(listeners: StatusInputs['listeners']): string[] {
  const plain = listeners.filter(({ transport }) => transport === 'udp' || transport === 'tcp');
  return plain.flatMap(({ addresses }) => addresses.map(({ address }) => address));
}

const RENEWALS: Readonly<Record<ServedCertificate['source'], string>> = {
  files: 'by you: the files are read again when they change',
  'local-ca': 'by itself, 30 days before its end',
  acme: 'by itself, when it is due',
};

function certificateReport(
  served: ServedCertificate,
  filesProblem: FilesProblem | null,
  issuances: readonly IssuanceStatus[],
  { now }: ClockReport,
): CertificateReport {
  const { names, notBeforeMs, notAfterMs, issuer, source } = served;
  const notBefore = rfc3339(notBeforeMs) ?? '';
  const notAfter = rfc3339(notAfterMs) ?? '';
  const issuance = issuanceOf(served, issuances);
  return {
    names,
    notBefore,
    notAfter,
    issuer,
    source,
    renewal: issuance === undefined ? RENEWALS[source] : renewalSentence(issuance),
    problem: now === null ? null : dateProblem({ notBefore, notAfter }, now),
    filesProblem: filesProblem?.problem ?? null,
  };
}

function renewalSentence(issuance: IssuanceStatus): string {
  const { renewAt, reason, waitsFor, isServed, phase } = issuance;
  const by = `from ${directoryHost(issuance)}`;
  if (phase === 'ordering') return `a new one is being ordered ${by}`;
  if (waitsFor !== null) return `a new one ${by} waits: ${waitsFor}`;
  if (renewAt === null) return isServed ? RENEWALS.acme : `one ${by} will take its place`;
  return `by itself ${by} on ${renewAt.slice(0, 10)}: ${reason}`;
}

function issuanceStatus(report: WantedReport): Omit<IssuanceStatus, 'isServed'> {
  const { names, directory, challenge, phase, waitsFor, decision, window, lastFailure } = report;
  return {
    ...{ names, directory, challenge, phase, waitsFor },
    wantedForMs: report.wantedForMs,
    renewAt: decision === null ? null : rfc3339(decision.atMs),
    reason: decision?.reason ?? null,
    window:
      window === null
        ? null
        : {
            start: rfc3339(window.startMs) ?? '',
            end: rfc3339(window.endMs) ?? '',
            explanation: window.explanationUrl,
          },
    lastFailure:
      lastFailure === null ? null : { at: rfc3339(lastFailure.atMs) ?? '', reason: lastFailure.reason },
    lastSuccess: report.lastSuccessMs === null ? null : rfc3339(report.lastSuccessMs),
    isStored: report.isStored,
    nextLookMs: report.nextLookInMs,
  };
}

/** RFC 3339 texts of one length sort as the times do. */
function dateProblem(
  { notBefore, notAfter }: { notBefore: string; notAfter: string },
  now: string,
): string | null {
  if (now < notBefore) return `it begins on ${notBefore.slice(0, 10)}, and it is ${now.slice(0, 10)}`;
  return now > notAfter ? `it ended on ${notAfter.slice(0, 10)}, and it is ${now.slice(0, 10)}` : null;
}
