// One UDP socket that takes queries in batches and answers them (answering-socket.ts), and sends the batch of replies when the
// batch of queries is through. It opens and closes no descriptor (batch-sockets.ts does), and how much it may take in a
// turn is said by receive-turns.ts.

import { type AnsweringParts, AnsweringSocket } from './answering-socket.ts';
import type { MessageBatch } from './message-batch.ts';
import type { Watch } from './readable-watch.ts';
import type { ReceiveTurns, Receiving } from './receive-turns.ts';
import { LINUX } from './system-calls.ts';

/** Failures to receive one after another, none of which says that the socket is broken, until that is believed all the same. */
const FAILURES_MAX = 100;
/** Datagrams: while so many are answered others may come, and to ask for them costs less than another turn of the loop would. */
const MANY = 2;
/** Nothing that this socket could recover from. */
const BROKEN: ReadonlySet<string> = new Set(['EBADF', 'ENOTSOCK', 'EFAULT', 'EINVAL']);

export interface BatchSocketParts extends AnsweringParts {
  /** Memory that all sockets of this thread receive into; empty again when a batch has been answered. */
  readonly received: MessageBatch;
  readonly turns: ReceiveTurns;
  readonly onBroken: (error: NodeJS.ErrnoException) => void;
}

export class BatchSocket implements Receiving {
  readonly #parts: BatchSocketParts;
  readonly #answering: AnsweringSocket;
  readonly #watch: Watch;
  #failures = 0;
  #isClosed = false;

  constructor(parts: BatchSocketParts) {
    const { calls, descriptor, turns } = parts;
    this.#parts = parts;
    this.#answering = new AnsweringSocket(parts);
    this.#watch = calls.watch(descriptor, () => turns.readyNow(this));
  }

  /** From now on it makes no call, and its descriptor may be closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#answering.close();
    this.#watch.close();
  }

  takeBatch(most: number): number {
    const { calls, descriptor, received, exchange, clock } = this.#parts;
    if (this.#isClosed) return 0;
    received.makeRoom(received.filled); // of the others nothing has been taken, and each is a line of memory
    const room = Math.min(received.size, most);
    const count = calls.recvmmsg(descriptor, received.headers, room, LINUX.MSG_DONTWAIT, 0);
    if (count < 0) return this.#failed(calls.errorCode());
    received.filled = count;
    this.#failures = 0;
    if (exchange.isStopping) return 0;
    const receivedAtMs = clock.monotonic();
    for (let at = 0; at < count; at += 1) this.#take(at, receivedAtMs);
    this.#answering.sendReplies();
    return count >= MANY ? count : 0;
  }

  #take(at: number, receivedAtMs: number): void {
    const { received } = this.#parts;
    if (received.isCut(at)) return; // a slot has room for any query
    const start = received.slotAt(at);
    const end = start + received.octetsReceived(at);
    const hasControl = received.hasControl(at);
    const { octets, words } = received;
    this.#answering.take(octets, start, end, words, received.routeOf(at), hasControl, receivedAtMs);
  }

  /** Nothing there, mostly. */
  #failed(code: string): 0 {
    if (code === 'EAGAIN' || code === 'EINTR') return 0;
    this.#failures += 1;
    if (BROKEN.has(code) || this.#failures > FAILURES_MAX) this.#broke(code);
    return 0;
  }

  #broke(code: string): void {
    if (!this.#isClosed) this.#parts.onBroken(Object.assign(new Error(`recvmmsg ${code}`), { code }));
  }
}
