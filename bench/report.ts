// What was found, as the sections of docs/performance.md. Pure: the same findings give the same text. A peer without a figure
// has a dash, and the reason stands once below the table.

import {
  type ByPeer,
  type Findings,
  figureOf,
  type LatencyFinding,
  type LoadFigure,
  type LoadFinding,
  type MemoryFinding,
  type RowFinding,
} from './findings.ts';
import { DASH, grouped, megabytes, percent, ratioText, short, table } from './markdown.ts';

/** Lost queries below this share are those that the end of a round cut off. */
const LOST_WORTH_SAYING = 0.001;

/** By the name of the mark in the page; only those of which something was found. */
export function sectionsOf(findings: Findings): Record<string, string> {
  const sections = {
    run: runText(findings),
    cpu: cpuText(findings),
    absolute: absoluteText(findings),
    latency: latencyText(findings),
    profile: profileText(findings),
    memory: [memoryText, growthText, connectionsText]
      .map((text) => text(findings))
      .filter((text) => text !== '')
      .join('\n\n'),
    start: startText(findings),
    idle: idleText(findings),
  };
  return Object.fromEntries(Object.entries(sections).filter(([, text]) => text !== ''));
}

export function ofKind<Kind extends RowFinding['kind']>(
  { rows }: Pick<Findings, 'rows'>,
  kind: Kind,
): Extract<RowFinding, { kind: Kind }>[] {
  return rows.filter((row): row is Extract<RowFinding, { kind: Kind }> => row.kind === kind);
}

function runText({
  machine,
  commit,
  rounds,
  seconds,
  isQuick,
  peers,
  titles,
  versions,
  warnings,
}: Findings): string {
  const named = peers.map((name) => `${titles[name]} ${versions[name]}`).join(', ');
  const how = `${rounds} rounds of ${seconds} s each, medians${isQuick ? '; a quick run, so an indication only' : ''}`;
  const busy = warnings.map((warning) => `- Beware: ${warning}.`);
  return [`Measured at the commit of ${commit} on ${machine}; ${how}. ${named}.`, ...busy].join('\n');
}

function cpuText(findings: Findings): string {
  const rows = ofKind(findings, 'load');
  if (rows.length === 0) return '';
  const { peers, titles } = findings;
  const ratios = rows.map((row) => [
    row.title,
    targetText(row.target, 2),
    ...peers.map((name) => cell(row, name, ({ ratio }) => marked(name, row.target, ratio, ratioText(ratio)))),
  ]);
  return [
    'CPU per query, as a ratio to that of unbound in the same rounds: 1.00 is as much, 0.50 is half.',
    table(['path', 'target', ...peers.map((name) => titles[name]!)], ratios),
    reasonsText(rows, findings),
    lostText(rows, findings),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function absoluteText(findings: Findings): string {
  const rows = ofKind(findings, 'load');
  if (rows.length === 0) return '';
  const { peers, titles } = findings;
  const tableOf = (what: string, text: (figure: LoadFigure) => string) =>
    table(
      [what, ...peers.map((name) => titles[name]!)],
      rows.map((row) => [row.title, ...peers.map((name) => cell(row, name, text))]),
    );
  return [
    tableOf('µs of CPU per query', ({ cpuUs }) => short(cpuUs)),
    tableOf('answers a second', ({ answersPerSecond }) => grouped(answersPerSecond)),
    tableOf('share of the kernel', ({ kernelShare }) => percent(kernelShare)),
  ].join('\n\n');
}

function cell<Figure>(
  row: { readonly peers: ByPeer<Figure> },
  name: string,
  text: (figure: Figure) => string,
): string {
  const figure = figureOf(row.peers[name]);
  return figure === null ? DASH : text(figure);
}

/** Ours stands out, and says when it is not what it is meant to be. */
function marked(name: string, target: number | null, value: number, text: string): string {
  if (name !== 'noonmark') return text;
  return target !== null && value > target ? `**${text}** (missed)` : `**${text}**`;
}

function targetText(target: number | null, digits: number): string {
  return target === null ? '' : `≤ ${target.toFixed(digits)}`;
}

/** Each reason once, with the peers and the rows that it goes for. */
export function reasonsText(
  rows: readonly RowFinding[],
  { peers, titles }: Pick<Findings, 'peers' | 'titles'>,
): string {
  const reasons = new Map<string, { readonly who: Set<string>; readonly rows: Set<string> }>();
  for (const row of rows) {
    for (const name of peers) {
      const found = row.peers[name];
      if (found === undefined || 'figure' in found) continue;
      const reason = reasons.get(found.why) ?? { who: new Set(), rows: new Set() };
      reason.who.add(titles[name]!);
      reason.rows.add(row.title);
      reasons.set(found.why, reason);
    }
  }
  const lines = [...reasons].map(([why, { who, rows: titlesOfRows }]) => {
    const [first] = who;
    const subject = why.startsWith(first!) ? '' : `${[...who].join(', ')}: `;
    return `- ${subject}${why}${rows.length > 1 ? ` (${[...titlesOfRows].join('; ')})` : ''}.`;
  });
  return lines.length === 0 ? '' : ['A dash, and why:', '', ...lines].join('\n');
}

function lostText(rows: readonly LoadFinding[], { peers, titles }: Findings): string {
  const lost = rows.flatMap((row) =>
    peers.flatMap((name) => {
      const figure = figureOf(row.peers[name]);
      if (figure === null || figure.lostShare <= LOST_WORTH_SAYING) return [];
      return [`${titles[name]} ${percent(figure.lostShare)} in “${row.title}”`];
    }),
  );
  return lost.length === 0 ? '' : `Queries without an answer, in the worst round: ${lost.join(', ')}.`;
}

function latencyText(findings: Findings): string {
  return ofKind(findings, 'latency')
    .map((row) => oneLatency(row, findings))
    .join('\n\n');
}

function oneLatency(row: LatencyFinding, findings: Findings): string {
  const { peers, titles } = findings;
  const rows = peers.map((name) => [
    titles[name]!,
    cell(row, name, ({ p50Us }) => p50Us.toFixed(0)),
    cell(row, name, ({ p99Us }) => p99Us.toFixed(0)),
    cell(row, name, ({ cpuUs }) => short(cpuUs)),
    cell(row, name, ({ answersPerSecond }) => grouped(answersPerSecond)),
  ]);
  const head = ['', 'p50, µs', 'p99, µs', 'CPU, µs a query', 'answers a second'];
  return `${row.title} (target: both at most unbound's):\n\n${table(head, rows)}`;
}

function profileText({ profiles }: Findings): string {
  return profiles
    .map(({ title, places }) => {
      const rows = places.map(({ place, share }) => [place, percent(share)]);
      return table([title, 'share'], rows);
    })
    .join('\n\n');
}

function memoryText(findings: Findings): string {
  return ofKind(findings, 'memory')
    .map((row) => oneMemory(row, findings))
    .join('\n\n');
}

function oneMemory(row: MemoryFinding, findings: Findings): string {
  const { peers, titles } = findings;
  const rows = peers.map((name) => [
    titles[name]!,
    cell(row, name, ({ afterStartOctets }) => megabytes(afterStartOctets)),
    cell(row, name, ({ withNamesOctets }) => megabytes(withNamesOctets)),
    cell(row, name, ({ beyondWireOctets: octets }) => marked(name, row.target, octets, octets.toFixed(0))),
  ]);
  const head = [
    '',
    'MB after the start',
    `MB with ${grouped(row.names)} names`,
    `octets a name beyond its answer (${targetText(row.target, 0)})`,
  ];
  return [table(head, rows), reasonsText([row], findings)].filter((text) => text !== '').join('\n\n');
}

function growthText(findings: Findings): string {
  const { peers, titles } = findings;
  return ofKind(findings, 'growth')
    .map((row) => {
      const rows = peers.map((name) => [
        titles[name]!,
        cell(row, name, ({ fewCpuUs }) => short(fewCpuUs)),
        cell(row, name, ({ manyCpuUs }) => short(manyCpuUs)),
        cell(row, name, ({ ratio }) => marked(name, row.target, ratio, ratioText(ratio))),
        cell(row, name, ({ withManyOctets }) => megabytes(withManyOctets)),
      ]);
      const [few, many] = [grouped(row.fewNames), grouped(row.manyNames)];
      const head = [
        '',
        `µs a hit, ${few} names`,
        `µs a hit, ${many} names`,
        `ratio (${targetText(row.target, 2)})`,
        `MB with ${many} names`,
      ];
      return [table(head, rows), reasonsText([row], findings)].filter((text) => text !== '').join('\n\n');
    })
    .join('\n\n');
}

function connectionsText(findings: Findings): string {
  const { peers, titles } = findings;
  return ofKind(findings, 'connections')
    .map((row) => {
      const rows = peers.map((name) => [
        titles[name]!,
        cell(row, name, ({ dotOctets }) => (dotOctets / 1000).toFixed(0)),
        cell(row, name, ({ dohOctets }) => (dohOctets / 1000).toFixed(0)),
      ]);
      const head = [`KB a connection that rests, of ${row.connections}`, 'DoT', 'DoH'];
      return [table(head, rows), reasonsText([row], findings)].filter((text) => text !== '').join('\n\n');
    })
    .join('\n\n');
}

function startText(findings: Findings): string {
  const { peers, titles } = findings;
  return ofKind(findings, 'start')
    .map((row) => {
      const rows = peers.map((name) => [
        titles[name]!,
        cell(row, name, ({ medianMs }) => marked(name, row.target, medianMs, medianMs.toFixed(0))),
        cell(row, name, ({ worstMs }) => worstMs.toFixed(0)),
      ]);
      return table(['', `median ms of ${row.starts} starts (${targetText(row.target, 0)})`, 'worst'], rows);
    })
    .join('\n\n');
}

function idleText(findings: Findings): string {
  const { peers, titles } = findings;
  return ofKind(findings, 'idle')
    .map((row) => {
      const rows = peers.map((name) => [
        titles[name]!,
        cell(row, name, ({ cpuShare }) => `${(cpuShare * 100).toFixed(3)} %`),
        cell(row, name, ({ switchesPerSecond }) => switchesPerSecond.toFixed(1)),
      ]);
      const head = [`over ${grouped(row.seconds)} s`, 'of one core', 'context switches a second'];
      return [table(head, rows), reasonsText([row], findings)].filter((text) => text !== '').join('\n\n');
    })
    .join('\n\n');
}
