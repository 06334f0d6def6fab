// The main thread's side of one UDP thread: what it is told and what it says, and the queries that it hands over, which are
// asked here in the turns of all sockets of this thread. It is let go of politely, and never waited for without an end.

import { Worker } from 'node:worker_threads';
import { type DurationClock, monotonicZeroMs } from '../../clock/thread-clock.ts';
import { within } from '../../clock/within.ts';
import type { SocketAddress } from '../../config/config.ts';
import { FigureBook } from '../../observe/figure-book.ts';
import type { LimitLog } from '../../observe/limit-log.ts';
import type { ThreadBoard, ThreadFacts } from '../../resolver/thread-facts.ts';
import type { AnsweringSocket, Taken } from '../udp/answering-socket.ts';
import { OUTBOX_MESSAGES } from '../udp/outbox.ts';
import type { ReceiveTurns, Receiving } from '../udp/receive-turns.ts';
import { QueryRing } from './query-ring.ts';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.ts';

/** A thread that has not ended by then is left to the end of the process. */
const END_WITHIN_MS = 1000;
/** Of its heap: what it makes is garbage at once, so a small nursery costs nothing. */
const RESOURCES = { maxYoungGenerationSizeMb: 3, maxOldGenerationSizeMb: 64 };
/** With the compile cache of main.ts, which a thread has to ask for itself: types stripped anew would take 20 MB and a while. */
const PROGRAM = `require('node:module').enableCompileCache(); import('${new URL('./udp-thread.ts', import.meta.url)}');`;
const LOST = 'UDP queries handed over between threads';
const LOST_HINT = 'the main thread does not keep up; clients ask again';

export interface StartedThreadParts {
  readonly clock: DurationClock;
  readonly board: ThreadBoard;
  readonly rate: SharedArrayBuffer;
  readonly limitLog: LimitLog;
  readonly turns: ReceiveTurns;
  readonly onUp: (thread: StartedThread) => void;
  readonly onBroken: (socket: number, code: string) => void;
  readonly onBug: (stack: string) => void;
  /** It is gone, whether it was told to or not. */
  readonly onEnd: (thread: StartedThread) => void;
}

export class StartedThread implements Receiving {
  readonly book = new FigureBook();
  readonly #parts: StartedThreadParts;
  readonly #ring = new QueryRing();
  readonly #worker: Worker;
  /** On whose descriptors what is handed over is answered. */
  readonly #answering = new Map<number, AnsweringSocket>();
  readonly #closing = new Map<number, () => void>();
  readonly #ended = Promise.withResolvers<void>();
  #quiet = Promise.withResolvers<void>();
  #isUp = false;

  constructor(parts: StartedThreadParts) {
    const { board, rate } = parts;
    this.#parts = parts;
    this.#ring.sleep();
    const workerData: ThreadStart = {
      ...{ zeroMs: monotonicZeroMs(), board: board.memory, ring: this.#ring.memory },
      ...{ rate, book: this.book.memory },
    };
    this.#worker = new Worker(PROGRAM, {
      ...{ eval: true, workerData, name: 'udp', resourceLimits: RESOURCES },
    });
    this.#worker.unref(); // the process does not live for it
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => parts.onBug(error instanceof Error ? error.stack! : String(error)));
    this.#worker.on('exit', () => this.#gone());
  }

  /** Can it have sockets now? */
  get isUp(): boolean {
    return this.#isUp;
  }

  learn(facts: ThreadFacts): void {
    this.#say({ kind: 'facts', facts });
  }

  /** It takes queries there from now on; what it cannot answer is by `answering`, which is the main thread's. */
  open(socket: number, descriptor: number, wanted: SocketAddress, answering: AnsweringSocket): void {
    this.#answering.set(socket, answering);
    this.#say({ kind: 'open', socket, descriptor, wanted });
  }

  /** Resolves when it does not touch the descriptor any more. */
  close(socket: number): Promise<void> {
    this.#answering.get(socket)?.close();
    this.#answering.delete(socket);
    if (!this.#isUp) return Promise.resolve();
    this.#say({ kind: 'close', socket });
    return new Promise((resolve) => this.#closing.set(socket, resolve));
  }

  /** Resolves when it takes nothing more, and all that it has handed over has been asked. */
  async quiet(): Promise<void> {
    if (this.#isUp) {
      this.#say({ kind: 'quiet' });
      await this.#quiet.promise;
    }
    while (!this.#ring.isEmpty) this.#takeSome(OUTBOX_MESSAGES);
  }

  /** Resolves when it is gone, or is not expected to go any more. */
  async end(): Promise<void> {
    this.#say({ kind: 'end' });
    await within(END_WITHIN_MS, this.#ended.promise, this.#parts.clock);
  }

  takeBatch(most: number): number {
    const count = this.#takeSome(Math.min(OUTBOX_MESSAGES, most));
    const hasMore = !this.#ring.isEmpty || !this.#ring.sleep();
    return hasMore ? Math.max(1, count) : 0;
  }

  /** Says how many. */
  #takeSome(most: number): number {
    const asked = new Set<AnsweringSocket>();
    const count = this.#ring.read(most, (socket, query) => {
      const answering = this.#answering.get(socket);
      if (answering === undefined) return; // it has been closed meanwhile
      asked.add(answering);
      take(answering, query);
    });
    for (const answering of asked) answering.sendReplies();
    const lost = this.#ring.takeLost();
    if (lost > 0) this.#parts.limitLog.reached(LOST, { hint: LOST_HINT }, lost);
    return count;
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message); // to one that is gone it says nothing
  }

  #hear(message: FromThread): void {
    const { turns, limitLog, onBroken, onBug, onUp } = this.#parts;
    if (message.kind === 'wake') turns.ready(this);
    else if (message.kind === 'closed') this.#closed(message.socket);
    else if (message.kind === 'limit') limitLog.reached(message.limit, message.facts, message.times);
    else if (message.kind === 'broken') onBroken(message.socket, message.code);
    else if (message.kind === 'bug') onBug(message.stack);
    else if (message.kind === 'quiet') this.#quiet.resolve();
    else {
      this.#isUp = true;
      onUp(this);
    }
  }

  #closed(socket: number): void {
    this.#closing.get(socket)?.();
    this.#closing.delete(socket);
  }

  #gone(): void {
    this.#isUp = false;
    for (const socket of this.#closing.keys()) this.#closed(socket);
    this.#quiet.resolve();
    this.#ended.resolve();
    this.#parts.turns.ready(this); // what it has handed over is asked still
    this.#parts.onEnd(this);
  }
}

/** All that comes over the ring says which address it came to, where its socket cannot. */
function take(answering: AnsweringSocket, { octets, start, end, words, route, receivedAtMs }: Taken): void {
  answering.take(octets, start, end, words, route, true, receivedAtMs);
}
