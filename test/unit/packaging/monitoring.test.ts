// The dashboard and the alerts of docs: they speak of metrics that there are, Prometheus understands them, and each alert
// fires for what it is about and is silent otherwise.

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { metricsText } from '../../../src/status/metrics.ts';
import { REPOSITORY } from '../../support/noonmark.ts';
import { havePeers } from '../../support/peers/packages.ts';
import { issued } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const directory = temporaryDirectory('monitoring');
const docs = (file: string) => join(REPOSITORY, 'docs', file);

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[];
  };
}

const dashboard = JSON.parse(readFileSync(docs('grafana.json'), 'utf8')) as Dashboard;
const expressions = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const alerts = parse(readFileSync(docs('alerts.yaml'), 'utf8')) as {
  groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
};
const rules = alerts.groups.flatMap((group) => group.rules);

/** Of everything that is ever told, by name, with the series of a histogram. */
const told = new Set(
  [...metricsText(issued).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : [name!],
  ),
);
const metricsIn = (text: string) => text.match(/\b(?:noonmark|process)_\w+/g) ?? [];

function promtool(command: readonly string[], file: string, content: unknown): [number | null, string] {
  const path = join(directory, file);
  writeFileSync(path, typeof content === 'string' ? content : stringify(content));
  const { status, stdout, stderr } = spawnSync('promtool', [...command, path], { encoding: 'utf8' });
  return [status, status === 0 ? '' : stdout + stderr];
}

describe('the dashboard', () => {
  it('speaks of metrics that there are', () => {
    const variables = dashboard.templating.list.map(({ query }) => JSON.stringify(query)).join();
    const named = [...expressions, variables].flatMap(metricsIn);
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !told.has(name))).toEqual([]);
  });

  it('asks one data source, which whoever imports it chooses', () => {
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource' });
    for (const { targets = [] } of dashboard.panels)
      for (const { datasource } of targets) expect(datasource.uid).toMatch(/^\$\{datasource\}$/);
  });

  it('has its parts, each number once, and no panel over another', () => {
    const parts = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    const named = [
      'State',
      'Clock',
      'Queries',
      'Latency',
      'Upstreams',
      'Certificates',
      'Limits and the machine',
    ];
    expect(parts).toEqual(named);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });

  it.skipIf(!havePeers('promtool'))('has expressions that Prometheus understands', () => {
    const recorded = expressions.map((expr, at) => ({
      record: `panel:${at}`,
      expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$(job|instance)/g, '.*'),
    }));
    const groups = [{ name: 'panels', rules: recorded }];
    expect(promtool(['check', 'rules'], 'panels.yaml', { groups })).toEqual([0, '']);
  });
});

describe('the alerts', () => {
  it('speak of metrics that there are, and say what to do', () => {
    expect(rules.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !told.has(name))).toEqual([]);
    for (const { annotations } of rules) expect(annotations.doThis).toMatch(/\S.*[.\w]$/);
  });

  it.skipIf(!havePeers('promtool'))('are rules that Prometheus takes', () => {
    const text = readFileSync(docs('alerts.yaml'), 'utf8');
    expect(promtool(['check', 'rules'], 'alerts.yaml', text)).toEqual([0, '']);
  });

  /** Series over two hours, a value a minute: what fires it, and what does not. */
  const of = (rest: string) => `{job="noonmark",instance="dns"${rest}}`;
  const buckets = (fast: string, slow: string) => ({
    [`noonmark_query_duration_seconds_bucket${of(',le="0.1"')}`]: fast,
    [`noonmark_query_duration_seconds_bucket${of(',le="10"')}`]: slow,
    [`noonmark_query_duration_seconds_bucket${of(',le="+Inf"')}`]: slow,
  });
  const answers = (cache: string, failure: string) => ({
    [`noonmark_answers_total${of(',by="cache"')}`]: cache,
    [`noonmark_answers_total${of(',by="failure"')}`]: failure,
  });
  type Series = Readonly<Record<string, string>>;
  const CASES: Readonly<Record<string, readonly [fires: Series, silent: Series]>> = {
    NoonmarkDown: [{ [`up${of('')}`]: '0x120' }, { [`up${of('')}`]: '1x120' }],
    NoonmarkNotReady: [
      { [`noonmark_ready${of('')}`]: '0x120' },
      { [`noonmark_ready${of('')}`]: '1x110 0 1x9' },
    ],
    NoonmarkClockUntrusted: [
      { [`noonmark_clock_state${of(',state="untrusted"')}`]: '1x120' },
      { [`noonmark_clock_state${of(',state="untrusted"')}`]: '0x120' },
    ],
    NoonmarkClockAlone: [
      { [`noonmark_clock_state${of(',state="synchronized"')}`]: '0x120' },
      { [`noonmark_clock_state${of(',state="synchronized"')}`]: '1x90 0x30' },
    ],
    NoonmarkHostClockWrong: [
      { [`noonmark_system_clock_offset_seconds${of('')}`]: '-3600x120' },
      { [`noonmark_system_clock_offset_seconds${of('')}`]: '-2x120' },
    ],
    NoonmarkUpstreamUnusable: [
      { [`noonmark_upstream_usable${of(',upstream="tls://a"')}`]: '0x120' },
      { [`noonmark_upstream_usable${of(',upstream="tls://a"')}`]: '1x110 0x10' },
    ],
    NoonmarkAnswersFail: [answers('0+60x120', '0+30x120'), answers('0+600x120', '0+6x120')],
    NoonmarkSlow: [buckets('0+6x120', '0+60x120'), buckets('0+59x120', '0+60x120')],
    NoonmarkCertificateEnds: [
      { [`noonmark_certificate_left_seconds${of(',certificate="a"')}`]: '500000-60x120' },
      { [`noonmark_certificate_left_seconds${of(',certificate="a"')}`]: '5000000-60x120' },
    ],
    NoonmarkLimitReached: [
      { [`noonmark_limit_reached_total${of(',limit="limits.connections"')}`]: '_x112 1x8' },
      { [`noonmark_limit_reached_total${of(',limit="limits.connections"')}`]: '7x120' },
    ],
    NoonmarkNeedsAttention: [
      { [`noonmark_degraded${of('')}`]: '2x120' },
      { [`noonmark_degraded${of('')}`]: '0x120' },
    ],
    NoonmarkRestarts: [
      { [`process_start_time_seconds${of('')}`]: '1x100 2x5 3x5 4x5 5x5' },
      { [`process_start_time_seconds${of('')}`]: '1x60 2x60' },
    ],
  };

  it('have a story each', () => {
    expect(Object.keys(CASES)).toEqual(rules.map(({ alert }) => alert));
  });

  it.skipIf(!havePeers('promtool')).each(Object.keys(CASES))(
    '%s fires for what it is about, and for nothing else',
    (alert) => {
      const tests = CASES[alert]!.map((series, at) => ({
        interval: '1m',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
            eval_time: '2h',
            exp_samples: [{ labels: '{}', value: at === 0 ? 1 : 0 }],
          },
        ],
      }));
      const story = { rule_files: [docs('alerts.yaml')], evaluation_interval: '1m', tests };
      expect(promtool(['test', 'rules'], `${alert}.yaml`, story)).toEqual([0, '']);
    },
  );
});

it.skipIf(!havePeers('promtool'))('the scrape configurations of docs/monitoring.md are some', () => {
  const page = readFileSync(docs('monitoring.md'), 'utf8');
  const configs = [...page.matchAll(/```yaml\n(scrape_configs:[^`]*)```/g)].map(([, yaml]) => yaml!);
  expect(configs).toHaveLength(2);
  for (const yaml of configs)
    expect(promtool(['check', 'config', '--syntax-only'], 'prometheus.yml', yaml)).toEqual([0, '']);
});

it('docs/monitoring.md has every alert, and docs/api.md every metric', () => {
  const [page, api] = ['monitoring.md', 'api.md'].map((file) => readFileSync(docs(file), 'utf8'));
  expect(rules.filter(({ alert }) => !page!.includes(`\`${alert}\``))).toEqual([]);
  const names = [...metricsText(issued).matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name!);
  // "`noonmark_cache_entries`, `_bytes`": several of one family stand in one row.
  const rows = api!.split('\n').filter((line) => /`(noonmark|process)_/.test(line));
  const isThere = (name: string) =>
    rows.some((row) => row.includes(`\`${name}\``) || suffixesIn(row).some((one) => name === one));
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

/** Whole names of a row that gives the first in full and of the others the end. */
function suffixesIn(row: string): string[] {
  const [first = '', ...others] = [...(row.split('|')[1] ?? '').matchAll(/`([a-z_]+)`/g)].map(
    ([, name]) => name!,
  );
  const parts = first.split('_');
  return others.flatMap((end) => parts.map((_, at) => parts.slice(0, at + 1).join('_') + end));
}
