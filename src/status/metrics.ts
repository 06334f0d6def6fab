// The status as Prometheus reads it: which metrics there are. Names, units and `_total` as Prometheus has them, so lengths of
// time are seconds and sizes bytes. What is not known has no sample. Labels come from the configuration and from lists in
// the source, never from a client, so their number is bounded. Those of the queries are query-metrics.ts.

import type { ClockState } from '../clock/clock.ts';
import { issuanceOf } from './certificate-words.ts';
import {
  counter,
  distinct,
  type Family,
  familyText,
  gauge,
  one,
  oneHot,
  type Sample,
  seconds,
  standard,
} from './metrics-text.ts';
import { queryMetrics } from './query-metrics.ts';
import type { CertificateReport, IssuanceStatus, SourceReport, Status } from './status.ts';

/** All of it, each family with HELP and TYPE, also where nothing of it is known. */
export function metricsText(status: Status): string {
  const families = [
    ...serverMetrics(status),
    ...queryMetrics(status),
    ...clockMetrics(status),
    ...sourceMetrics(status),
    ...upstreamMetrics(status),
    ...certificateMetrics(status),
    ...issuanceMetrics(status),
    ...processMetrics(status),
  ];
  return families.map(familyText).join('');
}

function serverMetrics(status: Status): Family[] {
  const { version, uptimeMs, limitsReached, cache, degraded, notReady } = status;
  return [
    gauge('build_info', 'What is running; always 1.', [[{ version }, 1]]),
    gauge('uptime_seconds', 'Since the process started.', one(uptimeMs / 1000)),
    gauge('ready', 'Whether names of the world can be resolved.', one(Number(notReady.length === 0))),
    gauge('degraded', 'Things that need attention; `noonmark explain` names them.', one(degraded.length)),
    gauge(
      'incidents_open',
      'Things that need attention, by what they are about.',
      TROUBLES.map((kind) => [{ kind }, degraded.filter(({ id }) => kindOf(id) === kind).length]),
    ),
    counter(
      'limit_reached_total',
      'How often a limit was reached; the log says by whom.',
      Object.entries(limitsReached).map(([limit, count]) => [{ limit }, count]),
    ),
    gauge('cache_entries', 'Answers that are kept.', one(cache.entries)),
    gauge('cache_bytes', 'Room that they take.', one(cache.octets)),
    gauge('cache_max_bytes', 'Room that they may take.', one(cache.maxOctets)),
    counter('cache_hits_total', 'Queries answered from the cache.', one(cache.hits)),
    counter('cache_misses_total', 'Queries that it had no fresh answer to.', one(cache.misses)),
    counter('cache_stale_total', 'Those of the misses that got a stale answer.', one(cache.stale)),
    counter('cache_prefetches_total', 'Look-ups begun before anybody waited.', one(cache.prefetched)),
  ];
}

/** What may need attention: the first word of the id of each Degraded. */
const TROUBLES = [
  ...['clock', 'upstreams', 'upstream', 'forward', 'renewal', 'certificate', 'list'],
  ...['names', 'address', 'configuration', 'stamp', 'notify', 'admin', 'other'],
] as const;

function kindOf(id: string): string {
  const kind = id.split(' ', 1)[0]!;
  return (TROUBLES as readonly string[]).includes(kind) ? kind : 'other';
}

const CLOCK_STATES: readonly ClockState[] = ['synchronized', 'holdover', 'provisional', 'untrusted'];

function clockMetrics({ clock }: Status): Family[] {
  const { state, now, uncertaintyMs, systemClockOffsetMs } = clock;
  return [
    gauge(
      'clock_state',
      'The state of our own clock: 1 for the one that it is in.',
      oneHot('state', CLOCK_STATES, state),
    ),
    gauge('clock_timestamp_seconds', 'Our own time; none while it is not known.', one(timestamp(now))),
    gauge('clock_uncertainty_seconds', 'The truth lies within this of it.', one(seconds(uncertaintyMs))),
    gauge(
      'system_clock_offset_seconds',
      "The host's clock less our own time: negative when it is behind.",
      one(seconds(systemClockOffsetMs)),
    ),
  ];
}

/** One series for a source as it is configured, however many servers its name leads to, and whichever these are today. */
function sourceMetrics({ clock: { sources } }: Status): Family[] {
  const urls = [...new Set(sources.map(({ url }) => url))];
  const each = (value: (servers: readonly SourceReport[]) => number | null): Sample[] =>
    urls.map((source) => [{ source }, value(sources.filter(({ url }) => url === source))]);
  return [
    gauge(
      'time_source_kept',
      'Whether a server of it was believed in the last round.',
      each((servers) => Number(servers.some(({ kept }) => kept))),
    ),
    gauge(
      'time_source_offset_seconds',
      'What it said less our own time; of several servers the one that is kept, and of those the most exact.',
      each((servers) => seconds(mostExact(servers)?.offsetMs ?? null)),
    ),
  ];
}

function mostExact(servers: readonly SourceReport[]): SourceReport | undefined {
  const told = servers.filter(({ offsetMs }) => offsetMs !== null);
  const bound = ({ boundMs }: SourceReport) => boundMs ?? Number.POSITIVE_INFINITY;
  return told.sort((a, b) => Number(b.kept) - Number(a.kept) || bound(a) - bound(b))[0];
}

function upstreamMetrics({ upstreams }: Status): Family[] {
  const labels = distinct(upstreams.map(({ url }) => url)).map((upstream) => ({ upstream }));
  const each = (value: (upstream: Status['upstreams'][number]) => number | null): Sample[] =>
    upstreams.map((upstream, at) => [labels[at]!, value(upstream)]);
  return [
    gauge(
      'upstream_usable',
      'Whether it is asked at present.',
      each(({ isUsable }) => Number(isUsable)),
    ),
    gauge(
      'upstream_round_trip_seconds',
      'Smoothed; none before the first answer.',
      each(({ rttMs }) => seconds(rttMs)),
    ),
    counter(
      'upstream_answers_total',
      'Exchanges that brought an answer.',
      each(({ answered }) => answered),
    ),
    counter(
      'upstream_failures_total',
      'Exchanges that did not.',
      each(({ failed }) => failed),
    ),
  ];
}

const SOURCES = ['files', 'local-ca', 'acme'] as const;

function certificateMetrics({ certificates, issuances, clock }: Status): Family[] {
  const names = certificates.map((one) => (issuanceOf(one, issuances) ?? one).names[0] ?? '');
  const labels = distinct(names).map((certificate) => ({ certificate }));
  const each = (value: (certificate: CertificateReport) => number | null): Sample[] =>
    certificates.map((certificate, at) => [labels[at]!, value(certificate)]);
  const now = timestamp(clock.now);
  return [
    gauge(
      'certificate_source',
      'Where what is served comes from: 1 for the one that it is.',
      certificates.flatMap(({ source }, at) => oneHot('source', SOURCES, source, labels[at])),
    ),
    gauge(
      'certificate_not_before_timestamp_seconds',
      'When it begins.',
      each(({ notBefore }) => timestamp(notBefore)),
    ),
    gauge(
      'certificate_not_after_timestamp_seconds',
      'When it ends.',
      each(({ notAfter }) => timestamp(notAfter)),
    ),
    gauge(
      'certificate_left_seconds',
      'How much of its life is left by our own time; none while that is not known.',
      each(({ notAfter }) => difference(timestamp(notAfter), now)),
    ),
  ];
}

const PHASES: readonly IssuanceStatus['phase'][] = ['idle', 'ordering', 'waiting'];

function issuanceMetrics({ issuances }: Status): Family[] {
  const labels = distinct(issuances.map(({ names }) => names[0] ?? '')).map((certificate) => ({
    certificate,
  }));
  const each = (value: (issuance: IssuanceStatus) => number | null): Sample[] =>
    issuances.map((issuance, at) => [labels[at]!, value(issuance)]);
  return [
    gauge(
      'issuance_served',
      'Whether what is served was issued by the CA.',
      each(({ isServed }) => Number(isServed)),
    ),
    gauge(
      'issuance_phase',
      'What is done about the next one: 1 for the phase that it is in.',
      issuances.flatMap(({ phase }, at) => oneHot('phase', PHASES, phase, labels[at])),
    ),
    gauge(
      'issuance_renewal_due_timestamp_seconds',
      'When a new one is due.',
      each(({ renewAt }) => timestamp(renewAt)),
    ),
    gauge(
      'issuance_last_failure_timestamp_seconds',
      'When an order last failed; none since the last success.',
      each(({ lastFailure }) => timestamp(lastFailure?.at ?? null)),
    ),
    gauge(
      'issuance_last_success_timestamp_seconds',
      'When the CA last issued one, since the process started.',
      each(({ lastSuccess }) => timestamp(lastSuccess)),
    ),
  ];
}

function timestamp(rfc3339: string | null): number | null {
  return seconds(rfc3339 === null ? null : Date.parse(rfc3339));
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Number((a - b).toFixed(6));
}

/** As Prometheus' own client libraries name them, so that dashboards for processes work. */
function processMetrics({ process: { cpuMs, residentOctets, openFiles, startedAt } }: Status): Family[] {
  return [
    standard('counter', 'process_cpu_seconds_total', 'Processor time, user and system.', seconds(cpuMs)),
    standard('gauge', 'process_resident_memory_bytes', 'Resident memory.', residentOctets),
    standard('gauge', 'process_open_fds', 'Open files and sockets; known on Linux alone.', openFiles),
    standard(
      'gauge',
      'process_start_time_seconds',
      'When the process started, by our own time; none while that is not known.',
      timestamp(startedAt),
    ),
  ];
}
