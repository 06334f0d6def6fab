// A thread that answers UDP queries beside the main one: it takes them on sockets of its own, answers by the short path
// (resolver/short-path.ts), and puts what that hands over into a ring. It decides nothing about addresses and opens nothing.
// A bug that nobody catches ends it, politely: the main thread goes on with its sockets.

import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { threadClock } from '../../clock/thread-clock.ts';
import { FigureBook } from '../../observe/figure-book.ts';
import { ClientRate } from '../../resolver/client-rate.ts';
import { ShortPath } from '../../resolver/short-path.ts';
import { ThreadBoard } from '../../resolver/thread-facts.ts';
import type { Taken } from '../udp/answering-socket.ts';
import type { BatchSocket } from '../udp/batch-socket.ts';
import { BatchSockets } from '../udp/batch-sockets.ts';
import { loadSystemCalls } from '../udp/system-calls.ts';
import { UdpExchange } from '../udp/udp-exchange.ts';
import { LimitNotes } from './limit-notes.ts';
import { QueryRing } from './query-ring.ts';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.ts';

/** Between two bugs that are told of; the main thread's log has bounds of its own. */
const BUG_PAUSE_MS = 1000;

const start = workerData as ThreadStart;
const port = parentPort!;
const say = (message: FromThread): void => port.postMessage(message);
const clock = threadClock(start.zeroMs);
const board = new ThreadBoard(start.board);
const ring = new QueryRing(start.ring);
const limitNotes = new LimitNotes(clock, (limit, times, facts) =>
  say({ kind: 'limit', limit, times, facts }),
);
/** Of the facts that came last. Before any have come nothing is answered here. */
const limits = { queryDeadlineMs: 0, udpPayloadOctets: 0 };
let quietUntilMs = Number.NEGATIVE_INFINITY;

const path = new ShortPath({
  ...{ board, clock, limitLog: limitNotes },
  rate: new ClientRate(start.rate),
  book: new FigureBook(start.book),
  onBug(error) {
    const nowMs = clock.monotonic();
    if (nowMs < quietUntilMs) return;
    quietUntilMs = nowMs + BUG_PAUSE_MS;
    say({ kind: 'bug', stack: stackOf(error) });
  },
});
const exchange = new UdpExchange({ resolver: path, clock, limits });
const loaded = loadSystemCalls();
if (loaded.calls === null) throw new Error(loaded.reason);
const sockets = new BatchSockets(loaded.calls, clock);
const open = new Map<number, BatchSocket>();

port.on('message', (message: ToThread) => {
  if (message.kind === 'facts') {
    Object.assign(limits, message.facts.limits);
    path.learn(message.facts);
  } else if (message.kind === 'open') watch(message);
  else if (message.kind === 'close') {
    letGoOf(message.socket);
    say({ kind: 'closed', socket: message.socket });
  } else if (message.kind === 'quiet') {
    void exchange.stop(0);
    say({ kind: 'quiet' });
  } else end();
});

say({ kind: 'up' });
flushCompileCache(); // for the next start

process.on('uncaughtException', (error) => {
  say({ kind: 'bug', stack: stackOf(error) });
  end();
});

function watch({ socket, descriptor, wanted }: ToThread & { readonly kind: 'open' }): void {
  const elsewhere = {
    handOver: (taken: Taken) => void ring.write(socket, taken),
    sent() {
      if (!ring.isEmpty && ring.wake()) say({ kind: 'wake' });
    },
  };
  const onBroken = ({ code = '' }: NodeJS.ErrnoException) => say({ kind: 'broken', socket, code });
  open.set(socket, sockets.watch({ descriptor, wanted, exchange, elsewhere, onBroken }));
}

function letGoOf(socket: number): void {
  open.get(socket)?.close();
  open.delete(socket);
}

function end(): void {
  for (const socket of open.keys()) letGoOf(socket);
  limitNotes.close();
  port.close();
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
