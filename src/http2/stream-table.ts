// The streams of one connection that are not over (RFC 9113 section 5.1), and what is known of those that are: the last number,
// and which of them we reset ourselves, so that what was on its way to them meanwhile is nobody's fault.

import { ERROR } from './codes.ts';
import { Http2Fault, protocolFault } from './fault.ts';
import { RESETS_REMEMBERED } from './limits.ts';
import type { ServerStream } from './server-stream.ts';

export class StreamTable {
  /** Oldest first, and so by their numbers, too. */
  readonly #streams: ServerStream[] = [];
  readonly #resetByUs = new Set<number>();
  #lastStream = 0;
  #unended = 0;
  #bodyOctets = 0;

  get size(): number {
    return this.#streams.length;
  }

  /** Of these, those that the client has not ended. */
  get unended(): number {
    return this.#unended;
  }

  /** Of bodies, in memory. */
  get bodyOctets(): number {
    return this.#bodyOctets;
  }

  /** The greatest number that a client has opened. */
  get lastStream(): number {
    return this.#lastStream;
  }

  /** Oldest first. */
  get all(): ServerStream[] {
    return [...this.#streams];
  }

  get(id: number): ServerStream | undefined {
    return this.#streams[this.#placeOf(id)];
  }

  /** Most frames are for the youngest; -1: it is over, or was never there. */
  #placeOf(id: number): number {
    let [low, high] = [0, this.#streams.length - 1];
    for (let at = high; low <= high; at = (low + high) >> 1) {
      const found = this.#streams[at]!.id;
      if (found === id) return at;
      if (found < id) low = at + 1;
      else high = at - 1;
    }
    return -1;
  }

  /** Would it be a new one? Clients open odd ones, each greater than the one before. */
  isNew(id: number): boolean {
    return id > this.#lastStream && id % 2 === 1;
  }

  /** Never opened: neither by a client, nor by us, who open none. */
  isIdle(id: number): boolean {
    return id > this.#lastStream || id % 2 === 0;
  }

  /** A client has opened it, whatever becomes of it. */
  opened(id: number): void {
    this.#lastStream = id;
  }

  add(stream: ServerStream): void {
    this.#streams.push(stream);
    if (!stream.hasEnded) this.#unended += 1;
  }

  /** The stream that a frame is for; null: we have reset it, and what still comes means nothing. @throws Http2Fault */
  standing(id: number, frame: string): ServerStream | null {
    const stream = this.get(id);
    if (stream !== undefined) return stream;
    if (this.isIdle(id)) throw protocolFault(`${frame} on an idle stream`);
    if (this.#resetByUs.has(id)) return null;
    throw new Http2Fault(ERROR.STREAM_CLOSED, `${frame} on a stream that is over`);
  }

  /** We reset it, or take nothing of it. */
  remember(id: number): void {
    if (this.#resetByUs.size >= RESETS_REMEMBERED) {
      const [oldest] = this.#resetByUs;
      this.#resetByUs.delete(oldest!);
    }
    this.#resetByUs.add(id);
  }

  /** The client has said all of it. */
  ended(stream: ServerStream): void {
    stream.hasEnded = true;
    this.#unended -= 1;
  }

  addBody(stream: ServerStream, octets: Buffer, from: number, to: number, isLast: boolean): void {
    this.#bodyOctets += to - from;
    stream.addBody(octets, from, to, isLast);
  }

  dropBody(stream: ServerStream): void {
    this.#bodyOctets -= stream.bodyOctets;
    stream.dropBody();
  }

  delete(stream: ServerStream): void {
    stream.isClosed = true;
    if (!stream.hasEnded) this.#unended -= 1;
    const at = this.#placeOf(stream.id);
    if (at === this.#streams.length - 1) this.#streams.pop();
    else this.#streams.splice(at, 1);
    if (stream.bodyOctets > 0) this.dropBody(stream);
  }
}
