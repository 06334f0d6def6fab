// Row 10: connections in such numbers that a server has to choose. A thousand idle ones do not keep a new client out: the
// oldest idle one makes room, and no address gets all the room there is.

import { makeQuery, readReply } from '../../support/dns-message.ts';
import { pause } from '../../support/eventually.ts';
import { rssMegabytes } from '../../support/machine-figures.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME } from '../../support/noonmark.ts';
import type { RawConnection } from '../../support/peers/hostile-client.ts';
import {
  crowd,
  halfCloses,
  leavesOneOctetOut,
  opensAndLeaves,
  resetsInTheMidst,
} from '../../support/peers/hostile-client-rude.ts';
import { clientAddress, doorOf } from '../door.ts';
import type { Arena, Trial } from '../trial.ts';

const IDLE = 1_000;
/** Ten connections each, which no limit for one client may be below. */
const ADDRESSES = 110;
const FROM_EACH = 10;
/** For 72 MB of messages that never become whole; 31 to 49 were seen, of which collecting garbage has a part. */
const MOST_HELD_MB = 55;
/** The first and the last of a crowd, to tell who had to leave. */
const EDGE = 50;
const OPENED_AND_LEFT = 1_000;
const RUDE = 50;
const SETTLE_MS = 300;
const NEWCOMER = '127.0.0.10';
const STREAMS = ['TCP', 'DoT', 'DoH'] as const;

const IDLE_FROM_ONE: Trial = {
  row: 10,
  name: '1,000 idle connections from one address',
  over: STREAMS,
  async attack(arena) {
    const door = doorOf(arena);
    const idle = await crowd(Array.from({ length: IDLE }, () => door));
    await pause(SETTLE_MS);
    const standing = idle.filter(stands).length;
    const complaints = await newcomer(arena);
    leave(idle);
    return standing <= IDLE / 2 ? complaints : [...complaints, `${standing} of one client's stand`];
  },
};

const IDLE_FROM_MANY: Trial = {
  row: 10,
  name: '1,100 idle connections from 110 addresses',
  over: STREAMS,
  async attack(arena) {
    const idle = await crowd(crowdDoors(arena));
    await pause(SETTLE_MS);
    const [first, last] = [idle.slice(0, EDGE), idle.slice(-EDGE)].map((some) => some.filter(stands).length);
    const complaints = await newcomer(arena);
    leave(idle);
    return first! <= last!
      ? complaints
      : [...complaints, `${first} of the oldest stand, ${last} of the newest`];
  },
};

const HALF_MESSAGES: Trial = {
  row: 10,
  name: '1,100 connections with all but the last octet of 65,535 each',
  over: ['TCP'],
  async attack(arena) {
    const { pid } = arena.target.process;
    const before = rssMegabytes(pid);
    const idle = await crowd(crowdDoors(arena), leavesOneOctetOut);
    await pause(SETTLE_MS);
    const heldMb = rssMegabytes(pid) - before;
    const complaints = await newcomer(arena);
    leave(idle);
    return heldMb <= MOST_HELD_MB
      ? complaints
      : [...complaints, `it holds ${Math.round(heldMb)} MB for them`];
  },
};

const RUDE_CLIENTS: Trial = {
  row: 10,
  name: 'clients that open and leave, half close, or reset in the midst of an answer',
  over: STREAMS,
  async attack(arena) {
    const doors = Array.from({ length: OPENED_AND_LEFT }, (_, at) => doorOf(arena, clientAddress(at)));
    leave(await crowd(doors, opensAndLeaves));
    leave(await crowd(doors.slice(0, RUDE), resetsInTheMidst));
    const halves = await Promise.all(doors.slice(0, RUDE).map(halfCloses));
    const unanswered = halves.filter((isAnswered) => isAnswered === false).length;
    // Over TLS the end of one side is the end of both for many a library, on either side.
    return unanswered === 0 || arena.transport !== 'TCP'
      ? []
      : [`${unanswered} that half closed got no answer`];
  },
};

function crowdDoors(arena: Arena) {
  return Array.from({ length: ADDRESSES * FROM_EACH }, (_, at) =>
    doorOf(arena, clientAddress(at % ADDRESSES)),
  );
}

function stands(connection: RawConnection | null): boolean {
  return connection !== null && !connection.isCut;
}

function leave(connections: readonly (RawConnection | null)[]): void {
  for (const connection of connections) connection?.leave();
}

/** Somebody who has not been here before is let in and answered, while the crowd stands. */
async function newcomer({ target, transport }: Arena): Promise<string[]> {
  const client = await target.open(transport, NEWCOMER).catch(() => null);
  if (client === null) return ['a new client was not let in'];
  const reply = await client.ask(makeQuery(INTERNAL_NAME));
  client.close();
  const isRight = reply !== null && readReply(reply).answers.join() === `A ${INTERNAL_ADDRESS}`;
  return isRight ? [] : ['a new client was not answered'];
}

/** Half messages first, into a server that has no memory to spare from what came before. */
export const CONNECTION_FLOODS: readonly Trial[] = [
  HALF_MESSAGES,
  IDLE_FROM_ONE,
  IDLE_FROM_MANY,
  RUDE_CLIENTS,
];
