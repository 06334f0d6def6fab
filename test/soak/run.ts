// `npm run soak -- --minutes N` (default 30): everything at once for a while; then the samples as JSON in a temporary place.
// Of half an hour or more it also makes docs/pictures/soak.svg and the figures in docs/reliability.md. Ends with 1 when something
// does not hold.
// `-- --draw FILE` judges and draws samples that were taken before.

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine } from '../support/machine-figures.ts';
import { REPOSITORY } from '../support/noonmark.ts';
import { markdownTable, writeSection } from '../support/page-section.ts';
import { drawSoak } from './picture.ts';
import type { Sample } from './samples.ts';
import { soak } from './soak.ts';
import { complaintsOverTime, drift, type SoakReport, totalsOf } from './verdict.ts';

/** What is measured for less says little about months; the last sample is a little before the end. */
const LEAST_PUBLISHED_SECONDS = 29 * 60;
const MINUTE_MS = 60_000;
const PAGE = join(REPOSITORY, 'docs/reliability.md');
const PICTURE = join(REPOSITORY, 'docs/pictures/soak.svg');
/** Lines of progress. */
const LINES = 30;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, draw: { type: 'string' } },
});
const { draw } = values;
process.exitCode = draw === undefined ? await run(Number(values.minutes)) : judgeAgain(draw);

async function run(minutes: number): Promise<number> {
  if (!(minutes > 0)) throw new Error(`--minutes ${minutes}: a number above 0 is wanted`);
  const durationMs = minutes * MINUTE_MS;
  let nextLineAt = 0;
  const report = await soak({
    durationMs,
    onSample(sample, intensity) {
      if (sample.at < nextLineAt) return;
      nextLineAt = sample.at + durationMs / 1000 / LINES;
      console.log(`${lineOf(sample)}, intensity ${intensity.toFixed(2)}`);
    },
  });
  const file = join(mkdtempSync(join(tmpdir(), 'noonmark-soak-')), 'samples.json');
  writeFileSync(file, JSON.stringify(report));
  console.log(`\nsamples: ${file}`);
  return conclude(report);
}

function publish(report: SoakReport, figures: string): void {
  mkdirSync(join(PICTURE, '..'), { recursive: true });
  writeFileSync(PICTURE, drawSoak(report, describeMachine()));
  writeSection(PAGE, 'soak', figures);
}

function judgeAgain(file: string): number {
  return conclude(JSON.parse(readFileSync(file, 'utf8')) as SoakReport);
}

function conclude(report: SoakReport): number {
  const figures = figuresOf(report);
  if ((report.samples.at(-1)?.at ?? 0) >= LEAST_PUBLISHED_SECONDS) publish(report, figures);
  console.log(`\n${figures}\n`);
  const complaints = complaintsOverTime(report);
  console.log(complaints.length === 0 ? 'It holds.' : `It does not hold:\n- ${complaints.join('\n- ')}`);
  return complaints.length === 0 ? 0 : 1;
}

function lineOf({
  at,
  rssMb,
  descriptors,
  medianMs,
  p99Ms,
  asked,
  answered,
  wrong,
  idle,
  floodPerSecond,
}: Sample) {
  return [
    `${Math.round(at)} s: ${rssMb.toFixed(0)} MB`,
    `${descriptors} descriptors`,
    `median ${medianMs.toFixed(1)} ms`,
    `99 % within ${p99Ms.toFixed(0)} ms`,
    `${answered} of ${asked} answered`,
    `${wrong.length} wrong`,
    `idle ${(idle * 100).toFixed(0)} %`,
    `floods ${floodPerSecond}/s`,
  ].join(', ');
}

function figuresOf({ samples, descriptorsBefore, descriptorsAfter, disturbances }: SoakReport): string {
  const { asked, answered, wrong } = totalsOf(samples);
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const fifths = (of: (sample: Sample) => number, unit: string, digits = 0) => {
    const { from, to } = drift(samples, of);
    return `${from.toFixed(digits)} ${unit}, ${to.toFixed(digits)} ${unit}`;
  };
  const minutes = (samples.at(-1)?.at ?? 0) / 60;
  return markdownTable(
    ['what', `${minutes.toFixed(0)} minutes on ${describeMachine()}`],
    [
      ['honest questions', asked.toLocaleString('en')],
      ['answered', `${(Math.floor((10_000 * answered) / asked) / 100).toFixed(2)} %`],
      ['answered wrongly', String(wrong.length)],
      ['acts of attackers a second, on average', mean(({ floodPerSecond }) => floodPerSecond).toFixed(0)],
      ['upstream faults and restarts, reloads, changes', String(disturbances.length)],
      ['machine idle, on average', `${(100 * mean(({ idle }) => idle)).toFixed(0)} %`],
      ['resident memory, second and last fifth', fifths(({ rssMb }) => rssMb, 'MB')],
      ['median wait, second and last fifth', fifths(({ medianMs }) => medianMs, 'ms', 1)],
      ['99 of 100 waits, second and last fifth', fifths(({ p99Ms }) => p99Ms, 'ms', 1)],
      ['descriptors before the first flood, after the last', `${descriptorsBefore}, ${descriptorsAfter}`],
    ],
  );
}
