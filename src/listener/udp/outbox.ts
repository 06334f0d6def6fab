// Replies on their way out of one socket: rendered into memory of a fixed size, and given to the kernel many at a time.
// One that cannot be sent is lost, as datagrams are, and no other with it. When the kernel has no room (EAGAIN) what is left
// waits; when the outbox is full meanwhile, what comes is lost.

import { MessageBatch } from './message-batch.ts';
import { LINUX, type SystemCalls } from './system-calls.ts';

/** As many as come in at once. */
export const OUTBOX_MESSAGES = 64;
/** limits.udp_payload is 1400 at most (config/limits.ts); an OPT record that was asked for may stand behind a question that is cut. */
const REPLY_OCTETS = 2048;

export class Outbox {
  readonly #calls: SystemCalls;
  readonly #descriptor: number;
  readonly #batch: MessageBatch;
  /** Those before it have been sent. */
  #first = 0;
  #count = 0;

  constructor(calls: SystemCalls, descriptor: number) {
    this.#calls = calls;
    this.#descriptor = descriptor;
    this.#batch = new MessageBatch(OUTBOX_MESSAGES, REPLY_OCTETS, calls.addressOf);
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get isFull(): boolean {
    return this.#count === OUTBOX_MESSAGES;
  }

  /** Memory for the next reply; not to be asked for while it is full. */
  get slot(): Buffer {
    return this.#batch.slots[this.#count]!;
  }

  /** What stands in the slot goes out with the others, along this route (MessageBatch). */
  add(octets: number, words: Int32Array, route: number, controlOctets: number): void {
    this.#batch.address(this.#count, octets, words, route, controlOctets);
    this.#count += 1;
  }

  /** Sends what there is; what is left has to be sent later. */
  send(): void {
    while (this.#first < this.#count) {
      const headers = this.#batch.headerOf(this.#first);
      const sent = this.#calls.sendmmsg(
        this.#descriptor,
        headers,
        this.#count - this.#first,
        LINUX.MSG_DONTWAIT,
      );
      if (sent > 0) this.#first += sent;
      else {
        const code = this.#calls.errorCode();
        if (code === 'EAGAIN') return;
        if (code !== 'EINTR') this.#first += 1; // this client cannot be reached, or not now
      }
    }
    this.#first = 0;
    this.#count = 0;
  }
}
