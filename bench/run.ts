// `npm run bench`: Noonmark beside unbound, dnsdist, Knot Resolver, BIND and dnsmasq, in turn, in the same run, on the same
// machine; rows.ts says which rows there are, options.ts which options. Ratios to unbound are what counts: machines differ. A
// full run writes docs/performance.md, its chart and the figures of docs/scale.md.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeMachine } from '../test/support/machine-figures.ts';
import { NODE, REPOSITORY } from '../test/support/noonmark.ts';
import { run } from '../test/support/running.ts';
import { takeLoadCore } from './cores.ts';
import type { Findings, ProfileFinding, RowFinding } from './findings.ts';
import { MachineWatch } from './measure.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { writePages } from './pages.ts';
import { MEASURE, needPrograms } from './peers/peers.ts';
import { profileRow } from './profile.ts';
import { sectionsOf } from './report.ts';
import { measureConnections } from './rows/connections-row.ts';
import { measureGrowth } from './rows/growth-row.ts';
import { measureIdle } from './rows/idle-row.ts';
import { measureLatency } from './rows/latency-row.ts';
import { measureLoad } from './rows/load-row.ts';
import { measureMemory } from './rows/memory-row.ts';
import type { Bench, LoadRow, Row } from './rows/row.ts';
import { measureStart } from './rows/start-row.ts';
import { openWorld } from './world.ts';

/** Paths whose CPU is looked into. */
const PROFILED = ['udp-hit', 'dot-pipelined', 'doh-get', 'miss-dot', 'miss-doh'];
const PROFILE_SECONDS = 6;
/** Below this share a place is one of many. */
const LEAST_SHARE_SHOWN = 0.01;

if (process.argv.includes('--help')) console.log(USAGE);
else {
  try {
    await main(readOptions(process.argv.slice(2)));
  } catch (error) {
    console.error(`npm run bench: ${process.env.DEBUG ? (error as Error).stack : (error as Error).message}`);
    process.exitCode = 2;
  }
}

async function main(options: Options): Promise<void> {
  const findings =
    options.from === undefined
      ? await measureAll(options)
      : (JSON.parse(readFileSync(options.from, 'utf8')) as Findings);
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(findings, null, 1));
  for (const text of Object.values(sectionsOf(findings))) console.log(`${text}\n`);
  const into =
    options.into ?? (options.isFull && options.from === undefined ? join(REPOSITORY, 'docs') : undefined);
  if (into !== undefined) writePages(findings, into);
  if (findings.warnings.length > 0) process.exitCode = 1;
}

async function measureAll(options: Options): Promise<Findings> {
  const { peers, rounds, seconds, warmUpSeconds, idleSeconds } = options;
  const bundle = await run(NODE, [join(REPOSITORY, 'src/bundle/write-bundle.js')]); // what users run is what is measured
  if (bundle.stdout !== '') console.error(bundle.stdout.trim());
  takeLoadCore();
  await needPrograms(peers);
  const watch = new MachineWatch();
  const troubles: string[] = [];
  const say = (text: string) => console.error(text);
  const trouble = (text: string) => {
    say(`TROUBLE: ${text}`);
    troubles.push(text);
  };
  for (const warning of watch.warnings()) say(`BEWARE: ${warning}`);
  await using open = await openWorld();
  const { world, files } = open;
  const bench = {
    world,
    files,
    peers,
    measure: MEASURE,
    rounds,
    seconds,
    warmUpSeconds,
    idleSeconds,
    say,
    trouble,
  };
  const rows: RowFinding[] = [];
  for (const row of options.rows) {
    say(row.title);
    try {
      rows.push(await measureRow(bench, row));
    } catch (error) {
      trouble(`${row.id}: ${(error as Error).message}`);
    }
  }
  const profiles = options.withProfile ? await profileAll(bench, options.rows) : [];
  return { ...(await facts(options)), rows, profiles, warnings: [...watch.warnings(), ...troubles] };
}

function measureRow(bench: Bench, row: Row): Promise<RowFinding> {
  switch (row.kind) {
    case 'load':
      return measureLoad(bench, row);
    case 'latency':
      return measureLatency(bench, row);
    case 'memory':
      return measureMemory(bench, row);
    case 'growth':
      return measureGrowth(bench, row);
    case 'connections':
      return measureConnections(bench, row);
    case 'start':
      return measureStart(bench, row);
    case 'idle':
      return measureIdle(bench, row);
  }
}

async function profileAll(bench: Bench, rows: readonly Row[]): Promise<ProfileFinding[]> {
  const found: ProfileFinding[] = [];
  for (const row of rows.filter((one): one is LoadRow => one.kind === 'load' && PROFILED.includes(one.id))) {
    bench.say(`Where the CPU goes: ${row.title}`);
    const directory = join(bench.world.directory, `profile-${row.id}`);
    mkdirSync(directory);
    try {
      const { places, kernelShare } = await profileRow(bench, row, PROFILE_SECONDS, directory);
      const shown = places.filter(({ share }) => share >= LEAST_SHARE_SHOWN);
      const asPlaces = shown.map(({ what, share }) => ({ place: what, share }));
      const kernel = { place: '(inside the kernel, of all, by /proc)', share: kernelShare };
      found.push({ id: row.id, title: row.title, places: [...asPlaces, kernel] });
    } catch (error) {
      bench.trouble(`profile of ${row.id}: ${(error as Error).message}`);
    }
    rmSync(directory, { recursive: true });
  }
  return found;
}

async function facts({
  peers,
  isQuick,
  rounds,
  seconds,
}: Options): Promise<Omit<Findings, 'rows' | 'profiles' | 'warnings'>> {
  const versions = await Promise.all(peers.map(async (peer) => [peer.name, await peer.version()] as const));
  return {
    machine: describeMachine(),
    commit: await commitDate(),
    ...{ isQuick, rounds, seconds },
    peers: peers.map(({ name }) => name),
    titles: Object.fromEntries(peers.map(({ name, title }) => [name, title])),
    versions: Object.fromEntries(versions),
  };
}

/** "2026-11-30", or "2026-11-30 and changes since" where src is not as it was committed. */
async function commitDate(): Promise<string> {
  const git = (...args: string[]) => run('git', args, { cwd: REPOSITORY });
  const { stdout, code } = await git('log', '-1', '--format=%cs');
  if (code !== 0) return 'an unknown date';
  const isDirty = (await git('status', '--porcelain', 'src', 'package-lock.json')).stdout.trim() !== '';
  return `${stdout.trim()}${isDirty ? ' and changes since' : ''}`;
}
