// A row that is a load: CPU of the server per answer. Each server is warmed up over the door of the row, then they take turns,
// another one first in every round; the ratio is the median of those of the rounds.

import { TWO_SERVER_CORES } from '../cores.ts';
import type { LoadFigure, LoadFinding } from '../findings.ts';
import { dnsperf, h2load } from '../loads.ts';
import { since, treeCpu } from '../measure.ts';
import type { Server } from '../peers/peer.ts';
import { probeDoh } from '../probe.ts';
import { median, medianRatio } from '../statistics.ts';
import type { LoadResult } from '../tool-output.ts';
import { HIT_NAMES, hitName, wireQuery } from '../zone.ts';
import { eachInTurn, fill, foundBy, startFleet } from './fleet.ts';
import { type Bench, type LoadRow, rotated } from './row.ts';

/** What households keep, and more than a round of misses leaves in any cache here. */
const ROOM_FOR_NAMES = 300_000;

interface Round {
  readonly cpuUs: number;
  readonly kernelShare: number;
  readonly answersPerSecond: number;
  readonly lostShare: number;
}

export async function measureLoad(bench: Bench, row: LoadRow): Promise<LoadFinding> {
  const threads = row.threads ?? 1;
  const cores = threads > 1 ? TWO_SERVER_CORES : undefined;
  await using fleet = await startFleet(bench, row, { roomForNames: ROOM_FOR_NAMES, threads, cores });
  const transport = row.door === 'DoT' ? ['-m', 'dot'] : [];
  await eachInTurn(fleet, fleet.players, async ({ server }) => {
    const port = row.door === 'DoT' ? server.ports.dot : server.ports.dns;
    await fill(port, bench.files.hits, HIT_NAMES, transport);
    await runLoad(bench, row, server, `w${row.id}`, bench.warmUpSeconds);
  });
  const rounds = new Map(bench.peers.map(({ name }) => [name, [] as Round[]]));
  for (let round = 0; round < bench.rounds; round += 1) {
    await eachInTurn(fleet, rotated(fleet.players, round), async ({ peer, server }) => {
      const before = treeCpu(server.running.pid);
      const result = await runLoad(bench, row, server, `r${round}${row.id}`, bench.seconds);
      const { userUs, systemUs } = since(before, treeCpu(server.running.pid));
      rounds.get(peer.name)!.push(roundOf(result, userUs, systemUs));
    });
  }
  const measure = rounds.get(bench.measure.name) ?? [];
  const peers = foundBy(bench, fleet, ({ name }) => figureOf(rounds.get(name)!, measure));
  return { kind: 'load', id: row.id, title: row.title, target: row.target, peers };
}

function roundOf({ answers, lost, seconds }: LoadResult, userUs: number, systemUs: number): Round {
  return {
    cpuUs: (userUs + systemUs) / answers,
    kernelShare: systemUs / (userUs + systemUs),
    answersPerSecond: answers / seconds,
    lostShare: lost / (answers + lost),
  };
}

function figureOf(rounds: readonly Round[], measure: readonly Round[]): LoadFigure {
  const all = (key: keyof Round) => rounds.map((round) => round[key]);
  return {
    cpuUs: median(all('cpuUs')),
    ratio: medianRatio(
      all('cpuUs'),
      measure.map(({ cpuUs }) => cpuUs),
    ),
    kernelShare: median(all('kernelShare')),
    answersPerSecond: median(all('answersPerSecond')),
    lostShare: Math.max(...all('lostShare')),
  };
}

/** @param run tells one use of new names from the other */
export async function runLoad(
  { files, world }: Pick<Bench, 'files' | 'world'>,
  row: LoadRow,
  { ports }: Pick<Server, 'ports'>,
  run: string,
  seconds: number,
): Promise<LoadResult> {
  const { load } = row;
  if (load.tool === 'h2load') {
    const query = wireQuery(hitName(1));
    const postFile = load.method === 'POST' ? files.wire(query) : undefined;
    await probeDoh(ports.doh, world.rootFile, query, load.method);
    return h2load(ports.doh, { ...load, seconds, query, postFile });
  }
  const file = load.queries === 'hits' ? files.hits : files[load.queries](run, seconds);
  const port = row.door === 'DoT' ? ports.dot : ports.dns;
  return dnsperf(port, file, { seconds, more: load.options });
}
