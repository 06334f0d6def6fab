// Clients that come in numbers or leave without a word: floods of connections, idle or half a message each, opened and closed,
// half closed, reset in the midst of an answer. Kinds that are slow are in hostile-client-slow.ts.

import { makeQuery } from '../dns-message.ts';
import { INTERNAL_NAME } from '../noonmark.ts';
import { connectPlain, connectSpeaking, type Door, framed, type RawConnection } from './hostile-client.ts';

/** Connections that are opened at a time, so that no queue of the kernel decides what a server is tested for. */
const AT_A_TIME = 50;
const HTTP_GET = `GET /dns-query?dns=${makeQuery(INTERNAL_NAME).toString('base64url')} HTTP/1.1\r\nhost: x\r\n\r\n`;
const ANSWERED_WITHIN_MS = 3_000;

/** One connection for each door, in that order; null where the server did not let it in. */
export async function crowd(
  doors: readonly Door[],
  begin: (door: Door) => Promise<RawConnection> = connectPlain,
): Promise<(RawConnection | null)[]> {
  const opened: (RawConnection | null)[] = [];
  for (let at = 0; at < doors.length; at += AT_A_TIME) {
    const some = doors.slice(at, at + AT_A_TIME);
    opened.push(...(await Promise.all(some.map((door) => begin(door).catch(() => null)))));
  }
  return opened;
}

/** Says that a long message comes, and sends all of it but the last octet. */
export async function leavesOneOctetOut(door: Door): Promise<RawConnection> {
  const connection = await connectSpeaking(door);
  connection.socket.write(framed(Buffer.alloc(65_535)).subarray(0, -1));
  return connection;
}

/** Opens and leaves, by a reset where it can. */
export async function opensAndLeaves(door: Door): Promise<RawConnection> {
  const connection = await connectPlain(door);
  connection.tcp.resetAndDestroy();
  return connection;
}

/** Asks, and resets the connection while the answer may be on its way. */
export async function resetsInTheMidst(door: Door): Promise<RawConnection> {
  const connection = await connectSpeaking(door, { reads: false });
  connection.socket.write(queryFor(door));
  setImmediate(() => connection.tcp.resetAndDestroy());
  return connection;
}

/** Ends its side behind its query, and says whether it was answered all the same; null: it could not connect. */
export async function halfCloses(door: Door): Promise<boolean | null> {
  const connection = await connectSpeaking(door, { allowHalfOpen: true }).catch(() => null);
  if (connection === null) return null;
  connection.socket.end(queryFor(door));
  const isAnswered = await connection.receives((received) => received.length > 0, ANSWERED_WITHIN_MS);
  connection.leave();
  return isAnswered;
}

function queryFor({ transport }: Door): Buffer {
  return transport === 'DoH' ? Buffer.from(HTTP_GET) : framed(makeQuery(INTERNAL_NAME));
}
