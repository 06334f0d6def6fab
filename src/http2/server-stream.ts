// One request and its answer (RFC 9113 section 5.1), as far as a stream knows it by itself: the body as it comes, what
// of the answer waits for room, and both windows. What it may do to others is for server-connection.ts.

import { FIRST_WINDOW_OCTETS } from './codes.ts';
import type { RequestHead } from './request-fields.ts';

const NOTHING: Buffer = Buffer.alloc(0);
/** Of a body that comes in pieces, at first; it grows with what has come. */
const FIRST_ROOM_OCTETS = 512;

/** What whoever answers requests keeps for one of them. */
export interface Requester {
  /** The stream is over: answered to its end, or reset by either side, or its connection has gone. Called once. */
  gone(): void;
}

export class ServerStream {
  readonly id: number;
  readonly head: RequestHead;
  /** Of whoever answers it. */
  requester: Requester | null = null;
  /** The body is to be kept; for its requester to say, before any of it has come. */
  wantsBody = false;
  /** What we may still send. */
  sendWindow: number;
  /** What the client may still send. */
  receiveWindow = FIRST_WINDOW_OCTETS;
  /** The client has said all. */
  hasEnded = false;
  /** We have said all, or it waits in `unsent`. */
  isAnswered = false;
  isClosed = false;
  /** Of the answer, from `sentOctets` on. */
  unsent = NOTHING;
  sentOctets = 0;
  /** Of DATA, padding left out, kept or not. */
  receivedOctets = 0;
  #body = NOTHING;
  #bodyOctets = 0;

  constructor(id: number, head: RequestHead, sendWindow: number) {
    this.id = id;
    this.head = head;
    this.sendWindow = sendWindow;
  }

  /** As far as it has come. */
  get body(): Buffer {
    return this.#bodyOctets === this.#body.length ? this.#body : this.#body.subarray(0, this.#bodyOctets);
  }

  /** Of the body, in memory that is held for it alone. */
  get bodyOctets(): number {
    return this.#bodyOctets;
  }

  get unsentOctets(): number {
    return this.unsent.length - this.sentOctets;
  }

  /** RFC 9113 section 8.1.1: what was announced is what came, no more at any time and no less at the end. */
  get isOfWrongLength(): boolean {
    const { contentLength } = this.head;
    if (contentLength < 0) return false;
    return this.hasEnded ? this.receivedOctets !== contentLength : this.receivedOctets > contentLength;
  }

  /** A body of one piece stays where it came; others are copied together, so that no piece keeps more than itself. */
  addBody(octets: Buffer, start: number, end: number, isLast: boolean): void {
    if (isLast && this.#bodyOctets === 0) {
      this.#body = octets.subarray(start, end);
      this.#bodyOctets = end - start;
      return;
    }
    const length = this.#bodyOctets + end - start;
    if (length > this.#body.length) {
      const roomier = Buffer.allocUnsafe(Math.max(FIRST_ROOM_OCTETS, 2 * this.#body.length, length));
      this.#body.copy(roomier, 0, 0, this.#bodyOctets);
      this.#body = roomier;
    }
    octets.copy(this.#body, this.#bodyOctets, start, end);
    this.#bodyOctets = length;
  }

  dropBody(): void {
    this.#body = NOTHING;
    this.#bodyOctets = 0;
  }
}
