// The status as Prometheus reads it: text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Names, units
// and `_total` as Prometheus has them, so lengths of time are seconds and sizes bytes. What is not known has no sample.
// Labels come from the configuration and from lists in the source, never from a client, so their number is bounded.

import type { ClockState } from '../clock/clock.ts';
import { issuanceOf } from './certificate-words.ts';
import type { CertificateReport, IssuanceStatus, Status } from './status.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
/** Null: not known, and left out. */
type Sample = readonly [labels: Labels, value: number | null];

interface Family {
  /** Without the prefix. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

const PREFIX = 'noonmark_';

/** All of it, each family with HELP and TYPE, also where nothing of it is known. */
export function metricsText(status: Status): string {
  const families = [
    ...serverMetrics(status),
    ...clockMetrics(status),
    ...upstreamMetrics(status),
    ...certificateMetrics(status),
    ...issuanceMetrics(status),
  ];
  return families.map(familyText).join('');
}

function serverMetrics(status: Status): Family[] {
  const { version, uptimeMs, queries, limitsReached, cache, degraded, notReady } = status;
  return [
    gauge('build_info', 'What is running; always 1.', [[{ version }, 1]]),
    gauge('uptime_seconds', 'Since the process started.', one(uptimeMs / 1000)),
    gauge('ready', 'Whether names of the world can be resolved.', one(Number(notReady.length === 0))),
    gauge('degraded', 'Things that need attention; `noonmark explain` names them.', one(degraded.length)),
    counter(
      'queries_total',
      'Queries taken.',
      Object.entries(queries).map(([transport, count]) => [{ transport }, count]),
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

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, type: 'counter', help, samples };
}

function one(value: number | null): Sample[] {
  return [[{}, value]];
}

/** A sample for each of `values`, 1 for `current`. */
function oneHot(label: string, values: readonly string[], current: string, labels: Labels = {}): Sample[] {
  return values.map((value) => [{ ...labels, [label]: value }, Number(value === current)]);
}

/** In whole microseconds: more is noise of the division. */
function seconds(ms: number | null): number | null {
  return ms === null ? null : Number((ms / 1000).toFixed(6));
}

function timestamp(rfc3339: string | null): number | null {
  return seconds(rfc3339 === null ? null : Date.parse(rfc3339));
}

function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Number((a - b).toFixed(6));
}

/** Two series with the same labels are an error; one of them gets a number. */
function distinct(labels: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return labels.map((label) => {
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return count === 1 ? label : `${label} #${count}`;
  });
}

function familyText({ name, type, help, samples }: Family): string {
  const known = samples.filter(([, value]) => value !== null && Number.isFinite(value));
  const lines = known.map(([labels, value]) => `${PREFIX}${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${PREFIX}${name} ${escaped(help)}\n# TYPE ${PREFIX}${name} ${type}\n${lines.join('')}`;
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** In a HELP text; in a label's value quotation marks are escaped as well. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
