// `node bench/profile.ts ROW`: where the CPU of Noonmark goes under the load of a row of the bench: self time by place, by
// function, and how much of it all is the kernel's. Options: --seconds N (6), --top N (30), --keep FILE (the .cpuprofile, which
// the developer tools of Chromium open). Noonmark runs under V8's sampling profiler, which costs some per cent itself.

import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { takeLoadCore } from './cores.ts';
import { between, type CpuProfile, functionOf, placeOf, type Share, selfTimes } from './cpu-profile.ts';
import { percent } from './markdown.ts';
import { since, treeCpu } from './measure.ts';
import { NOONMARK } from './peers/noonmark.ts';
import { type Peer, type Server, startServer } from './peers/peer.ts';
import { MEASURE, needPrograms } from './peers/peers.ts';
import { fill } from './rows/fleet.ts';
import { runLoad } from './rows/load-row.ts';
import { type Bench, forwardingOf, type LoadRow } from './rows/row.ts';
import { ROWS } from './rows/rows.ts';
import { openWorld } from './world.ts';
import { HIT_NAMES } from './zone.ts';

/** Not the bundle: a place is looked for in a file of src/. */
const FROM_SOURCES = join(import.meta.dirname, 'from-sources.js');
const WARM_UP_SECONDS = 2;
const ROOM_FOR_NAMES = 300_000;

export interface Profile {
  readonly file: string;
  readonly places: readonly Share[];
  readonly functions: readonly Share[];
  readonly kernelShare: number;
}

/** @param directory where the .cpuprofile goes */
export async function profileRow(
  bench: Pick<Bench, 'world' | 'files'>,
  row: LoadRow,
  seconds: number,
  directory: string,
): Promise<Profile> {
  const profiled: Peer = {
    ...NOONMARK,
    command: (file, setting) => {
      const [node, _main, ...rest] = NOONMARK.command(file, setting);
      return [node!, '--cpu-prof', `--cpu-prof-dir=${directory}`, FROM_SOURCES, ...rest];
    },
  };
  const forwarding = forwardingOf(NOONMARK, row, MEASURE);
  const server = await startServer(profiled, bench.world, {
    forwarding,
    roomForNames: ROOM_FOR_NAMES,
    threads: 1,
  });
  const loaded = await load(bench, row, server, seconds).finally(() => server.stop());
  const file = largestProfile(directory);
  const whole = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const profile = between(whole, loaded.fromUs, loaded.toUs); // without the start and the warming up
  return {
    file,
    places: selfTimes(profile, placeOf),
    functions: selfTimes(profile, functionOf),
    kernelShare: loaded.kernelShare,
  };
}

async function load(
  bench: Pick<Bench, 'world' | 'files'>,
  row: LoadRow,
  server: Server,
  seconds: number,
): Promise<{ readonly kernelShare: number; readonly fromUs: number; readonly toUs: number }> {
  await fill(server.ports.dns, bench.files.hits, HIT_NAMES);
  await runLoad(bench, row, server, 'warm', WARM_UP_SECONDS);
  const fromUs = nowUs();
  const before = treeCpu(server.running.pid);
  await runLoad(bench, row, server, 'profiled', seconds);
  const toUs = nowUs();
  const { userUs, systemUs } = since(before, treeCpu(server.running.pid));
  return { kernelShare: systemUs / (userUs + systemUs), fromUs, toUs };
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** Each thread writes one; the busiest has the most to say. */
function largestProfile(directory: string): string {
  const files = readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'));
  const bySize = files
    .map((name) => join(directory, name))
    .sort((a, b) => statSync(b).size - statSync(a).size);
  if (bySize[0] === undefined) throw new Error('Noonmark ended without writing a profile');
  return bySize[0];
}

if (import.meta.main) await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { seconds: { type: 'string' }, top: { type: 'string' }, keep: { type: 'string' } },
  });
  const loads = ROWS.filter((row): row is LoadRow => row.kind === 'load');
  const row = loads.find(({ id }) => id === positionals[0]);
  if (row === undefined) throw new Error(`name a row: ${loads.map(({ id }) => id).join(', ')}`);
  takeLoadCore();
  await needPrograms([NOONMARK]);
  await using open = await openWorld();
  const directory = mkdtempSync(join(open.world.directory, 'profile-'));
  const profile = await profileRow(open, row, Number(values.seconds ?? 6), directory);
  if (values.keep !== undefined) copyFileSync(profile.file, values.keep);
  rmSync(directory, { recursive: true });
  console.log(`${row.title}: of the CPU, ${percent(profile.kernelShare)} inside the kernel\n`);
  for (const { what, share } of profile.places) console.log(`${percent(share).padStart(8)}  ${what}`);
  console.log();
  for (const { what, share } of profile.functions.slice(0, Number(values.top ?? 30)))
    console.log(`${percent(share).padStart(8)}  ${what}`);
}
