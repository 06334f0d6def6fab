// What connections receive, read where it comes to lie, one place for all. Of each TLS record Node's streams make a piece of
// memory, a view and an event otherwise, which costs more than to decrypt a short answer, and some servers send two records an
// answer. Nothing is kept here: a taker copies what it needs after its call. Until there is one, the stream works as ever.

import type { OnReadOpts, Socket } from 'node:net';

/** As libuv has it; a TLS record has at most 16,384. */
const ROOM_OCTETS = 65_536;
const room = Buffer.allocUnsafeSlow(ROOM_OCTETS);

/** The octets are there until it returns. */
export type OctetTaker = (octets: Buffer) => void;

/** Of sockets that are read in place; null: nobody has taken them over yet. */
const takers = new WeakMap<Socket, OctetTaker | null>();

/** @param connect to be given this option of node:net and node:tls among its others */
export function readInPlace<Kind extends Socket>(
  connect: (option: { readonly onread: OnReadOpts }) => Kind,
): Kind {
  const callback = (octets: number): boolean => {
    const taker = takers.get(socket);
    if (!taker) return socket.push(Buffer.from(room.subarray(0, octets)));
    taker(room.subarray(0, octets));
    return true;
  };
  const socket = connect({ onread: { buffer: room, callback } });
  takers.set(socket, null);
  return socket;
}

/** From the next turn on, `taker` gets all that the socket has received and receives, in place where it is read so. */
export function takeOctets(socket: Socket, taker: OctetTaker): void {
  if (!takers.has(socket)) {
    socket.on('data', taker);
    return;
  }
  setImmediate(() => {
    takers.set(socket, taker);
    for (let early = socket.read(); early !== null; early = socket.read()) taker(early as Buffer);
  });
}
