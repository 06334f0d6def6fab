// Messages on a stream: two octets of length before each (RFC 1035 section 4.2.2, RFC 7766 section 8).
// Pure: octets in, messages out; what is not complete yet stays here, at most one message of it, in room that grows with what
// has come and not with what is announced.

import { readUint16 } from './wire.ts';

export const LENGTH_OCTETS = 2;
/** Room that the first octets of an incomplete message get; most queries are whole in it. */
const FIRST_ROOM_OCTETS = 512;
const NOTHING = new Uint8Array(0);

type EachMessage = (octets: Uint8Array, start: number, end: number) => void;

export class FrameReader {
  #rest = NOTHING;
  #filled = 0;

  /** Octets that wait for their message to be complete. */
  get pendingOctets(): number {
    return this.#filled;
  }

  /** Takes what arrived and calls `each` with every message that is complete by now (views on what arrived). */
  push(chunk: Uint8Array, each: (message: Uint8Array) => void): void {
    this.pushInPlace(chunk, chunk.length, (octets, start, end) => each(octets.subarray(start, end)));
  }

  /** The same of what lies before `length` in `chunk`, and says where each message stands in which octets. */
  pushInPlace(chunk: Uint8Array, length: number, each: EachMessage): void {
    let at = this.#filled > 0 ? this.#complete(chunk, length, each) : 0;
    while (at + LENGTH_OCTETS <= length) {
      const end = at + LENGTH_OCTETS + readUint16(chunk, at);
      if (end > length) break;
      each(chunk, at + LENGTH_OCTETS, end);
      at = end;
    }
    if (at < length) this.#keep(chunk.subarray(at, length));
  }

  /** Fills up the message that has begun, and answers where the next one begins in `chunk`. */
  #complete(chunk: Uint8Array, length: number, each: EachMessage): number {
    let at = 0;
    while (at < length && this.#filled < this.#wantedOctets) {
      const piece = chunk.subarray(at, Math.min(length, at + this.#wantedOctets - this.#filled));
      this.#keep(piece);
      at += piece.length;
    }
    if (this.#filled < LENGTH_OCTETS || this.#filled < this.#wantedOctets) return at;
    const [message, end] = [this.#rest, this.#filled];
    this.#rest = NOTHING; // it belongs to whoever has the message now
    this.#filled = 0;
    each(message, LENGTH_OCTETS, end);
    return at;
  }

  /** Of the message that has begun, as far as its length has come. */
  get #wantedOctets(): number {
    return this.#filled < LENGTH_OCTETS ? LENGTH_OCTETS : LENGTH_OCTETS + readUint16(this.#rest, 0);
  }

  #keep(piece: Uint8Array): void {
    const octets = this.#filled + piece.length;
    if (octets > this.#rest.length) {
      const roomier = new Uint8Array(Math.max(FIRST_ROOM_OCTETS, 2 * this.#rest.length, octets));
      roomier.set(this.#rest.subarray(0, this.#filled));
      this.#rest = roomier;
    }
    this.#rest.set(piece, this.#filled);
    this.#filled = octets;
  }
}
