// A strict reader of Prometheus' text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats), stricter than
// Prometheus itself: one space between fields, HELP and TYPE before each family, no family twice, no series twice.

export interface Family {
  readonly type: string;
  readonly help: string;
  /** In the order of the text. */
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** Of a histogram: "_bucket", "_sum" or "_count"; empty otherwise. */
  readonly suffix: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const HELP_LINE = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\]|\\\\\\\\|\\\\n)+)$`);
const TYPE_LINE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const PAIR = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\\\\\|\\\\"|\\\\n)*"';
const SAMPLE_LINE = new RegExp(
  `^(${NAME})(?:\\{(${PAIR}(?:,${PAIR})*)\\})? (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`,
);

/** @throws Error with the line that is wrong */
export function readPrometheusText(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  const series = new Set<string>();
  const lines = text.slice(0, -1).split('\n');
  for (let at = 0; at < lines.length; ) {
    const help = HELP_LINE.exec(lines[at]!);
    const type = TYPE_LINE.exec(lines[at + 1] ?? '');
    if (help === null || type === null || help[1] !== type[1])
      throw new Error(`no HELP and TYPE of one family: ${lines[at]}`);
    const [, name, written] = help as unknown as [string, string, string];
    if (families.has(name)) throw new Error(`the family ${name} comes twice`);
    const family = { type: type[2]!, help: unescaped(written), samples: [] as Sample[] };
    families.set(name, family);
    for (at += 2; at < lines.length && !lines[at]!.startsWith('#'); at += 1) {
      const sample = SAMPLE_LINE.exec(lines[at]!);
      const suffix = sample === null ? undefined : suffixOf(sample[1]!, name, family.type);
      if (sample === null || suffix === undefined) throw new Error(`no sample of ${name}: ${lines[at]}`);
      const labels = labelsOf(sample[2] ?? '');
      const key = JSON.stringify([suffix, Object.entries(labels).sort()]);
      if (series.has(key)) throw new Error(`a series comes twice: ${lines[at]}`);
      series.add(key);
      family.samples.push({ suffix, labels, value: Number(sample[3]) });
    }
    if (family.type === 'histogram') checkHistogram(name, family);
    series.clear();
  }
  return families;
}

/** What stands behind the family's name; undefined where that is none of this family's. */
function suffixOf(sample: string, name: string, type: string): string | undefined {
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
  return suffixes.find((suffix) => sample === name + suffix);
}

/** Buckets that rise, in bound and in count, up to +Inf, which is the count. */
function checkHistogram(name: string, { samples }: Family): void {
  const of = (suffix: string) => samples.filter((sample) => sample.suffix === suffix);
  const buckets = of('_bucket').map(({ labels, value }) => [
    Number(labels.le?.replace('+Inf', 'Infinity')),
    value,
  ]);
  const isRising = buckets.every(([le, value], at) => {
    const [leBefore = Number.NEGATIVE_INFINITY, before = 0] = buckets[at - 1] ?? [];
    return le! > leBefore && value! >= before;
  });
  const [last, count] = [buckets.at(-1), of('_count')[0]?.value];
  if (!isRising || last?.[0] !== Number.POSITIVE_INFINITY || last[1] !== count || of('_sum').length !== 1)
    throw new Error(`${name} is no histogram`);
}

function labelsOf(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)].map(
    ([, name, value]) => [name!, unescaped(value!)] as const,
  );
  const labels = Object.fromEntries(pairs);
  if (Object.keys(labels).length !== pairs.length) throw new Error(`a label comes twice: ${text}`);
  return labels;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
