// The status as Prometheus reads it: a format that it takes, and series that no client can add to.

import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { TroubleKind } from '../../../src/history/incident.ts';
import { metricsText } from '../../../src/status/metrics.ts';
import { METRICS_TYPE } from '../../../src/status/metrics-text.ts';
import type { Status } from '../../../src/status/status.ts';
import { havePeers } from '../../support/peers/packages.ts';
import * as statuses from '../../support/statuses.ts';
import { issued, notIssued, notRenewed, oneLiar, synchronized, untrusted } from '../../support/statuses.ts';
import { readPrometheusText } from './prometheus-text.ts';

/** Every kind that the history knows, so that the two lists stay one. */
const NOTHING_OPEN: Readonly<Record<TroubleKind, number>> = {
  ...{ clock: 0, upstreams: 0, upstream: 0, forward: 0, renewal: 0, certificate: 0, list: 0 },
  ...{ names: 0, address: 0, configuration: 0, stamp: 0, notify: 0, admin: 0, other: 0 },
};
const SOURCES = synchronized.clock.sources.map(({ url }) => url) as [string, string, string];

const STORIES: readonly [string, Status][] = Object.entries(statuses);

const read = (status: Status) => readPrometheusText(metricsText(status));
const samples = (status: Status, name: string) =>
  read(status)
    .get(`noonmark_${name}`)!
    .samples.map(({ labels, value }) => [...Object.values(labels), value]);
const seconds = (rfc3339: string) => Date.parse(rfc3339) / 1000;

describe.each(STORIES)('the metrics of %s', (_story, status) => {
  it('are text that a strict reader takes', () => {
    const families = read(status);
    expect(families.size).toBeGreaterThan(20);
    for (const [name, { type, help }] of families) {
      expect(name).toMatch(/^(noonmark|process)_[a-z_]+$/);
      const kind = name.endsWith('_total') ? 'counter' : 'gauge';
      expect(type).toBe(name === 'noonmark_query_duration_seconds' ? 'histogram' : kind);
      expect(help).toMatch(/\S.*\.$/);
    }
  });

  it('have the same families as those of every other', () => {
    expect([...read(status).keys()]).toEqual([...read(synchronized).keys()]);
  });

  it('have as many series as the configuration asks for, whatever was counted', () => {
    const { answeredBy, byRcode, latencies } = status.answers;
    const more = <Counts extends object>(counts: Counts) =>
      Object.fromEntries(Object.keys(counts).map((key) => [key, 7])) as Counts;
    const answers = {
      ...status.answers,
      ...{ answeredBy: more(answeredBy), byRcode: more(byRcode), blocked: 7, dropped: 7 },
      latencies: { ...latencies, counts: latencies.counts.map(() => 7), sumMs: 1e6 },
    };
    const counted = { ...status, answers, uptimeMs: 1e9, queries: { udp: 1, tcp: 2, dot: 3, doh: 4 } };
    const series = (one: Status) => [...read(one).values()].flatMap(({ samples: all }) => all).length;
    expect(series(counted)).toBe(series(status));
  });
});

// Of Prometheus itself, where somebody has it.
it.skipIf(!havePeers('promtool')).each(STORIES)(
  'promtool finds nothing wrong with those of %s',
  (_story, status) => {
    const { status: code, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: metricsText(status),
      encoding: 'utf8',
    });
    expect([code, stderr]).toEqual([0, '']);
  },
);

it('say which version of the format they are', () => {
  expect(METRICS_TYPE).toBe('text/plain; version=0.0.4; charset=utf-8');
});

describe('what they say', () => {
  it.each<[string, Status, (string | number)[][]]>([
    ['build_info', synchronized, [['0.3.0', 1]]],
    ['uptime_seconds', synchronized, [[225_164]]],
    ['ready', synchronized, [[1]]],
    ['ready', untrusted, [[0]]],
    ['degraded', oneLiar, [[2]]],
    [
      'queries_total',
      synchronized,
      [
        ['udp', 812_004],
        ['tcp', 912],
        ['dot', 41_230],
        ['doh', 20_117],
      ],
    ],
    [
      'answers_total',
      synchronized,
      [
        ['guard', 0],
        ['local', 87_426],
        ['filter', 87_426],
        ['cache', 437_130],
        ['stale', 0],
        ['upstream', 87_429],
        ['failure', 87_426],
      ],
    ],
    [
      'responses_total',
      synchronized,
      [
        ['NOERROR', 699_411],
        ['SERVFAIL', 87_426],
        ['NXDOMAIN', 87_426],
        ['other', 0],
      ],
    ],
    ['blocked_total', synchronized, [[87_426]]],
    ['dropped_total', synchronized, [[0]]],
    ['time_source_kept', synchronized, SOURCES.map((url) => [url, 1])],
    ['time_source_kept', oneLiar, [...SOURCES.map((url) => [url, 1]), ['ntp://198.51.100.7', 0]]],
    [
      'time_source_offset_seconds',
      synchronized,
      [
        [SOURCES[0], 0.000041],
        [SOURCES[1], 0.212],
        [SOURCES[2], -0.00184],
      ],
    ],
    ['limit_reached_total', synchronized, [['limits.udp_queries_per_client', 7]]],
    ['cache_entries', synchronized, [[18_204]]],
    ['cache_bytes', synchronized, [[6_912_004]]],
    ['cache_max_bytes', synchronized, [[67_108_864]]],
    ['cache_hits_total', synchronized, [[71_000]]],
    ['cache_misses_total', synchronized, [[29_000]]],
    ['cache_stale_total', synchronized, [[12]]],
    ['cache_prefetches_total', synchronized, [[3400]]],
    [
      'clock_state',
      untrusted,
      [
        ['synchronized', 0],
        ['holdover', 0],
        ['provisional', 0],
        ['untrusted', 1],
      ],
    ],
    ['clock_timestamp_seconds', synchronized, [[seconds('2026-11-03T08:12:45.402Z')]]],
    ['clock_uncertainty_seconds', synchronized, [[0.00104]]],
    ['system_clock_offset_seconds', oneLiar, [[-10_805]]],
    [
      'upstream_usable',
      oneLiar,
      [
        ['https://dns.quad9.net/dns-query', 1],
        ['tls://one.one.one.one', 0],
      ],
    ],
    [
      'upstream_failures_total',
      oneLiar,
      [
        ['https://dns.quad9.net/dns-query', 3],
        ['tls://one.one.one.one', 12],
      ],
    ],
    [
      'certificate_source',
      issued,
      [
        ['dns.home.example', 'files', 0],
        ['dns.home.example', 'local-ca', 0],
        ['dns.home.example', 'acme', 1],
        ['dns.lab.example', 'files', 1],
        ['dns.lab.example', 'local-ca', 0],
        ['dns.lab.example', 'acme', 0],
      ],
    ],
    [
      'certificate_not_before_timestamp_seconds',
      issued,
      [
        ['dns.home.example', seconds('2026-10-20T09:00:00Z')],
        ['dns.lab.example', seconds('2026-06-01T00:00:00Z')],
      ],
    ],
    [
      'certificate_not_after_timestamp_seconds',
      issued,
      [
        ['dns.home.example', seconds('2027-01-18T08:59:59Z')],
        ['dns.lab.example', seconds('2027-06-01T00:00:00Z')],
      ],
    ],
    ['issuance_served', issued, [['dns.home.example', 1]]],
    ['issuance_served', notIssued, [['dns.home.example', 0]]],
    [
      'issuance_phase',
      notIssued,
      [
        ['dns.home.example', 'idle', 0],
        ['dns.home.example', 'ordering', 0],
        ['dns.home.example', 'waiting', 1],
      ],
    ],
    [
      'issuance_renewal_due_timestamp_seconds',
      issued,
      [['dns.home.example', seconds('2026-12-19T08:12:00Z')]],
    ],
    [
      'issuance_last_failure_timestamp_seconds',
      notRenewed,
      [['dns.home.example', seconds('2026-11-03T02:02:11Z')]],
    ],
    ['issuance_last_success_timestamp_seconds', issued, []],
    ['issuance_phase', synchronized, []],
  ])('%s', (name, status, expected) => {
    expect(samples(status, name)).toEqual(expected);
  });

  it('of the latencies are a histogram in seconds, each bucket with those below', () => {
    const { samples: all } = read(synchronized).get('noonmark_query_duration_seconds')!;
    const of = (suffix: string) => all.filter((sample) => sample.suffix === suffix);
    const buckets = of('_bucket').map(({ labels, value }) => [labels.le, value]);
    expect(buckets[0]).toEqual(['0.0001', 786_834]);
    expect(buckets.slice(-2)).toEqual([
      ['10', 786_834],
      ['+Inf', 874_263],
    ]);
    expect([of('_sum')[0]!.value, of('_count')[0]!.value]).toEqual([87.4263, 874_263]);
  });

  it('of the process are named as everybody names them', () => {
    const value = (status: Status, name: string) => read(status).get(`process_${name}`)!.samples[0]?.value;
    expect(value(synchronized, 'cpu_seconds_total')).toBe(61.204);
    expect(value(synchronized, 'resident_memory_bytes')).toBe(104_857_600);
    expect(value(synchronized, 'open_fds')).toBe(61);
    expect(value(synchronized, 'start_time_seconds')).toBe(seconds('2026-10-31T17:40:00.238Z'));
    const unknown = {
      ...synchronized,
      process: { ...synchronized.process, startedAt: null, openFiles: null },
    };
    expect([value(unknown, 'start_time_seconds'), value(unknown, 'open_fds')]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('of a time source are one series, however many servers it has, and the best of them', () => {
    const [server] = synchronized.clock.sources;
    const sources = [
      { ...server!, peer: 'a', kept: false, offsetMs: 9000, boundMs: 0.1 },
      { ...server!, peer: 'b', kept: true, offsetMs: 2, boundMs: 5 },
      { ...server!, peer: 'c', kept: true, offsetMs: 1, boundMs: 3 },
      { ...server!, peer: 'd', kept: false, offsetMs: null, boundMs: null },
    ];
    const status = { ...synchronized, clock: { ...synchronized.clock, sources } };
    expect(samples(status, 'time_source_offset_seconds')).toEqual([[server!.url, 0.001]]);
    expect(samples(status, 'time_source_kept')).toEqual([[server!.url, 1]]);
  });

  it('of what is open are by kind, and a kind that nobody knows is another', () => {
    const degraded = ['clock untrusted', 'list ads', 'list trackers', 'surprise x'].map((id) => ({
      ...oneLiar.degraded[0]!,
      id,
    }));
    const open = Object.fromEntries(samples({ ...synchronized, degraded }, 'incidents_open'));
    expect(open).toEqual({ ...NOTHING_OPEN, clock: 1, list: 2, other: 1 });
  });

  it('of a life is against our own time, and nothing while that is unknown', () => {
    const [, left] = samples(synchronized, 'certificate_left_seconds')[0] as [string, number];
    expect(left).toBeCloseTo(seconds('2026-12-04T09:00:00Z') - seconds('2026-11-03T08:12:45.402Z'), 3);
    for (const name of [
      'certificate_left_seconds',
      'clock_timestamp_seconds',
      'clock_uncertainty_seconds',
      'system_clock_offset_seconds',
    ])
      expect(samples(untrusted, name), name).toEqual([]);
  });

  it('of the certificate that stands in is under the name that is wanted, so that its series goes on', () => {
    const names = (status: Status) => samples(status, 'certificate_not_after_timestamp_seconds')[0]![0];
    const [wanted] = notIssued.issuances;
    const standIn = { ...notIssued.certificates[0]!, names: ['localhost', 'dns.home.example'] };
    expect(names({ ...notIssued, certificates: [standIn] })).toBe(wanted!.names[0]);
    expect(names(issued)).toBe('dns.home.example');
  });
});

describe('labels', () => {
  const upstreamNamed = (url: string): Status => ({
    ...synchronized,
    upstreams: [{ ...synchronized.upstreams[0]!, url }],
  });

  it.each(['a\\b', 'a"b', 'a\nb', 'a\\nb', '"} 1\nforged{x="', 'ü, {}=', ''])('keep %j whole', (url) => {
    expect(samples(upstreamNamed(url), 'upstream_usable')).toEqual([[url, 1]]);
  });

  it('are told apart where the configuration has them twice', () => {
    const [one] = synchronized.upstreams;
    const twice = { ...synchronized, upstreams: [one!, one!] };
    expect(samples(twice, 'upstream_usable').map(([url]) => url)).toEqual([one!.url, `${one!.url} #2`]);
    const [certificate] = issued.certificates;
    const same = { ...issued, certificates: [certificate!, { ...certificate!, source: 'files' }] };
    expect(samples(same, 'certificate_left_seconds').map(([name]) => name)).toEqual([
      'dns.home.example',
      'dns.home.example #2',
    ]);
  });
});

describe('the strict reader', () => {
  const head = '# HELP a Something.\n# TYPE a gauge\n';
  it.each([
    ['no end of the last line', `${head}a 1`],
    ['no HELP', '# TYPE a gauge\na 1\n'],
    ['no TYPE', '# HELP a Something.\na 1\n'],
    ['another family', `${head}b 1\n`],
    ['a family twice', `${head}a 1\n${head}a{x="1"} 1\n`],
    ['a series twice', `${head}a{x="1"} 1\na{x="1"} 2\n`],
    ['a label twice', `${head}a{x="1",x="2"} 1\n`],
    ['a quotation mark within', `${head}a{x="1"2"} 1\n`],
    ['an escape that is none', `${head}a{x="\\d"} 1\n`],
    ['a sample of no histogram', '# HELP a Something.\n# TYPE a histogram\na 1\n'],
    [
      'a histogram without an end',
      '# HELP a Something.\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    ],
    ['no number', `${head}a NaN-ish\n`],
    ['two spaces', `${head}a  1\n`],
    ['an empty line', `${head}\na 1\n`],
  ])('refuses %s', (_what, text) => {
    expect(() => readPrometheusText(text)).toThrow();
  });
});
