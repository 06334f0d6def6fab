// What a server does while nobody needs it: share of a core and context switches. All are idle at the same time. One query
// that is a miss, every ten seconds, keeps the connection to the upstream open, as a quiet house does at night; what it costs
// is in the figures of all.

import { createSocket, type Socket } from 'node:dgram';
import { pause } from '../../test/support/eventually.ts';
import type { IdleFinding } from '../findings.ts';
import { type Activity, treeActivity } from '../measure.ts';
import { wireQuery, ZONE } from '../zone.ts';
import { foundBy, startFleet } from './fleet.ts';
import type { Bench, IdleRow } from './row.ts';

const MISS_EVERY_MS = 10_000;
/** Until what a start leaves behind is over. */
const SETTLE_MS = 5_000;
const ROOM_FOR_NAMES = 300_000;

export async function measureIdle(bench: Bench, row: IdleRow): Promise<IdleFinding> {
  await using fleet = await startFleet(bench, row, { roomForNames: ROOM_FOR_NAMES, threads: 1 });
  const socket = createSocket('udp4').on('error', () => {});
  let asked = 0;
  const ask = () => {
    asked += 1;
    for (const { server } of fleet.players) askFor(socket, `idle${asked}.${ZONE}`, server.ports.dns);
  };
  ask();
  const asking = setInterval(ask, MISS_EVERY_MS);
  await pause(SETTLE_MS);
  const before = new Map<string, Activity>();
  for (const { peer, server } of fleet.players) before.set(peer.name, treeActivity(server.running.pid));
  const startedAt = performance.now();
  await pause(bench.idleSeconds * 1000);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = new Map<string, Activity>();
  for (const { peer, server } of fleet.players) after.set(peer.name, treeActivity(server.running.pid));
  clearInterval(asking);
  socket.close();
  const peers = foundBy(bench, fleet, ({ name }) => {
    const [from, to] = [before.get(name)!, after.get(name)!];
    return {
      cpuShare: (to.cpuNs - from.cpuNs) / 1e9 / seconds,
      switchesPerSecond: (to.switches - from.switches) / seconds,
    };
  });
  return {
    kind: 'idle',
    id: row.id,
    title: row.title,
    target: row.target,
    seconds: bench.idleSeconds,
    peers,
  };
}

function askFor(socket: Socket, name: string, port: number): void {
  socket.send(wireQuery(name, { id: 1 }), port, '127.0.0.1');
}
