// Puts frames together from octets as they come, however they are cut (RFC 9113 section 4.1). A frame that is whole in what
// arrived is read where it stands; of one that is cut, at most its own octets are kept. It knows lengths and nothing else.

import { ERROR, FRAME_HEAD_OCTETS, MAX_PAYLOAD_OCTETS } from './codes.ts';
import { Http2Fault } from './fault.ts';

/** Of a cut frame, at first; it grows with what has come and not with what is announced. */
const FIRST_ROOM_OCTETS = 512;
const NOTHING: Buffer = Buffer.alloc(0);

export interface FrameTaker {
  /** The payload is `octets` from `start` to `end`; whoever keeps a view of it keeps all of it. */
  takeFrame(type: number, flags: number, stream: number, octets: Buffer, start: number, end: number): void;
}

export class FrameReader {
  readonly #taker: FrameTaker;
  #rest = NOTHING;
  #filled = 0;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  /** Octets that wait for their frame to be complete. */
  get pendingOctets(): number {
    return this.#filled;
  }

  /** @throws Http2Fault, and whatever the taker throws */
  push(chunk: Buffer): void {
    let at = this.#filled > 0 ? this.#complete(chunk) : 0;
    while (at + FRAME_HEAD_OCTETS <= chunk.length) {
      const end = at + FRAME_HEAD_OCTETS + payloadOctets(chunk, at);
      if (end > chunk.length) break;
      this.#give(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length);
  }

  #give(octets: Buffer, at: number, end: number): void {
    const stream = octets.readUInt32BE(at + 5) & 0x7fff_ffff; // the highest bit means nothing
    this.#taker.takeFrame(octets[at + 3]!, octets[at + 4]!, stream, octets, at + FRAME_HEAD_OCTETS, end);
  }

  /** Fills up the frame that has begun, and answers where the next one begins in `chunk`. */
  #complete(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#filled < this.#wantedOctets) {
      const end = Math.min(chunk.length, at + this.#wantedOctets - this.#filled);
      this.#keep(chunk, at, end);
      at = end;
    }
    const end = this.#wantedOctets;
    if (this.#filled < FRAME_HEAD_OCTETS || this.#filled < end) return at;
    const frame = this.#rest;
    this.#rest = NOTHING; // it belongs to whoever keeps a view of it now
    this.#filled = 0;
    this.#give(frame, 0, end);
    return at;
  }

  /** Of the frame that has begun, as far as its head has come. */
  get #wantedOctets(): number {
    if (this.#filled < FRAME_HEAD_OCTETS) return FRAME_HEAD_OCTETS;
    return FRAME_HEAD_OCTETS + payloadOctets(this.#rest, 0);
  }

  #keep(chunk: Buffer, start: number, end: number): void {
    const octets = this.#filled + end - start;
    if (octets > this.#rest.length) {
      const roomier = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM_OCTETS, 2 * this.#rest.length, octets));
      this.#rest.copy(roomier, 0, 0, this.#filled);
      this.#rest = roomier;
    }
    chunk.copy(this.#rest, this.#filled, start, end);
    this.#filled = octets;
  }
}

/** @throws Http2Fault as soon as a frame that is too long announces itself */
function payloadOctets(octets: Buffer, at: number): number {
  const length = (octets[at]! << 16) | (octets[at + 1]! << 8) | octets[at + 2]!;
  if (length > MAX_PAYLOAD_OCTETS)
    throw new Http2Fault(ERROR.FRAME_SIZE_ERROR, `a frame of ${length} octets`);
  return length;
}
