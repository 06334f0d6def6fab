// Memory for the answers of one turn of the event loop, used again when they have been written: connections rest most of the time,
// and a room of each one's own would only lie there.

/** Two answers over TLS, which are padded to 468 octets, or many unpadded ones. */
const ROOM_OCTETS = 1024;
/** Connections that have something to say in one turn; what is more goes to the collector. */
const MOST_ROOMS = 64;

export class SpareRooms {
  readonly #rooms: Buffer[] = [];

  /** At least so large. */
  take(octets: number): Buffer {
    if (octets > ROOM_OCTETS) return Buffer.allocUnsafe(octets);
    return this.#rooms.pop() ?? Buffer.allocUnsafe(ROOM_OCTETS);
  }

  /** The caller does not touch it any more. */
  giveBack(room: Buffer): void {
    if (room.length === ROOM_OCTETS && this.#rooms.length < MOST_ROOMS) this.#rooms.push(room);
  }
}
