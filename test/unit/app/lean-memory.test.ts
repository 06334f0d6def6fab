// The nursery of V8: what it may grow by, and that V8 does as it is told, in a process of its own, because its flags are one
// process's.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { growthFactor } from '../../../src/app/lean-memory.ts';
import { NODE } from '../../support/noonmark.ts';

const MB = 2 ** 20;
/** The pages of a space have heads, which are not counted. */
const HEADS = 1 / 100;

describe('the growth of the nursery', () => {
  it.each([
    [1, 2],
    [2, 1],
    [4, 1],
    [16, 1],
  ])('of %i MB is by %i', (megabytes, factor) => {
    expect(growthFactor(megabytes * MB)).toBe(factor);
    expect(growthFactor(megabytes * MB * (1 - HEADS))).toBe(factor);
  });
});

/** What stays for a while, ten times as much as makes V8 let its nursery grow to all that it may have. */
const WORK = `
  import { getHeapSpaceStatistics } from 'node:v8';
  const { leanHeap, stayLean } = await import('${new URL('../../../src/app/lean-memory.ts', import.meta.url)}');
  function nursery() {
    const space = getHeapSpaceStatistics().find((one) => one.space_name === 'new_space');
    return space.space_used_size + space.space_available_size;
  }
  async function work() {
    const kept = new Array(5000);
    for (let turn = 0; turn < 200; turn += 1) {
      for (let i = 0; i < 5000; i += 1) kept[i] = { octets: [turn, i, turn, i] };
      await new Promise(setImmediate);
    }
  }
  const lean = process.argv[1] === 'lean';
  if (lean) leanHeap();
  await work();
  const atFirst = nursery();
  if (lean) stayLean({ monotonic: () => 0, after: () => ({ cancel: () => {} }) });
  await work();
  process.stdout.write(JSON.stringify([atFirst, nursery()]));
`;

async function nurseriesOf(kind: 'lean' | 'plain'): Promise<number[]> {
  const { stdout } = await promisify(execFile)(NODE, ['--input-type=module', '-e', WORK, kind]);
  return (JSON.parse(stdout) as number[]).map((octets) => Math.round(octets / MB));
}

describe('the nursery of a process', () => {
  it('stays at 1 MB during the start, and at 2 MB after it', async () => {
    expect(await nurseriesOf('lean')).toEqual([1, 2]);
  });

  it('would be larger without', async () => {
    expect((await nurseriesOf('plain'))[1]).toBeGreaterThan(2);
  });
});

const MARKING = `
  import { writeSync } from 'node:fs';
  const { leanHeap, stayLean } = await import('${new URL('../../../src/app/lean-memory.ts', import.meta.url)}');
  function work() {
    const kept = [];
    for (let i = 0; i < 1_000_000; i += 1) kept.push({ octets: [i, i, i, i] });
  }
  leanHeap();
  work();
  writeSync(1, 'the start is over');
  stayLean({ monotonic: () => 0, after: () => ({ cancel: () => {} }) });
  work();
  process.exit();
`;

describe('marking the heap piece by piece', () => {
  it('takes no time from the start, and is done after it', async () => {
    const args = ['--trace-incremental-marking', '--input-type=module', '-e', MARKING];
    const { stdout } = await promisify(execFile)(NODE, args);
    const [start, after] = stdout.split('the start is over');
    expect(start).not.toContain('[IncrementalMarking] Start');
    expect(after).toContain('[IncrementalMarking] Start');
  });
});
