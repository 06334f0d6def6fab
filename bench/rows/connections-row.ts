// What a connection of a client takes of the process while it is open: so many over DoT, then as many over DoH, each of which has
// asked once and rests. Measured from outside, so with what the kernel does not count to the process left out.

import { readFileSync } from 'node:fs';
import { openDot } from '../../test/support/dns-client.ts';
import type { ConnectionsFigure, ConnectionsFinding } from '../findings.ts';
import { treeRss } from '../measure.ts';
import type { Ports, Server } from '../peers/peer.ts';
import { askDoh, openDohSession } from '../probe.ts';
import { hitName, wireQuery } from '../zone.ts';
import { eachInTurn, foundBy, startFleet } from './fleet.ts';
import type { Bench, ConnectionsRow } from './row.ts';

const ROOM_FOR_NAMES = 300_000;
/** Handshakes at a time. */
const AT_ONCE = 20;
/** Before the first figure, so that what the first handshakes bring with them is not counted to each connection. */
const FIRST_CONNECTIONS = 20;

export async function measureConnections(bench: Bench, row: ConnectionsRow): Promise<ConnectionsFinding> {
  await using fleet = await startFleet(bench, row, { roomForNames: ROOM_FOR_NAMES, threads: 1 });
  const figures = new Map<string, ConnectionsFigure>();
  await eachInTurn(fleet, fleet.players, async ({ peer, server }) => {
    const dotOctets = await octetsAConnection(bench, row, server, 'DoT');
    const dohOctets = await octetsAConnection(bench, row, server, 'DoH');
    figures.set(peer.name, { dotOctets, dohOctets });
  });
  const peers = foundBy(bench, fleet, ({ name }) => figures.get(name)!);
  const { id, title, target, connections } = row;
  return { kind: 'connections', id, title, target, connections, peers };
}

async function octetsAConnection(
  { world }: Bench,
  { connections }: ConnectionsRow,
  { ports, running }: Server,
  door: 'DoT' | 'DoH',
): Promise<number> {
  const query = wireQuery(hitName(1), { id: 1 });
  const closings: (() => void)[] = [];
  const open = door === 'DoT' ? openOverDot : openOverDoh;
  const openUpTo = async (count: number) => {
    while (closings.length < count) {
      const length = Math.min(AT_ONCE, count - closings.length);
      closings.push(...(await Promise.all(Array.from({ length }, () => open(ports, world.rootFile, query)))));
    }
  };
  try {
    await openUpTo(FIRST_CONNECTIONS);
    const before = treeRss(running.pid);
    await openUpTo(FIRST_CONNECTIONS + connections);
    return (treeRss(running.pid) - before) / connections;
  } finally {
    for (const close of closings) close();
  }
}

/** Opens, asks, and gives how to close. */
async function openOverDot({ dot }: Ports, rootFile: string, query: Buffer): Promise<() => void> {
  const trust = { ca: readFileSync(rootFile, 'utf8'), name: 'localhost' };
  const client = await openDot({ address: '127.0.0.1', port: dot }, trust);
  if ((await client.ask(query)) === null) throw new Error('no answer over DoT');
  return () => client.close();
}

async function openOverDoh({ doh }: Ports, rootFile: string, query: Buffer): Promise<() => void> {
  const session = await openDohSession(doh, rootFile);
  await askDoh(session, query, 'POST');
  return () => session.destroy();
}
