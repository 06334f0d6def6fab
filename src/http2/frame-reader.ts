// Puts frames together from octets as they come, however they are cut (RFC 9113 section 4.1). A frame that is whole in what
// arrived is read where it stands; of one that is cut, at most its own octets are kept. It knows lengths and nothing else.

import { ERROR, FRAME_HEAD_OCTETS, MAX_PAYLOAD_OCTETS } from './codes.ts';
import { Http2Fault } from './fault.ts';

/** Of a cut frame, at first; it grows with what has come and not with what is announced. */
const FIRST_ROOM_OCTETS = 512;
const NOTHING: Buffer = Buffer.alloc(0);

export interface FrameTaker {
  /** False: not now; this frame and all behind it wait until `goOn`. */
  mayTake(type: number): boolean;
  /** The payload is `octets` from `start` to `end`; whoever keeps a view of it keeps all of it. */
  takeFrame(type: number, flags: number, stream: number, octets: Buffer, start: number, end: number): void;
}

export class FrameReader {
  readonly #taker: FrameTaker;
  /** What has arrived and not been read, from `at` on. */
  #chunk = NOTHING;
  #at = 0;
  /** A frame that is cut, as far as it has come. */
  #rest = NOTHING;
  #filled = 0;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  /** Octets that wait for their frame to be complete, or to be taken. */
  get pendingOctets(): number {
    return this.#filled + this.#chunk.length - this.#at;
  }

  /** Frames wait for `goOn`, and nothing more may be pushed. */
  get isHalted(): boolean {
    return this.#chunk !== NOTHING;
  }

  /** What waits is read where it stands: it is kept from whoever writes there next. */
  keepRest(): void {
    if (!this.isHalted) return;
    this.#chunk = Buffer.from(this.#chunk.subarray(this.#at));
    this.#at = 0;
  }

  /** @throws Http2Fault, and whatever the taker throws */
  push(chunk: Buffer): void {
    this.#chunk = this.isHalted ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
    this.goOn();
  }

  /** Takes up what has waited. @throws Http2Fault, and whatever the taker throws */
  goOn(): void {
    if (this.#filled > 0 && !this.#completes()) return;
    const chunk = this.#chunk;
    while (this.#at + FRAME_HEAD_OCTETS <= chunk.length) {
      const at = this.#at;
      const end = at + FRAME_HEAD_OCTETS + payloadOctets(chunk, at);
      if (end > chunk.length) break;
      if (!this.#taker.mayTake(chunk[at + 3]!)) return;
      this.#at = end;
      this.#give(chunk, at, end);
    }
    if (this.#at < chunk.length) this.#keep(chunk.length);
    this.#chunk = NOTHING;
    this.#at = 0;
  }

  #give(octets: Buffer, at: number, end: number): void {
    const stream = octets.readUInt32BE(at + 5) & 0x7fff_ffff; // the highest bit means nothing
    this.#taker.takeFrame(octets[at + 3]!, octets[at + 4]!, stream, octets, at + FRAME_HEAD_OCTETS, end);
  }

  /** Fills up the frame that has begun, and gives it; false: it waits for its end, or to be taken. */
  #completes(): boolean {
    while (this.#at < this.#chunk.length && this.#filled < this.#wantedOctets)
      this.#keep(Math.min(this.#chunk.length, this.#at + this.#wantedOctets - this.#filled));
    const end = this.#wantedOctets;
    if (this.#filled < FRAME_HEAD_OCTETS || this.#filled < end) {
      this.#chunk = NOTHING;
      this.#at = 0;
      return false;
    }
    if (!this.#taker.mayTake(this.#rest[3]!)) return false;
    const frame = this.#rest;
    this.#rest = NOTHING; // it belongs to whoever keeps a view of it now
    this.#filled = 0;
    this.#give(frame, 0, end);
    return true;
  }

  /** Of the frame that has begun, as far as its head has come. */
  get #wantedOctets(): number {
    if (this.#filled < FRAME_HEAD_OCTETS) return FRAME_HEAD_OCTETS;
    return FRAME_HEAD_OCTETS + payloadOctets(this.#rest, 0);
  }

  /** Of what has arrived, up to `end`. */
  #keep(end: number): void {
    const octets = this.#filled + end - this.#at;
    if (octets > this.#rest.length) {
      const roomier = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM_OCTETS, 2 * this.#rest.length, octets));
      this.#rest.copy(roomier, 0, 0, this.#filled);
      this.#rest = roomier;
    }
    this.#chunk.copy(this.#rest, this.#filled, this.#at, end);
    this.#at = end;
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
