// The first octets of a connection, looked at before it is decided who serves it, and put back unread: a CA's hello
// (challenge-door.ts), or plain HTTP where TLS is spoken (plain-door.ts). While it is looked at, a connection counts as one,
// and somebody who says nothing is cut.

import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { ConnectionTable } from './connection-table.ts';
import { plainAddress } from './listener.ts';

/** As for the rest of a handshake (reliability row 9). */
export const LOOK_MS = 10_000;

export interface LookParts<Found> {
  /** What the octets are; null while that cannot be said. */
  readonly judge: (octets: Uint8Array) => Found | null;
  readonly clock: Clock;
  /** Called once, with everything unread again; null: the client has gone. */
  readonly then: (found: Found | null) => void;
}

export function lookAtFirstOctets<Found>(socket: Socket, { judge, clock, then }: LookParts<Found>): void {
  let octets: Buffer = Buffer.alloc(0);
  const end = (found: Found | null) => {
    timer.cancel();
    socket.off('readable', read).off('close', gone).off('error', gone);
    if (found !== null) socket.unshift(octets);
    then(found);
  };
  const gone = () => {
    socket.destroy();
    end(null);
  };
  const read = () => {
    for (let piece = socket.read(); piece !== null; piece = socket.read())
      octets = Buffer.concat([octets, piece]);
    const found = judge(octets);
    if (found !== null) end(found);
  };
  const timer = clock.after(LOOK_MS, gone);
  socket.on('readable', read).on('close', gone).on('error', gone);
}

/** Counts it until it has gone, or the function that is returned is called; null: there is no room for this client. */
export function countLookedAt(
  socket: Socket,
  { connections, clock }: { readonly connections: ConnectionTable; readonly clock: Clock },
): (() => void) | null {
  const client = plainAddress(socket.remoteAddress);
  if (!connections.hasRoomFor(client)) return null;
  const connection = {
    client,
    isBusy: false,
    lastActiveMs: clock.monotonic(),
    close: () => socket.destroy(),
  };
  const uncount = () => {
    socket.off('close', uncount);
    connections.delete(connection);
  };
  connections.add(connection);
  socket.on('close', uncount);
  return uncount;
}
