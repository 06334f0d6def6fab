// What connections receive, read where it comes to lie, one place for all. Of each TLS record Node's streams make a piece of
// memory, a view, an event and a tick otherwise, which costs more than to decrypt a short message. Nothing is kept here: a
// taker copies what it needs after its call. Until there is one, the stream works as ever. Node offers this to who connects
// (the option onread); of a socket that was accepted the same is asked by the marks that the option leaves, where there are any.

import { type OnReadOpts, Socket } from 'node:net';

/** As libuv has it; a TLS record has at most 16,384. */
const ROOM_OCTETS = 65_536;
const room = Buffer.allocUnsafeSlow(ROOM_OCTETS);

/** The octets are there until it returns. */
export type OctetTaker = (octets: Buffer) => void;

/** The octets before `end` are there until it returns. */
export type RoomTaker = (octets: Buffer, end: number) => void;

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

interface Marks {
  readonly room: symbol;
  readonly callback: symbol;
}

/** What node:net looks at when something has been read. */
interface Inside {
  [mark: symbol]: unknown;
  readonly _handle?: { readonly useUserBuffer?: (room: Buffer) => void } | null;
}

/** By a socket that has the option; null: this Node keeps it in another way. */
function findMarks(): Marks | null {
  const callback = () => true;
  const probe = new Socket({ onread: { buffer: room, callback } }) as unknown as Inside;
  const markOf = (value: unknown) =>
    Object.getOwnPropertySymbols(probe).find((mark) => probe[mark] === value);
  const [ofRoom, ofCallback] = [markOf(room), markOf(callback)];
  return ofRoom === undefined || ofCallback === undefined ? null : { room: ofRoom, callback: ofCallback };
}

const marks = findMarks();

/** `taker` gets all that a socket receives which a server has just accepted, within that event. */
export function takeAccepted(socket: Socket, taker: RoomTaker): void {
  const inside = socket as unknown as Inside;
  const handle = inside._handle;
  if (marks === null || typeof handle?.useUserBuffer !== 'function' || socket.readableLength > 0) {
    socket.on('data', (octets: Buffer) => taker(octets, octets.length));
    return;
  }
  inside[marks.room] = room;
  inside[marks.callback] = (octets: number) => {
    taker(room, octets);
    return true;
  };
  handle.useUserBuffer(room);
}
