// The part of a page that a measurement writes: what stands between `<!-- NAME begins -->` and `<!-- NAME ends -->`. The prose
// around it is kept, and no figure is written by hand.

import { readFileSync, writeFileSync } from 'node:fs';

/** Throws where the two comments are missing. */
export function writeSection(file: string, name: string, text: string): void {
  const page = readFileSync(file, 'utf8');
  const [begins, ends] = [`<!-- ${name} begins -->`, `<!-- ${name} ends -->`];
  const [from, to] = [page.indexOf(begins), page.indexOf(ends)];
  if (from === -1 || to < from) throw new Error(`${file} has no "${begins}" with a "${ends}" behind it`);
  writeFileSync(file, `${page.slice(0, from)}${begins}\n${text}\n${page.slice(to)}`);
}

export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}
