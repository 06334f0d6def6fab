// The streams of one connection that a client has opened and that are not over (RFC 9113 section 5.1.1): few, each at its number
// modulo SLOTS. No Map, for the reason of upstream/owed-exchanges.ts: what goes is forgotten at once.

import type { ClientStream } from './client-stream.ts';

/** A power of two, above the streams that a client has in flight, so that a free slot is soon found. */
const SLOTS = 256;
/** Section 5.1.1: nobody has a number beyond. */
export const LAST_STREAM = 2 ** 31 - 1;

export class ClientStreams {
  readonly #slots = new Array<ClientStream | undefined>(SLOTS).fill(undefined);
  #next: number;
  #size = 0;

  constructor(first = 1) {
    this.#next = first;
  }

  get size(): number {
    return this.#size;
  }

  /** Of a stream that may be opened: one whose slot is free. What it skips is closed by that (section 5.1.1). */
  nextId(): number {
    while (this.#slots[slotOf(this.#next)] !== undefined) this.#next += 2;
    return this.#next;
  }

  /** A connection gives so many streams and no more. */
  get isUsedUp(): boolean {
    return this.nextId() > LAST_STREAM;
  }

  /** Never opened: neither by us, nor by a server, which we let open none. */
  isIdle(id: number): boolean {
    return id >= this.#next || id % 2 === 0;
  }

  /** @param stream with the number of `nextId` */
  add(stream: ClientStream): void {
    this.#slots[slotOf(stream.id)] = stream;
    this.#next = stream.id + 2;
    this.#size += 1;
  }

  get(id: number): ClientStream | undefined {
    const stream = this.#slots[slotOf(id)];
    return stream?.id === id ? stream : undefined;
  }

  delete(stream: ClientStream): void {
    if (stream.isClosed) return;
    stream.isClosed = true;
    this.#slots[slotOf(stream.id)] = undefined;
    this.#size -= 1;
  }

  /** Those that are not over, in no order. */
  get all(): ClientStream[] {
    return this.#slots.filter((stream) => stream !== undefined);
  }
}

/** All numbers are odd. */
function slotOf(id: number): number {
  return (id >>> 1) % SLOTS;
}
