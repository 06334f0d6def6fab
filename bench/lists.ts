// `node bench/lists.ts`: what a list of a million names costs, in memory, in reading and in looking up. Facts that do not
// depend on the machine come first; times are of this one. Options: --names N (1,000,000), --lists N (1).

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { nameKey } from '../src/dns/names.ts';
import { readListFile } from '../src/lists/list-file.ts';
import { AskedName, type NameTable } from '../src/lists/name-table.ts';
import { describeMachine } from '../test/support/machine-figures.ts';

const ASKED = 200_000;
const MIB = 2 ** 20;

const { values } = parseArgs({ options: { names: { type: 'string' }, lists: { type: 'string' } } });
const names = Number(values.names ?? 1_000_000);
const lists = Number(values.lists ?? 1);

const directory = mkdtempSync(join(tmpdir(), 'noonmark-bench-'));
const files = Array.from({ length: lists }, (_, list) => writeList(list));
const before = rssAfterCollection();
const started = process.hrtime.bigint();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const tables: NameTable[] = [];
for (const file of files) tables.push((await readListFile(file)).table);
delay.disable();
const readMs = msSince(started);
rmSync(directory, { recursive: true });
const grown = rssAfterCollection() - before;
const held = tables.reduce((sum, { octets }) => sum + octets, 0);

console.log(`${names.toLocaleString('en')} names in each of ${lists} list(s), 21 characters each on average`);
console.log(
  `memory of the tables: ${(held / MIB).toFixed(1)} MiB, ${(held / names / lists).toFixed(1)} octets a name`,
);
console.log(`growth of the process: ${(grown / MIB).toFixed(1)} MiB`);
console.log(`\n${describeMachine()}`);
console.log(
  `read in ${readMs.toFixed(0)} ms, others waiting ${(delay.max / 1e6).toFixed(1)} ms at most meanwhile`,
);
for (const [what, prefix] of [
  ['names on the lists', ''],
  ['names that are not, three labels', 'x'],
] as const) {
  console.log(`look-up, ${what}: ${lookUpNs(prefix).toFixed(0)} ns`);
}

function writeList(list: number): string {
  const file = join(directory, `${list}.txt`);
  const descriptor = openSync(file, 'w');
  for (let index = 0; index < names; index += 1)
    writeSync(descriptor, `0.0.0.0 ${nameOf(index, `l${list}`)}\n`);
  closeSync(descriptor);
  return file;
}

/** Spread over half a million domains, as lists are. */
function nameOf(index: number, prefix: string): string {
  return `${prefix}${index}.d${index % 500_000}.example`;
}

function lookUpNs(prefix: string): number {
  const keys = Array.from({ length: ASKED }, (_, index) =>
    nameKey(nameOf((index * 7919) % names, prefix === '' ? 'l0' : prefix)),
  );
  const asked = new AskedName();
  let found = 0;
  const from = process.hrtime.bigint();
  for (const key of keys) {
    asked.set(key);
    for (let label = 0; label < asked.labels; label += 1) {
      for (const table of tables) if (table.marksAt(asked, label) !== 0) found += 1;
    }
  }
  const ns = (msSince(from) * 1e6) / ASKED;
  if (found > 0 !== (prefix === '')) throw new Error('the look-up found what is not there, or not what is');
  return ns;
}

function msSince(instant: bigint): number {
  return Number(process.hrtime.bigint() - instant) / 1e6;
}

function rssAfterCollection(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage.rss();
}
