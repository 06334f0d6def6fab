// What came of every trial at every server, as the two parts of docs/reliability.md that are measured: one line a row,
// and one line a trial and door with its figures.

import type { Transport } from '../support/noonmark.ts';
import { markdownTable } from '../support/page-section.ts';
import type { Outcome } from './trial.ts';

/** Of a complaint; the rest is in the output of the run. */
const COMPLAINT_CHARACTERS = 90;

/** The rows of docs/reliability.md in few words. */
const ROWS: Readonly<Record<number, string>> = {
  1: 'forged and stray replies',
  2: 'equal questions in flight',
  3: 'replies that provoke retries',
  4: 'open resolver, access list',
  5: 'reflection and amplification',
  6: 'pulses, pending queries',
  7: 'messages that lie about themselves',
  8: 'messages that cost CPU',
  9: 'slow clients',
  10: 'connection floods',
  11: 'HTTP/2 attacks',
  12: 'abuse of DoH',
  13: 'random names',
  14: 'dead or wedged upstream',
  15: 'upstream with a wrong certificate',
  16: 'lies about the time',
  17: 'stolen, expired certificate',
  18: 'ACME',
  19: 'DNS rebinding',
  20: 'redirects and endless bodies of upstreams',
  21: 'injection through names',
  22: 'names such as __proto__',
  23: 'secrets',
  24: 'kill -9, full disk, few descriptors',
  25: 'a device gone mad',
};

export interface Played {
  readonly row: number;
  readonly trial: string;
  /** Bystanders could not be answered about names of the world. */
  readonly hasNoWorld: boolean;
  readonly transport: Transport;
  readonly subject: string;
  /** Null: the trial could not be judged at this server. */
  readonly outcome: Outcome | null;
  /** Where it could not. */
  readonly why: string;
}

export interface Comparison {
  readonly machine: string;
  readonly subjects: readonly string[];
  readonly versions: ReadonlyMap<string, string>;
  readonly played: readonly Played[];
}

/** One line a row. */
export function summaryOf(comparison: Comparison): string {
  const measured = `Measured by \`npm run reliability\` on ${comparison.machine}.`;
  return `${measured}\n\n${summaryTable(comparison, rowsOf(comparison))}`;
}

/** One line a trial and door. */
export function detailsOf(comparison: Comparison): string {
  return rowsOf(comparison)
    .map((row) => `### Row ${row}: ${titleOf(row)}\n\n${detailsTable(comparison, row)}`)
    .join('\n\n');
}

function rowsOf({ played }: Comparison): number[] {
  return [...new Set(played.map(({ row }) => row))].sort((one, other) => one - other);
}

function summaryTable({ subjects, versions, played }: Comparison, rows: readonly number[]): string {
  const cellOf = (row: number, subject: string) =>
    sumUp(played.filter((one) => one.row === row && one.subject === subject));
  const held = subjects.map((subject) => {
    const cells = rows.map((row) => cellOf(row, subject)).filter((cell) => cell !== NOT_PLAYED);
    return `**${cells.filter((cell) => cell === HOLDS).length} of ${cells.length}**`;
  });
  return markdownTable(
    [
      'row',
      'attack or fault',
      ...subjects.map((name) => [name, versions.get(name)].filter(Boolean).join(' ')),
    ],
    [
      ...rows.map((row) => [String(row), titleOf(row), ...subjects.map((subject) => cellOf(row, subject))]),
      ['', '**rows that hold**', ...held],
    ],
  );
}

const HOLDS = '✓';
/** Its configuration has nothing that the trials are about. */
const NOT_PLAYED = '–';

/** The gravest thing that happened in a row, and how many of its trials hold. */
function sumUp(played: readonly Played[]): string {
  if (played.length === 0) return NOT_PLAYED;
  const judged = played.flatMap(({ outcome }) => outcome ?? []);
  const holding = judged.filter(({ complaints }) => complaints.length === 0).length;
  if (judged.length === 0) return 'not judged';
  if (holding === played.length) return HOLDS;
  const count = `${holding} of ${played.length}`;
  const gravest = GRAVEST_FIRST.find(([, is]) => judged.some(is));
  return gravest === undefined ? `${count}, rest not judged` : `${gravest[0]}; ${count}`;
}

const GRAVEST_FIRST: readonly (readonly [string, (outcome: Outcome) => boolean])[] = [
  ['ends', ({ isAlive }) => !isAlive],
  ['wrong answers', ({ bystanders }) => bystanders.wrong.length > 0],
  ['others unanswered', ({ complaints }) => complaints.some((one) => one.startsWith('bystanders:'))],
  ['others wait', ({ complaints }) => complaints.some((one) => one.startsWith('a bystander waited'))],
  ['grows', ({ complaints }) => complaints.some((one) => one.startsWith('it grew'))],
  ["row's rule", ({ complaints }) => complaints.length > 0],
];

function detailsTable({ subjects, played }: Comparison, row: number): string {
  const lines = new Map<string, Played[]>();
  for (const one of played) {
    if (one.row !== row) continue;
    const key = `${one.trial} over ${one.transport}`;
    lines.set(key, [...(lines.get(key) ?? []), one]);
  }
  return markdownTable(
    ['trial', ...subjects],
    [...lines].map(([key, ofLine]) => [
      plain(key),
      ...subjects.map((subject) => {
        const one = ofLine.find((candidate) => candidate.subject === subject);
        return one === undefined ? NOT_PLAYED : cell(one);
      }),
    ]),
  );
}

/** "✓ 100 %, 1 / 12 ms, +3 MB", or what was wrong in its stead. */
function cell({ trial, hasNoWorld, outcome, why }: Played): string {
  if (outcome === null) return `not judged: ${short(why)}`;
  const { complaints, bystanders, grownMb } = outcome;
  const { asked, answered, wrong, medianMs, worstMs } = bystanders;
  const figures = [
    ...(hasNoWorld ? [] : [`${percent(answered, asked)} %`]),
    ...(wrong.length > 0 ? [`${wrong.length} wrong`] : []),
    `${milliseconds(medianMs)} / ${milliseconds(worstMs)} ms`,
    `${grownMb >= 0 ? '+' : '−'}${Math.abs(Math.round(grownMb))} MB`,
  ].join(', ');
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  return `${complaints.length === 0 ? HOLDS : `**${short(complaints[0]!.replace(`${trial}: `, ''))}**${more}`}<br>${figures}`;
}

/** Rounded down, so that 100 means all. */
function percent(part: number, all: number): string {
  return all === 0 ? '–' : String(Math.floor((1000 * part) / all) / 10);
}

function milliseconds(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–';
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

/** In one line that breaks no table. */
function short(text: string): string {
  const line = text
    .replace(/\s+/g, ' ')
    .replace(/[|*<>`\\]/g, ' ')
    .trim();
  return plain(line.length <= COMPLAINT_CHARACTERS ? line : `${line.slice(0, COMPLAINT_CHARACTERS - 1)}…`);
}

/** Where Markdown would see an emphasis. */
function plain(text: string): string {
  return text.replaceAll('_', '\\_');
}

function titleOf(row: number): string {
  return plain(ROWS[row] ?? '');
}
