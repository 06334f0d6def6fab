// One UDP socket that takes queries and sends replies in batches. Answers that are there at once are rendered into the
// batch of replies, which leaves when the batch of queries is through; late ones are gathered and leave once a turn.
// It opens nothing (batch-sockets.ts does), and how much it may take in a turn is said by receive-turns.ts.

import type { Clock, Timer } from '../../clock/clock.ts';
import { type Answer, type AnswerView, DROP } from '../../dns/answer.ts';
import type { Query } from '../../dns/query.ts';
import type { AddressTexts } from './address-texts.ts';
import { type MessageBatch, ROUTE_WORDS } from './message-batch.ts';
import { Outbox } from './outbox.ts';
import type { ReceiveTurns, Receiving } from './receive-turns.ts';
import { CONTROL_OCTETS, clientOf, portOf, turnRound } from './route.ts';
import { LINUX, type SystemCalls, type Watch } from './system-calls.ts';
import type { UdpExchange } from './udp-exchange.ts';

/** When the kernel had no room for a reply. */
const SEND_AGAIN_MS = 1;
/** Failures to receive one after another, none of which says that the socket is broken, until that is believed all the same. */
const FAILURES_MAX = 100;
/** Nothing that this socket could recover from. */
const BROKEN: ReadonlySet<string> = new Set(['EBADF', 'ENOTSOCK', 'EFAULT', 'EINVAL']);

export interface BatchSocketParts {
  readonly descriptor: number;
  readonly family: 4 | 6;
  /** The address that it is bound to; null: a wildcard, and each datagram says which one it came to. */
  readonly localAddress: string | null;
  readonly calls: SystemCalls;
  readonly clock: Clock;
  /** Memory that all sockets of this thread receive into; empty again when a batch has been answered. */
  readonly received: MessageBatch;
  readonly turns: ReceiveTurns;
  readonly texts: AddressTexts;
  readonly exchange: UdpExchange;
  readonly onBroken: (error: NodeJS.ErrnoException) => void;
}

export class BatchSocket implements Receiving {
  readonly #parts: BatchSocketParts;
  readonly #replies: Outbox;
  readonly #late: Outbox;
  readonly #watch: Watch;
  readonly #controlOctets: number;
  #isLateToBeSent = false;
  #sendAgain: Timer | null = null;
  #failures = 0;
  #isClosed = false;

  constructor(parts: BatchSocketParts) {
    const { calls, descriptor, turns } = parts;
    this.#parts = parts;
    this.#controlOctets = parts.localAddress === null ? CONTROL_OCTETS[parts.family] : 0;
    this.#replies = new Outbox(calls, descriptor);
    this.#late = new Outbox(calls, descriptor);
    this.#watch = calls.watch(descriptor, (status) => {
      if (status < 0) setImmediate(() => this.#broke('EBADF'));
      else turns.ready(this);
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#late.send();
    this.#isClosed = true;
    this.#sendAgain?.cancel();
    this.#watch.close();
    this.#parts.calls.close(this.#parts.descriptor);
  }

  takeBatch(): boolean {
    const { calls, descriptor, received, exchange, clock } = this.#parts;
    if (this.#isClosed) return false;
    received.makeRoom(received.size);
    const count = calls.recvmmsg(descriptor, received.headers, received.size, LINUX.MSG_DONTWAIT, 0);
    if (count < 0) return this.#failed(calls.errorCode());
    this.#failures = 0;
    if (exchange.isStopping) return false;
    const receivedAtMs = clock.monotonic();
    for (let at = 0; at < count; at += 1) this.#take(at, receivedAtMs);
    this.#send(this.#replies);
    return count === received.size;
  }

  #take(at: number, receivedAtMs: number): void {
    const { received, exchange, texts } = this.#parts;
    const { words } = received;
    const route = received.routeOf(at);
    const clientPort = portOf(words, route);
    if (clientPort === 0 || received.isCut(at)) return; // nobody can be answered on port 0; and a slot has room for any query
    const localAddress =
      this.#parts.localAddress ?? (received.hasControl(at) ? turnRound(words, route, texts) : null);
    if (localAddress === null) return;
    const client = clientOf(words, route, texts);
    const start = received.slotAt(at);
    const end = start + received.octetsReceived(at);
    const answer = exchange.ask(received.octets, start, end, client, clientPort, localAddress, receivedAtMs);
    if (!(answer instanceof Promise)) {
      this.#render(this.#replies, exchange.query, answer, words, route);
      return;
    }
    const query = exchange.wait();
    const wayBack = words.slice(route, route + ROUTE_WORDS);
    void answer.then((late) => {
      this.#renderLate(query, late, wayBack);
      exchange.end();
    });
  }

  #renderLate(query: Query, answer: Answer, wayBack: Int32Array): void {
    if (answer === DROP) return;
    this.#render(this.#late, query, answer, wayBack, 0);
    if (this.#isLateToBeSent) return;
    this.#isLateToBeSent = true;
    setImmediate(() => {
      this.#isLateToBeSent = false;
      this.#send(this.#late);
    });
  }

  #render(outbox: Outbox, query: Query, answer: AnswerView, words: Int32Array, route: number): void {
    if (answer === DROP) return;
    if (outbox.isFull) this.#send(outbox);
    if (outbox.isFull) return; // the kernel takes no more; the client asks again
    outbox.add(this.#parts.exchange.render(answer, query, outbox.slot), words, route, this.#controlOctets);
  }

  /** While the kernel has no room nothing is tried but by the timer. */
  #send(outbox: Outbox): void {
    if (this.#isClosed || this.#sendAgain !== null || outbox.isEmpty) return;
    outbox.send();
    if (outbox.isEmpty) return;
    this.#sendAgain = this.#parts.clock.after(SEND_AGAIN_MS, () => {
      this.#sendAgain = null;
      this.#send(this.#replies);
      this.#send(this.#late);
    });
  }

  /** Nothing there, mostly. */
  #failed(code: string): false {
    if (code === 'EAGAIN' || code === 'EINTR') return false;
    this.#failures += 1;
    if (BROKEN.has(code) || this.#failures > FAILURES_MAX) this.#broke(code);
    return false;
  }

  #broke(code: string): void {
    if (!this.#isClosed) this.#parts.onBroken(Object.assign(new Error(`recvmmsg ${code}`), { code }));
  }
}
