// Latency of hits over UDP at a fixed rate, as dnsperf sees it: from its send to its receive, so with its own wait for a turn.
// All servers are asked by the same one. dnsperf sends what is due in small bursts, which is why the 99th percentile is far
// from the median.

import { join } from 'node:path';
import type { LatencyFigure, LatencyFinding } from '../findings.ts';
import { dnsperfLatencies } from '../loads.ts';
import { since, treeCpu } from '../measure.ts';
import { median, percentile } from '../statistics.ts';
import { HIT_NAMES } from '../zone.ts';
import { eachInTurn, fill, foundBy, startFleet } from './fleet.ts';
import { type Bench, type LatencyRow, rotated } from './row.ts';

const ROOM_FOR_NAMES = 300_000;

export async function measureLatency(bench: Bench, row: LatencyRow): Promise<LatencyFinding> {
  await using fleet = await startFleet(bench, row, { roomForNames: ROOM_FOR_NAMES, threads: 1 });
  const { files, world } = bench;
  const output = join(world.directory, 'latencies.txt');
  const more = ['-Q', String(row.queriesPerSecond), '-c', '10', '-q', '500'];
  const ask = (port: number, seconds: number) =>
    dnsperfLatencies(port, files.hits, { seconds, more }, output);
  await eachInTurn(fleet, fleet.players, async ({ server }) => {
    await fill(server.ports.dns, files.hits, HIT_NAMES);
    await ask(server.ports.dns, bench.warmUpSeconds);
  });
  const rounds = new Map(bench.peers.map(({ name }) => [name, [] as LatencyFigure[]]));
  for (let round = 0; round < bench.rounds; round += 1) {
    await eachInTurn(fleet, rotated(fleet.players, round), async ({ peer, server }) => {
      const before = treeCpu(server.running.pid);
      const { result, microseconds } = await ask(server.ports.dns, bench.seconds);
      const { userUs, systemUs } = since(before, treeCpu(server.running.pid));
      rounds.get(peer.name)!.push({
        p50Us: percentile(microseconds, 0.5),
        p99Us: percentile(microseconds, 0.99),
        cpuUs: (userUs + systemUs) / result.answers,
        answersPerSecond: result.answers / result.seconds,
      });
    });
  }
  const peers = foundBy(bench, fleet, ({ name }) => medianOf(rounds.get(name)!));
  return { kind: 'latency', id: row.id, title: row.title, target: row.target, peers };
}

function medianOf(rounds: readonly LatencyFigure[]): LatencyFigure {
  const of = (key: keyof LatencyFigure) => median(rounds.map((round) => round[key]));
  return {
    p50Us: of('p50Us'),
    p99Us: of('p99Us'),
    cpuUs: of('cpuUs'),
    answersPerSecond: of('answersPerSecond'),
  };
}
