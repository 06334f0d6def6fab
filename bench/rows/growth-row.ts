// What a hit costs in a cache of a million names beside one of ten thousand: two instances of the same server, asked in turn,
// the large one for all of its names in scattered order. One kind of server after another, because a million names of each
// would not fit into every machine. The ratio is within one kind, so it needs no measure.

import type { Found, GrowthFigure, GrowthFinding } from '../findings.ts';
import { dnsperf } from '../loads.ts';
import { since, treeCpu, treeRss } from '../measure.ts';
import { type Peer, type Server, startServer } from '../peers/peer.ts';
import { median, medianRatio } from '../statistics.ts';
import { fill } from './fleet.ts';
import { type Bench, type GrowthRow, whyNot } from './row.ts';

/** Room for a fifth more, so that nothing has to leave. */
const SPARE_ROOM = 1.2;
const LOAD = ['-c', '10', '-q', '200'];

export async function measureGrowth(bench: Bench, row: GrowthRow): Promise<GrowthFinding> {
  const peers: Record<string, Found<GrowthFigure>> = {};
  for (const peer of bench.peers) {
    const why = whyNot(peer, row, bench.measure);
    peers[peer.name] = why === null ? await measurePeer(bench, row, peer) : { why };
  }
  const { id, title, target, fewNames, manyNames } = row;
  return { kind: 'growth', id, title, target, fewNames, manyNames, peers };
}

async function measurePeer(bench: Bench, row: GrowthRow, peer: Peer): Promise<Found<GrowthFigure>> {
  const servers: Server[] = [];
  try {
    for (const names of [row.fewNames, row.manyNames]) {
      bench.say(`  ${peer.name}, ${names} names`);
      const wishes = {
        forwarding: peer.forwards[0]!,
        roomForNames: Math.ceil(names * SPARE_ROOM),
        threads: 1,
      };
      const server = await startServer(peer, bench.world, wishes);
      servers.push(server);
      await fill(server.ports.dns, bench.files.many(names), names);
    }
    return { figure: await compare(bench, row, servers as [Server, Server]) };
  } catch (error) {
    const why = (error as Error).message.split('\n')[0]!;
    bench.trouble(`${row.id}, ${peer.name}: ${why}`);
    return { why };
  } finally {
    for (const server of servers) await server.stop();
  }
}

async function compare(
  { files, rounds, seconds }: Bench,
  { fewNames, manyNames }: GrowthRow,
  [small, large]: [Server, Server],
): Promise<GrowthFigure> {
  const [few, many] = [files.manyShuffled(fewNames), files.manyShuffled(manyNames)];
  const withManyOctets = treeRss(large.running.pid);
  const cost = async ({ ports, running }: Server, file: string) => {
    const before = treeCpu(running.pid);
    const { answers } = await dnsperf(ports.dns, file, { seconds, more: LOAD });
    const { userUs, systemUs } = since(before, treeCpu(running.pid));
    return (userUs + systemUs) / answers;
  };
  await cost(small, few); // warms both up
  await cost(large, many);
  const [fewUs, manyUs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    fewUs.push(await cost(small, few));
    manyUs.push(await cost(large, many));
  }
  return {
    fewCpuUs: median(fewUs),
    manyCpuUs: median(manyUs),
    ratio: medianRatio(manyUs, fewUs),
    withManyOctets,
  };
}
