// The way out of a connection (RFC 9113 section 5.2 and 6.9): messages as far as the peer's windows let them pass, the rest of
// each in memory until they open. It resets nothing and ends nothing; whoever opens a window too far is for the connection.

import { FIRST_WINDOW_OCTETS, MAX_PAYLOAD_OCTETS, MAX_WINDOW_OCTETS } from './codes.ts';
import { FrameWriter } from './frame-writer.ts';
import { NO_TABLE } from './hpack-encoder.ts';

/** Fields of a message, encoded; `hpack-encoder.ts` makes them. */
export interface EncodedFields {
  readonly octets: Buffer;
  readonly length: number;
}

/** As far as its message is concerned. */
export interface OutgoingStream {
  readonly id: number;
  /** What we may still send. */
  sendWindow: number;
  /** Of its message, from `sentOctets` on. */
  unsent: Buffer;
  sentOctets: number;
  readonly unsentOctets: number;
}

export class Sending<Stream extends OutgoingStream> {
  readonly writer = new FrameWriter();
  /** Called when a stream has nothing left to send. */
  readonly #onSent: (stream: Stream) => void;
  /** Streams whose messages wait for a window, in order. */
  readonly #waiting = new Set<Stream>();
  #window = FIRST_WINDOW_OCTETS;
  #firstStreamWindow = FIRST_WINDOW_OCTETS;
  #unsentOctets = 0;
  #hasSaidNoTable = false;

  constructor(onSent: (stream: Stream) => void) {
    this.#onSent = onSent;
  }

  /** Of a new stream. */
  get firstStreamWindow(): number {
    return this.#firstStreamWindow;
  }

  /** Of messages that wait for a window. */
  get unsentOctets(): number {
    return this.#unsentOctets;
  }

  /** Fields, and the body from 0 to `length`, of which what has to wait is copied. */
  send(stream: Stream, fields: EncodedFields, body: Buffer, length: number): void {
    const first = this.#hasSaidNoTable ? -1 : NO_TABLE;
    this.#hasSaidNoTable = true;
    this.writer.headers(stream.id, fields.octets, fields.length, length === 0, first);
    const fits = length <= MAX_PAYLOAD_OCTETS && length <= this.#window && length <= stream.sendWindow;
    if (length > 0 && !fits) {
      stream.unsent = Buffer.from(body.subarray(0, length));
      this.#unsentOctets += length;
      this.#waiting.add(stream);
      this.#sendOn(stream);
      return;
    }
    if (length > 0) this.writer.data(stream.id, body, 0, length, true);
    this.#window -= length;
    this.#onSent(stream);
  }

  /** It is over, and what waits of its message is for nobody. */
  forget(stream: Stream): void {
    if (!this.#waiting.delete(stream)) return;
    this.#unsentOctets -= stream.unsentOctets;
  }

  /** False: it would be larger than windows can be. */
  openWindow(octets: number): boolean {
    this.#window += octets;
    if (this.#window > MAX_WINDOW_OCTETS) return false;
    for (const stream of this.#waiting) {
      if (this.#window <= 0) break;
      this.#sendOn(stream);
    }
    return true;
  }

  /** False: it would be larger than windows can be. */
  openStreamWindow(stream: Stream, octets: number): boolean {
    stream.sendWindow += octets;
    if (stream.sendWindow > MAX_WINDOW_OCTETS) return false;
    if (this.#waiting.has(stream)) this.#sendOn(stream);
    return true;
  }

  /** Section 6.9.2: all streams that stand move by the difference; windows may become negative. False: too large. */
  setFirstStreamWindow(octets: number, streams: Iterable<Stream>): boolean {
    const difference = octets - this.#firstStreamWindow;
    this.#firstStreamWindow = octets;
    for (const stream of streams) if (!this.openStreamWindow(stream, difference)) return false;
    return true;
  }

  #sendOn(stream: Stream): void {
    const { unsent } = stream;
    while (stream.sentOctets < unsent.length) {
      const room = Math.min(MAX_PAYLOAD_OCTETS, this.#window, stream.sendWindow);
      if (room <= 0) return;
      const end = Math.min(unsent.length, stream.sentOctets + room);
      const octets = end - stream.sentOctets;
      this.writer.data(stream.id, unsent, stream.sentOctets, end, end === unsent.length);
      stream.sentOctets = end;
      stream.sendWindow -= octets;
      this.#window -= octets;
      this.#unsentOctets -= octets;
    }
    this.#waiting.delete(stream);
    this.#onSent(stream);
  }
}
