// Writes what was found into the pages, between their marks: docs/performance.md with its chart, docs/scale.md. Every other
// word of them stays. A page that lies elsewhere (--into) begins as a copy of ours.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../test/support/noonmark.ts';
import { capacitySections } from './capacity.ts';
import { drawChart } from './chart.ts';
import type { Findings } from './findings.ts';
import { withSections } from './markdown.ts';
import { sectionsOf } from './report.ts';

const CHART = 'performance.svg';

export function writePages(findings: Findings, directory: string): void {
  mkdirSync(directory, { recursive: true });
  writePage(directory, 'performance.md', sectionsOf(findings));
  writePage(directory, 'scale.md', capacitySections(findings));
  const chart = drawChart(findings);
  if (chart !== '') writeFileSync(join(directory, CHART), chart);
}

function writePage(directory: string, name: string, sections: Readonly<Record<string, string>>): void {
  const file = join(directory, name);
  const page = readFileSync(existsSync(file) ? file : join(REPOSITORY, 'docs', name), 'utf8');
  writeFileSync(file, withSections(page, sections));
}
