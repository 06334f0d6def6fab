// `npm run fuzz -- --minutes N [--target NAME] [--seed S] [--path P]`: all targets in turns, each turn with a seed of
// its own, until the time is over. One line a target at the end; exit code 1 when something was found. A target with a
// finding rests then. With --path, which a finding names, one input is tried once more.

import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { findingText } from './finding-text.ts';
import { type AnyTarget, type Outcome, tryTarget } from './target.ts';
import { TARGETS } from './targets.ts';

const DEFAULT_MINUTES = 10;
/** fast-check takes 32 bits, signed. */
const SEED_MAX = 2 ** 31 - 1;

interface Tally {
  readonly target: AnyTarget;
  runs: number;
  found: number;
  spentMs: number;
  slowestMs: number;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { minutes: text, target: text, seed: text, path: text } });
  const minutes = Number(values.minutes ?? DEFAULT_MINUTES);
  const first = Number(values.seed ?? randomInt(SEED_MAX));
  const targets = TARGETS.filter(({ name }) => values.target === undefined || name === values.target);
  if (targets.length === 0 || !(minutes > 0) || !Number.isInteger(first)) {
    console.log(
      `--minutes and --seed are numbers, and --target is one of ${TARGETS.map(({ name }) => name).join(', ')}`,
    );
    return 64;
  }
  const tallies = targets.map((target) => ({ target, runs: 0, found: 0, spentMs: 0, slowestMs: 0 }));
  console.log(`${targets.length} targets, ${minutes} minutes, seed ${first}`);
  if (values.path !== undefined) await takeTurn(tallies[0]!, first, values.path);
  else await takeTurns(tallies, { first, endMs: performance.now() + minutes * 60_000 });
  for (const tally of tallies) console.log(lineOf(tally));
  const found = tallies.reduce((sum, tally) => sum + tally.found, 0);
  console.log(`${tallies.reduce((sum, { runs }) => sum + runs, 0)} runs, ${found} found`);
  return found === 0 ? 0 : 1;
}

async function takeTurns(
  tallies: readonly Tally[],
  { first, endMs }: { first: number; endMs: number },
): Promise<void> {
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const awake = tallies.filter(({ found }) => found === 0);
    if (awake.length === 0) return;
    for (const tally of awake) {
      if (performance.now() >= endMs) return;
      await takeTurn(tally, (first + turn) % SEED_MAX);
    }
  }
}

async function takeTurn(tally: Tally, seed: number, path?: string): Promise<void> {
  const { target } = tally;
  const startMs = performance.now();
  const { runs, slowestMs, finding }: Outcome = await tryTarget(target, { seed, runs: target.runs, path });
  tally.runs += runs;
  tally.spentMs += performance.now() - startMs;
  tally.slowestMs = Math.max(tally.slowestMs, slowestMs);
  if (finding === null) return;
  tally.found += 1;
  console.log(`\n${findingText(target, finding)}\n`);
}

function lineOf({ target, runs, found, spentMs, slowestMs }: Tally): string {
  const columns = [
    String(runs).padStart(10),
    `${(spentMs / 1000).toFixed(0)} s`.padStart(6),
    `${slowestMs.toFixed(0)} ms`.padStart(8),
  ];
  return `${target.name.padEnd(16)}${columns[0]} runs in ${columns[1]}, the slowest ${columns[2]}, found ${found}`;
}
