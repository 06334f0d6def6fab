// What both sides know of one stream (RFC 9113 section 5.1) by itself: the body as it comes, what of our own message waits for
// room, and both windows. What it may do to others is for the connections.

import { FIRST_WINDOW_OCTETS } from './codes.ts';
import type { OutgoingStream } from './sending.ts';

const NOTHING: Buffer = Buffer.alloc(0);
/** Of a body that comes in pieces, at first; it grows with what has come. */
const FIRST_ROOM_OCTETS = 512;

export abstract class Http2Stream implements OutgoingStream {
  readonly id: number;
  /** What we may still send. */
  sendWindow: number;
  /** What the peer may still send. */
  receiveWindow = FIRST_WINDOW_OCTETS;
  /** The peer has said all. */
  hasEnded = false;
  isClosed = false;
  /** Of our message, from `sentOctets` on. */
  unsent = NOTHING;
  sentOctets = 0;
  /** Of DATA, padding left out, kept or not. */
  receivedOctets = 0;
  /** Has the body, from `bodyStart` on. */
  bodySource = NOTHING;
  bodyStart = 0;
  #bodyOctets = 0;

  constructor(id: number, sendWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
  }

  /** Of the body, by its header fields; -1: not announced. */
  abstract get announcedOctets(): number;

  /** As far as it has come. */
  get body(): Buffer {
    return this.bodySource.subarray(this.bodyStart, this.bodyStart + this.#bodyOctets);
  }

  /** Of the body, as far as it has come. */
  get bodyOctets(): number {
    return this.#bodyOctets;
  }

  get unsentOctets(): number {
    return this.unsent.length - this.sentOctets;
  }

  /** RFC 9113 section 8.1.1: what was announced is what came, no more at any time and no less at the end. */
  get isOfWrongLength(): boolean {
    const announced = this.announcedOctets;
    if (announced < 0) return false;
    return this.hasEnded ? this.receivedOctets !== announced : this.receivedOctets > announced;
  }

  /** A body of one piece stays where it came; others are copied together, so that no piece keeps more than itself. */
  addBody(octets: Buffer, start: number, end: number, isLast: boolean): void {
    if (isLast && this.#bodyOctets === 0) {
      this.bodySource = octets;
      this.bodyStart = start;
      this.#bodyOctets = end - start;
      return;
    }
    const length = this.#bodyOctets + end - start;
    if (length > this.bodySource.length) {
      const roomier = Buffer.allocUnsafe(Math.max(FIRST_ROOM_OCTETS, 2 * this.bodySource.length, length));
      this.bodySource.copy(roomier, 0, 0, this.#bodyOctets);
      this.bodySource = roomier;
    }
    octets.copy(this.bodySource, this.#bodyOctets, start, end);
    this.#bodyOctets = length;
  }

  dropBody(): void {
    this.bodySource = NOTHING;
    this.bodyStart = 0;
    this.#bodyOctets = 0;
  }
}
