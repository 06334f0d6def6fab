// Row 9: clients that are slow, stall or never read. Many of each kind at once harm nobody else, and a server bounds what it
// keeps for each; in the long run, each of them is cut within the time that the row allows. Floods of TLS records too.

import { pause } from '../../support/eventually.ts';
import { rssMegabytes } from '../../support/machine-figures.ts';
import type { RawConnection } from '../../support/peers/hostile-client.ts';
import { SLOW_CLIENTS, type SlowClient } from '../../support/peers/hostile-client-slow.ts';
import { TLS_FLOODS, updateKeys } from '../../support/peers/hostile-client-tls.ts';
import { answersBig, clientAddress, doorOf } from '../door.ts';
import type { Arena, Trial } from '../trial.ts';

/** Of each kind, each from an address of its own. */
const EACH = 5;
/** Looked at that often, memory has settled when it has grown by less than this since; it is waited for so many times. */
const LOOK_MS = 500;
const SETTLED_MB = 3;
const LOOKS = 14;
/** Those who never read are due 300 MB of answers. */
const MOST_HELD_MB = 75;
const CUT_WITHIN_MS = 35_000;
const FLOOD_MS = 200;
const KEY_UPDATES = 300;

const SLOW_CLIENTS_TOGETHER: Trial = {
  row: 9,
  name: 'slow clients of every kind',
  over: ['TCP', 'DoT', 'DoH'],
  async attack(arena) {
    const { pid } = arena.target.process;
    const before = rssMegabytes(pid);
    const connections = await begun(arena);
    const heldMb = (await settledMb(pid)) - before;
    for (const { connection } of connections) connection.leave();
    return heldMb <= MOST_HELD_MB ? [] : [`it holds ${Math.round(heldMb)} MB for them`];
  },
};

const SLOW_CLIENTS_TO_THE_END: Trial = {
  row: 9,
  name: 'slow clients of every kind, until they are cut',
  over: ['TCP', 'DoT', 'DoH'],
  isLong: true,
  async attack(arena) {
    const connections = await begun(arena);
    const standing = await Promise.all(
      connections.map(async ({ kind, connection }) => {
        const isCut = await connection.cutWithin(CUT_WITHIN_MS);
        connection.leave();
        return isCut ? [] : [`a client that ${kind} still stands after ${CUT_WITHIN_MS} ms`];
      }),
    );
    return [...new Set(standing.flat())];
  },
};

const FLOODS_OF_RECORDS: Trial = {
  row: 9,
  name: 'floods of TLS records, and no TLS at all',
  over: ['DoT', 'DoH'],
  async attack(arena) {
    const connections = await Promise.all(
      TLS_FLOODS.map(({ begin }, at) => begin(doorOf(arena, clientAddress(at))).catch(() => null)),
    );
    await updateKeys(doorOf(arena), KEY_UPDATES);
    await pause(FLOOD_MS);
    for (const connection of connections) connection?.leave();
    return [];
  },
};

/** Once it grows no more, or has grown for long enough to be judged. */
async function settledMb(pid: number): Promise<number> {
  let lastMb = Number.NEGATIVE_INFINITY;
  for (let look = 0; look < LOOKS; look += 1) {
    await pause(LOOK_MS);
    const nowMb = rssMegabytes(pid);
    if (look > 1 && nowMb - lastMb < SETTLED_MB) return nowMb;
    lastMb = nowMb;
  }
  return lastMb;
}

interface Begun {
  readonly kind: string;
  readonly connection: RawConnection;
}

async function begun(arena: Arena): Promise<Begun[]> {
  arena.world.upstream.behaviour = { reply: answersBig };
  const begin = async (client: SlowClient, index: number) => ({
    kind: client.kind,
    connection: await client.begin(doorOf(arena, clientAddress(index))),
  });
  const kinds = SLOW_CLIENTS.filter(({ at }) => at.includes(arena.transport));
  return Promise.all(
    kinds.flatMap((client) => Array.from({ length: EACH }, (_, index) => begin(client, index))),
  );
}

export const SLOW_CLIENT_TRIALS: readonly Trial[] = [
  SLOW_CLIENTS_TOGETHER,
  FLOODS_OF_RECORDS,
  SLOW_CLIENTS_TO_THE_END,
];
