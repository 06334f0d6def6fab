// Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats): families of metrics as values, and how
// they are written. Which there are is metrics.ts.

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;
/** Null: not known, and left out. */
export type Sample = readonly [labels: Labels, value: number | null];

export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly help: string;
  /** Of a histogram none; it has `lines`. */
  readonly samples: readonly Sample[];
  /** What stands behind the name: "_bucket", with its samples. */
  readonly lines?: readonly (readonly [suffix: string, sample: Sample])[];
}

const PREFIX = 'noonmark_';

export function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, type: 'gauge', help, samples };
}

export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: PREFIX + name, type: 'counter', help, samples };
}

/** One that has the same name at every program. */
export function standard(
  type: 'gauge' | 'counter',
  name: string,
  help: string,
  value: number | null,
): Family {
  return { name, type, help, samples: one(value) };
}

/**
 * A histogram: buckets that each hold what the ones before hold as well.
 * @param bounds of the buckets, in the unit of the name
 * @param counts one for each bucket alone, and one for what lies beyond the last
 */
export function histogram(
  name: string,
  help: string,
  { bounds, counts, sum }: { bounds: readonly number[]; counts: readonly number[]; sum: number },
): Family {
  let total = 0;
  const buckets = [...bounds.map(String), '+Inf'].map((le, at) => {
    total += counts[at] ?? 0;
    return ['_bucket', [{ le }, total]] as const;
  });
  return {
    ...{ name: PREFIX + name, type: 'histogram', help, samples: [] },
    lines: [...buckets, ['_sum', [{}, sum]], ['_count', [{}, total]]],
  };
}

export function one(value: number | null): Sample[] {
  return [[{}, value]];
}

/** A sample for each of `values`, 1 for `current`. */
export function oneHot(
  label: string,
  values: readonly string[],
  current: string,
  labels: Labels = {},
): Sample[] {
  return values.map((value) => [{ ...labels, [label]: value }, Number(value === current)]);
}

/** One for each of a fixed set of names, in their order. */
export function counts(label: string, counted: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counted).map(([value, count]) => [{ [label]: value }, count]);
}

/** In whole microseconds: more is noise of the division. */
export function seconds(ms: number | null): number | null {
  return ms === null ? null : Number((ms / 1000).toFixed(6));
}

/** Two series with the same labels are an error; one of them gets a number. */
export function distinct(labels: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return labels.map((label) => {
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    return count === 1 ? label : `${label} #${count}`;
  });
}

export function familyText({ name, type, help, samples, lines = [] }: Family): string {
  const all = [...samples.map((sample) => ['', sample] as const), ...lines];
  const known = all.filter(([, [, value]]) => value !== null && Number.isFinite(value));
  const written = known.map(
    ([suffix, [labels, value]]) => `${name}${suffix}${labelsText(labels)} ${value}\n`,
  );
  return `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n${written.join('')}`;
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
