// From the start of the process to the first answer over UDP, to a name of the house, which each server knows by itself. It
// is asked every two milliseconds. A first start of each is thrown away: it reads its files from the disk, and Noonmark's
// fills the compile cache that Node keeps in the temporary directory.

import { createSocket } from 'node:dgram';
import type { StartFigure, StartFinding } from '../findings.ts';
import { type Prepared, prepareServer } from '../peers/peer.ts';
import { median } from '../statistics.ts';
import { HOUSE_NAME, wireQuery } from '../zone.ts';
import { type Bench, rotated, type StartRow, whyNot } from './row.ts';

const ASK_EVERY_MS = 2;
const GIVE_UP_AFTER_MS = 20_000;
const ROOM_FOR_NAMES = 300_000;

export async function measureStart(bench: Bench, row: StartRow): Promise<StartFinding> {
  const able = bench.peers.filter((peer) => whyNot(peer, row, bench.measure) === null);
  const prepared = new Map<string, Prepared>();
  const times = new Map(able.map(({ name }) => [name, [] as number[]]));
  for (const peer of able) {
    const wishes = { forwarding: peer.forwards[0]!, roomForNames: ROOM_FOR_NAMES, threads: 1 };
    prepared.set(peer.name, await prepareServer(peer, bench.world, wishes));
    await timeToAnswer(prepared.get(peer.name)!);
  }
  for (let start = 0; start < row.starts; start += 1) {
    for (const { name } of rotated(able, start))
      times.get(name)!.push(await timeToAnswer(prepared.get(name)!));
  }
  for (const one of prepared.values()) one.remove();
  const peers = Object.fromEntries(
    bench.peers.map((peer) => {
      const own = times.get(peer.name);
      const why = whyNot(peer, row, bench.measure) ?? '';
      return [peer.name, own === undefined ? { why } : { figure: figureOf(own) }];
    }),
  );
  return { kind: 'start', id: row.id, title: row.title, target: row.target, starts: row.starts, peers };
}

function figureOf(times: readonly number[]): StartFigure {
  return { medianMs: median(times), worstMs: Math.max(...times) };
}

async function timeToAnswer(prepared: Prepared): Promise<number> {
  const query = wireQuery(HOUSE_NAME, { id: 1 });
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  const startedAt = performance.now();
  const running = prepared.start();
  const asking = setInterval(() => socket.send(query, prepared.ports.dns, '127.0.0.1'), ASK_EVERY_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on('message', (reply) => (reply[7] === 1 ? resolve() : undefined)); // one record, so not REFUSED
      setTimeout(() => reject(new Error('no answer after the start')), GIVE_UP_AFTER_MS).unref();
      void running.ended.then(() => reject(new Error(`it ended: ${running.lines.at(-1)}`)));
    });
    return performance.now() - startedAt;
  } finally {
    clearInterval(asking);
    socket.close();
    await running.stop();
  }
}
