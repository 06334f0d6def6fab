// How one UDP socket answers: from the octets of a query and the route that it came by to a reply on its way back. Answers that
// are there at once gather until whoever took the queries sends them; late ones leave with the next of these, or at the end of
// the turn when none come. It receives nothing and does not own its descriptor: where queries come from (batch-socket.ts,
// threads/started-thread.ts) is not its business.

import type { Timer } from '../../clock/clock.ts';
import type { DurationClock } from '../../clock/thread-clock.ts';
import { type Answer, type AnswerView, DROP } from '../../dns/answer.ts';
import type { Query } from '../../dns/query.ts';
import { type End, LateAnswer } from '../../resolver/late-answer.ts';
import { HANDED_OVER } from '../../resolver/short-path.ts';
import type { AddressTexts } from './address-texts.ts';
import { KeptRoutes } from './kept-routes.ts';
import { Outbox } from './outbox.ts';
import { CONTROL_OCTETS, clientOf, portOf, turnRound } from './route.ts';
import type { SystemCalls } from './system-calls.ts';
import type { UdpExchange } from './udp-exchange.ts';

/** When the kernel had no room for a reply. */
const SEND_AGAIN_MS = 1;

export interface AnsweringParts {
  readonly descriptor: number;
  readonly family: 4 | 6;
  /** The address that it is bound to; null: a wildcard, and each datagram says which one it came to. */
  readonly localAddress: string | null;
  readonly calls: SystemCalls;
  readonly clock: DurationClock;
  readonly texts: AddressTexts;
  readonly exchange: UdpExchange;
  /** Where queries go that cannot be answered in this thread. */
  readonly elsewhere?: Elsewhere;
}

/** The same octets and route, for whoever answers on this socket from another thread. */
export interface Elsewhere {
  handOver(taken: Taken): void;
  /** All of a batch have been. */
  sent(): void;
}

/** A query as it was taken, in memory that is soon another's. */
export interface Taken {
  readonly octets: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The route stands here. */
  readonly words: Int32Array;
  readonly route: number;
  readonly receivedAtMs: number;
}

export class AnsweringSocket {
  readonly #parts: AnsweringParts;
  readonly #replies: Outbox;
  /** Of those whose answers come late. */
  readonly #routes = new KeptRoutes();
  readonly #controlOctets: number;
  #isLateToBeSent = false;
  #sendAgain: Timer | null = null;
  #isClosed = false;

  constructor(parts: AnsweringParts) {
    const { calls, descriptor, family, localAddress } = parts;
    this.#parts = parts;
    this.#controlOctets = localAddress === null ? CONTROL_OCTETS[family] : 0;
    this.#replies = new Outbox(calls, descriptor);
  }

  /** Sends what is ready, and from now on nothing: the descriptor may be closed. */
  close(): void {
    if (this.#isClosed) return;
    this.#replies.send();
    this.#isClosed = true;
    this.#sendAgain?.cancel();
  }

  /**
   * Asks it. The route becomes that of the reply; one that is that already stays as it is.
   * @param hasControl does the route say which address of ours it came to?
   */
  take(
    octets: Uint8Array,
    start: number,
    end: number,
    words: Int32Array,
    route: number,
    hasControl: boolean,
    receivedAtMs: number,
  ): void {
    const { exchange, texts, elsewhere } = this.#parts;
    const clientPort = portOf(words, route);
    if (clientPort === 0) return; // nobody can be answered there
    const localAddress = this.#parts.localAddress ?? (hasControl ? turnRound(words, route, texts) : null);
    if (localAddress === null) return;
    const client = clientOf(words, route, texts);
    const answer = exchange.ask(octets, start, end, client, clientPort, localAddress, receivedAtMs);
    if (answer instanceof LateAnswer)
      answer.end(new LateReply(this, exchange.wait(), this.#routes.keep(words, route)));
    else if (answer === HANDED_OVER) elsewhere!.handOver({ octets, start, end, words, route, receivedAtMs });
    else this.#render(exchange.query, answer, words, route);
  }

  /** What was answered at once, when the batch of queries is through. */
  sendReplies(): void {
    this.#send();
    this.#parts.elsewhere?.sent();
  }

  /** To a query whose answer comes late. @param route that was kept */
  replyLate(query: Query, answer: Answer, route: number): void {
    try {
      this.#renderLate(query, answer, route);
    } finally {
      this.#routes.release(route); // although a bug of ours has thrown
      this.#parts.exchange.end();
    }
  }

  #renderLate(query: Query, answer: Answer, route: number): void {
    if (answer === DROP) return;
    this.#render(query, answer, this.#routes.words, route);
    if (this.#isLateToBeSent) return;
    this.#isLateToBeSent = true;
    setImmediate(() => {
      this.#isLateToBeSent = false;
      this.#send();
    });
  }

  #render(query: Query, answer: AnswerView, words: Int32Array, route: number): void {
    if (answer === DROP) return;
    const outbox = this.#replies;
    if (outbox.isFull) this.#send();
    if (outbox.isFull) return; // the kernel takes no more; the client asks again
    outbox.add(this.#parts.exchange.render(answer, query, outbox.slot), words, route, this.#controlOctets);
  }

  /** While the kernel has no room nothing is tried but by the timer. */
  #send(): void {
    const outbox = this.#replies;
    if (this.#isClosed || this.#sendAgain !== null || outbox.isEmpty) return;
    outbox.send();
    if (outbox.isEmpty) return;
    this.#sendAgain = this.#parts.clock.after(SEND_AGAIN_MS, () => {
      this.#sendAgain = null;
      this.#send();
    });
  }
}

/** The reply to a query that waits. */
class LateReply implements End {
  readonly #socket: AnsweringSocket;
  readonly #query: Query;
  readonly #route: number;

  constructor(socket: AnsweringSocket, query: Query, route: number) {
    this.#socket = socket;
    this.#query = query;
    this.#route = route;
  }

  answered(answer: Answer): void {
    this.#socket.replyLate(this.#query, answer, this.#route);
  }

  /** A bug of ours: what fails has become an answer above. */
  failed(error: unknown): never {
    throw error;
  }
}
