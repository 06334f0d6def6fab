// `npm run reliability`: every trial at every door that it names, on Noonmark and on its peers, one at a time and in turn, each
// with a world and a server of its own; then the tables of docs/reliability.md, which are only ever written here.
// What came of them is kept as JSON in a temporary place as well. Options:
//   --row N    that row alone, or several; prints the tables and leaves the page
//   --quick    without the trials that take long; likewise
//   --from F   plays nothing, and writes the page from what was kept in F, or in several, of which the later ones count

import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { atExit } from '../support/at-exit.ts';
import { describeMachine } from '../support/machine-figures.ts';
import { REPOSITORY, type Transport } from '../support/noonmark.ts';
import { writeSection } from '../support/page-section.ts';
import { detailsOf, type Played, summaryOf } from './comparison-tables.ts';
import { PEERS, SUBJECTS } from './subjects/subjects.ts';
import type { Outcome, Trial } from './trial.ts';
import { TRIALS } from './trials.ts';

const PAGE = join(REPOSITORY, 'docs/reliability.md');
const ONE = join(import.meta.dirname, 'compare-one.ts');
const TRIAL_MS = 60_000;
const LONG_TRIAL_MS = 240_000;
/** For its servers to end. */
const GRACE_MS = 10_000;
const ERROR_CHARACTERS = 300;
/** In a line of progress; all of them are kept. */
const COMPLAINTS_SHOWN = 3;

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    from: { type: 'string', multiple: true },
  },
});
const children = new Set<ReturnType<typeof fork>>();
atExit(() => {
  for (const child of children) child.kill('SIGTERM');
});

const played = values.from === undefined ? await playAll() : values.from.flatMap(kept);
const results = {
  machine: describeMachine(),
  subjects: SUBJECTS.map(({ name }) => name),
  versions: new Map(await Promise.all(PEERS.map(async (peer) => [peer.name, await peer.version()] as const))),
  played: latestOf(played),
};
if (values.row === undefined && !values.quick) {
  writeSection(PAGE, 'summary', summaryOf(results));
  writeSection(PAGE, 'details', detailsOf(results));
  console.log('docs/reliability.md has the new tables.');
} else console.log(`${summaryOf(results)}\n\n${detailsOf(results)}`);

async function playAll(): Promise<Played[]> {
  const { row: rows, quick } = values;
  const all: Played[] = [];
  for (const trial of TRIALS) {
    if ((rows !== undefined && !rows.includes(String(trial.row))) || (quick && trial.isLong)) continue;
    for (const transport of trial.over) {
      for (const { name } of SUBJECTS) {
        if (PEERS.find((peer) => peer.name === name)?.canPlay(trial) === false) continue;
        const one = await play(trial, transport, name);
        all.push(one);
        console.log(`row ${trial.row}, ${trial.name}, ${transport}, ${name}: ${inWords(one)}`);
      }
    }
  }
  const file = join(mkdtempSync(join(tmpdir(), 'noonmark-reliability-')), 'played.json');
  writeFileSync(file, JSON.stringify(all));
  console.log(`kept in ${file}`);
  return all;
}

function kept(file: string): Played[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Played[];
}

/** Of runs of the same trial at the same door of the same server. */
function latestOf(all: readonly Played[]): Played[] {
  return [
    ...new Map(all.map((one) => [[one.row, one.trial, one.transport, one.subject].join('\n'), one])).values(),
  ];
}

/** Never rejects: what a trial could not do stands in what it gives. */
function play(trial: Trial, transport: Transport, subject: string): Promise<Played> {
  const limitMs = trial.isLong ? LONG_TRIAL_MS : TRIAL_MS;
  const child = fork(ONE, [subject, String(trial.row), trial.name, transport], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  children.add(child);
  let outcome: Outcome | null = null;
  let errors = '';
  let isLate = false;
  child.on('message', (message) => (outcome = message as Outcome));
  child.stderr!.on('data', (chunk) => (errors = (errors + chunk).slice(0, ERROR_CHARACTERS)));
  const timers = [
    setTimeout(() => (isLate = child.kill('SIGTERM')), limitMs),
    setTimeout(() => child.kill('SIGKILL'), limitMs + GRACE_MS),
  ];
  return new Promise((resolve) => {
    child.once('close', () => {
      for (const timer of timers) clearTimeout(timer);
      children.delete(child);
      const why = isLate
        ? `did not end within ${limitMs / 1000} s`
        : (/^\w*Error\b.*/m.exec(errors)?.[0] ?? errors);
      const { row, name, hasNoWorld = false } = trial;
      resolve({ row, trial: name, hasNoWorld, transport, subject, outcome, why });
    });
  });
}

function inWords({ outcome, why }: Played): string {
  if (outcome === null) return `not judged: ${why}`;
  const { complaints } = outcome;
  const more = complaints.length - COMPLAINTS_SHOWN;
  const shown = complaints.slice(0, COMPLAINTS_SHOWN).join('; ');
  return complaints.length === 0 ? 'holds' : `${shown}${more > 0 ? `; and ${more} more` : ''}`;
}
