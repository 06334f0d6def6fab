// UDP sockets in batches, with threads that answer what they can beside the main one. Each address has a socket for each thread,
// and the kernel divides the clients among them. All are opened here, and are this thread's own until the one that
// they are for is up, and again when it is gone: so nobody waits for a thread, and a server without one serves.

import type { Clock } from '../../clock/clock.ts';
import { within } from '../../clock/within.ts';
import type { SocketAddress } from '../../config/config.ts';
import { BugLog } from '../../observe/bug-log.ts';
import type { FigureBook } from '../../observe/figure-book.ts';
import type { LimitLog } from '../../observe/limit-log.ts';
import type { Log } from '../../observe/log.ts';
import type { ClientRate } from '../../resolver/client-rate.ts';
import { ThreadBoard, type ThreadFacts } from '../../resolver/thread-facts.ts';
import type { Bound } from '../binding.ts';
import { AnsweringSocket } from '../udp/answering-socket.ts';
import type { BatchSocket } from '../udp/batch-socket.ts';
import { BatchSockets } from '../udp/batch-sockets.ts';
import type { SystemCalls } from '../udp/system-calls.ts';
import type { UdpSocketParts, UdpSockets } from '../udp/udp-sockets.ts';
import { StartedThread } from './started-thread.ts';

/** Far longer than a thread needs for a batch. */
const CLOSED_WITHIN_MS = 1000;

/** What this server knows at this moment. */
export type FactsNow = Omit<ThreadFacts, 'generation'>;

export interface UdpThreadsParts {
  readonly count: number;
  readonly calls: SystemCalls;
  readonly clock: Clock;
  readonly log: Log;
  readonly limitLog: LimitLog;
  /** Where clients are counted, by this thread too. */
  readonly rate: ClientRate;
  /** Null: they know nothing, and hand everything over. */
  readonly facts: () => FactsNow | null;
  readonly udpQueriesPerClient: () => number;
}

/** One socket of an address, for one thread. */
interface Place {
  readonly socket: number;
  readonly thread: StartedThread;
  readonly descriptor: number;
  readonly parts: UdpSocketParts;
  /** While it is answered here. */
  own: BatchSocket | null;
}

export class UdpThreads implements UdpSockets {
  readonly #parts: UdpThreadsParts;
  readonly #board = new ThreadBoard();
  readonly #sockets: BatchSockets;
  readonly #threads: readonly StartedThread[];
  readonly #places = new Map<number, Place>();
  readonly #closing = new Set<Promise<void>>();
  readonly #allUp = Promise.withResolvers<void>();
  #lastSocket = 0;
  #isToBeTold = false;
  #isEnding = false;

  /** Starts them. */
  constructor(parts: UdpThreadsParts) {
    const { count, calls, clock, log, limitLog, rate } = parts;
    const bugs = new BugLog(log, clock);
    this.#parts = parts;
    this.#sockets = new BatchSockets(calls, clock);
    const start = () =>
      new StartedThread({
        ...{ clock, board: this.#board, rate: rate.memory, limitLog, turns: this.#sockets.turns },
        onUp: (thread) => this.#up(thread),
        onBroken: (socket, code) => this.#broken(socket, code),
        onBug: (stack) => bugs.tell(stack),
        onEnd: (thread) => this.#ended(thread),
      });
    this.#threads = Array.from({ length: count }, start);
    this.changed();
  }

  /** What they count. */
  get books(): readonly FigureBook[] {
    return this.#threads.map(({ book }) => book);
  }

  /** Resolves when each has its sockets. */
  get areUp(): Promise<void> {
    return this.#allUp.promise;
  }

  /** To be called before anything that facts are about can be seen to have changed; they are asked for a moment later. */
  changed(): void {
    this.#board.raise();
    if (this.#isToBeTold) return;
    this.#isToBeTold = true;
    setImmediate(() => this.#tell());
  }

  async open(parts: UdpSocketParts): Promise<Bound> {
    // The address may be theirs still; where one of them hangs it is tried again later (binding.ts).
    if (this.#closing.size > 0) await within(CLOSED_WITHIN_MS, Promise.all(this.#closing), this.#parts.clock);
    const { port, descriptors } = this.#sockets.bind(parts.wanted, this.#threads.length);
    const places = this.#threads.map((thread, at) => this.#place(thread, descriptors[at]!, parts));
    const close = () => {
      for (const place of places) this.#close(place);
    };
    return { port, close };
  }

  needsEachAddress(wildcard: SocketAddress): boolean {
    return this.#sockets.needsEachAddress(wildcard);
  }

  async quiet(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.quiet()));
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }

  #place(thread: StartedThread, descriptor: number, parts: UdpSocketParts): Place {
    this.#lastSocket += 1;
    const place: Place = { socket: this.#lastSocket, thread, descriptor, parts, own: null };
    this.#places.set(place.socket, place);
    if (thread.isUp) this.#giveAway(place);
    else this.#takeBack(place);
    return place;
  }

  #giveAway(place: Place): void {
    const { socket, thread, descriptor, parts } = place;
    const { wanted, counted: exchange } = parts;
    place.own?.close();
    place.own = null;
    const answering = new AnsweringSocket(this.#sockets.answeringParts({ descriptor, wanted, exchange }));
    thread.open(socket, descriptor, wanted, answering);
  }

  #takeBack(place: Place): void {
    const { descriptor, parts } = place;
    const { wanted, exchange, onBroken } = parts;
    place.own = this.#sockets.watch({ descriptor, wanted, exchange, onBroken });
  }

  #close(place: Place): void {
    if (!this.#places.delete(place.socket)) return;
    place.own?.close();
    const closed = place.thread.close(place.socket).then(() => {
      this.#parts.calls.close(place.descriptor);
      this.#closing.delete(closed);
    });
    this.#closing.add(closed);
  }

  #placesOf(thread: StartedThread): Place[] {
    return [...this.#places.values()].filter((place) => place.thread === thread);
  }

  #up(thread: StartedThread): void {
    for (const place of this.#placesOf(thread)) this.#giveAway(place);
    if (!this.#threads.every(({ isUp }) => isUp)) return;
    this.#parts.log.info('UDP threads are up', { threads: this.#threads.length });
    this.#allUp.resolve();
  }

  #broken(socket: number, code: string): void {
    this.#places.get(socket)?.parts.onBroken(Object.assign(new Error(`recvmmsg ${code}`), { code }));
  }

  #ended(thread: StartedThread): void {
    if (this.#isEnding) return;
    this.#parts.log.error('a UDP thread has ended; the main thread answers in its place');
    for (const place of this.#placesOf(thread)) this.#takeBack(place);
  }

  #tell(): void {
    this.#isToBeTold = false;
    const { facts, udpQueriesPerClient } = this.#parts;
    this.#board.udpQueriesPerClient = udpQueriesPerClient();
    const now = facts();
    if (now === null) return;
    const { generation } = this.#board;
    for (const thread of this.#threads) thread.learn({ ...now, generation });
  }
}
