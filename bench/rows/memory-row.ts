// Memory of the whole process, from outside: after the start, and with so many names in its cache that it has just looked
// up. What a name takes beyond the octets of its answer is what the process has grown by, so that a garbage collector's
// slack and whatever else a hundred thousand misses leave behind count too. Both times it is left alone for a moment before:
// who has just given back pages has yet to take those again that it needs, and who has just worked has not given back any.

import { pause } from '../../test/support/eventually.ts';
import type { MemoryFinding } from '../findings.ts';
import { treeRss } from '../measure.ts';
import { manyName } from '../query-files.ts';
import { answerOctets } from '../zone.ts';
import { eachInTurn, fill, foundBy, startFleet } from './fleet.ts';
import type { Bench, MemoryRow } from './row.ts';

/** Room for half as many again, so that nothing has to leave. */
const SPARE_ROOM = 1.5;
const SETTLE_MS = 3000;

export async function measureMemory(bench: Bench, row: MemoryRow): Promise<MemoryFinding> {
  const { names } = row;
  await using fleet = await startFleet(bench, row, { roomForNames: names * SPARE_ROOM, threads: 1 });
  const octets = new Map<string, { readonly start: number; readonly full: number }>();
  const file = bench.files.many(names);
  await eachInTurn(fleet, fleet.players, async ({ peer, server }) => {
    await pause(SETTLE_MS);
    const start = treeRss(server.running.pid);
    await fill(server.ports.dns, file, names);
    await pause(SETTLE_MS);
    octets.set(peer.name, { start, full: treeRss(server.running.pid) });
  });
  const wireOctets = answerOctets(manyName(names - 1));
  const peers = foundBy(bench, fleet, ({ name }) => {
    const { start, full } = octets.get(name)!;
    return {
      afterStartOctets: start,
      withNamesOctets: full,
      beyondWireOctets: (full - start) / names - wireOctets,
    };
  });
  return { kind: 'memory', id: row.id, title: row.title, target: row.target, names, peers };
}
