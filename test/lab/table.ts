// The lab's figures as the tables of docs/time.md, in Markdown, between two comments of that page.

import { readFileSync, writeFileSync } from 'node:fs';
import type { Compared } from './comparison.ts';
import { type Figures, seconds } from './figures.ts';
import { OTHER_SERVERS, type OtherServer } from './other-servers.ts';
import { RESTARTED_TITLE } from './wrong-dates.ts';

const BEGINS = '<!-- lab table begins -->';
const ENDS = '<!-- lab table ends -->';

export interface LabResults {
  /** What it was measured on. */
  readonly machine: string;
  readonly figures: readonly Figures[];
  readonly compared: readonly Compared[];
  readonly versions: Readonly<Record<OtherServer, string>>;
}

/** Replaces what stands between the two comments; throws where they are missing. */
export function writeTables(file: string, results: LabResults): void {
  const text = readFileSync(file, 'utf8');
  const [from, to] = [text.indexOf(BEGINS), text.indexOf(ENDS)];
  if (from === -1 || to < from) throw new Error(`${file} has no "${BEGINS}" with a "${ENDS}" behind it`);
  writeFileSync(file, `${text.slice(0, from)}${BEGINS}\n${tables(results)}\n${text.slice(to)}`);
}

export function tables({ machine, figures, compared, versions }: LabResults): string {
  const lost = figures.reduce((sum, one) => sum + one.internalLost, 0);
  const asked = figures.reduce((sum, one) => sum + one.internalAsked, 0);
  const plaintext = figures.reduce((sum, one) => sum + (one.plaintext ?? 0), 0);
  return [
    `Measured by \`npm run lab\` on ${machine}. Seconds are counted from the start of the process.`,
    `Internal queries lost: ${lost} of ${asked}. Names of the world seen in plaintext: ${plaintext}.`,
    '',
    storiesTable(figures),
    '',
    'Stories 1, 4 and 5 with servers of other makers, which have no time sources: seconds to the first verified answer',
    'of the world from the start of the process, or, in story 5, from the return of the upstream, which is restarted after',
    'each step of the clock, so that everybody must shake hands anew.',
    '',
    comparisonTable(figures, compared, versions),
  ].join('\n');
}

function storiesTable(figures: readonly Figures[]): string {
  const rows = [...figures]
    .sort(byStory)
    .map((one) => [
      one.story,
      one.title,
      seconds(one.internalMs),
      seconds(one.worldMs),
      `${one.basis === null ? one.state : `${one.state} (${one.basis})`}, ${seconds(one.stateMs)}`,
    ]);
  return markdown(
    ['story', 'what', 'first internal answer', 'first answer of the world', 'final state'],
    rows,
  );
}

function comparisonTable(
  figures: readonly Figures[],
  compared: readonly Compared[],
  versions: Readonly<Record<OtherServer, string>>,
): string {
  const keys = [
    ...new Map(compared.map(({ story, title }) => [`${story} ${title}`, { story, title }])).values(),
  ];
  const rows = keys.map(({ story, title }) => [
    story,
    story === '5' ? `step ${title}` : `clock ${title}`,
    ours(figures, story, title),
    ...OTHER_SERVERS.map((server) =>
      theirs(compared.find((one) => one.server === server && one.story === story && one.title === title)),
    ),
  ]);
  return markdown(['story', 'what', 'Noonmark', ...OTHER_SERVERS.map((server) => versions[server])], rows);
}

function ours(figures: readonly Figures[], story: string, title: string): string {
  const wanted = story === '4' ? `clock ${title}` : RESTARTED_TITLE;
  const one = figures.find((figure) => figure.story === story && (story === '1' || figure.title === wanted));
  if (one === undefined) return '';
  return seconds(story === '5' ? (one.more[title] ?? null) : one.worldMs);
}

function theirs(one: Compared | undefined): string {
  if (one === undefined) return '';
  return one.worldMs === null ? `never (${one.watchedMs / 1000} s)` : seconds(one.worldMs);
}

function byStory(a: Figures, b: Figures): number {
  return Number.parseInt(a.story, 10) - Number.parseInt(b.story, 10) || a.story.localeCompare(b.story);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
