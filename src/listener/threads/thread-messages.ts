// What the main thread and a UDP thread (udp-thread.ts) say to each other besides the queries, as plain values: sockets, facts,
// and what became of them. Queries themselves go by query-ring.ts.

import type { SocketAddress } from '../../config/config.ts';
import type { LimitFacts } from '../../observe/limit-log.ts';
import type { ThreadFacts } from '../../resolver/thread-facts.ts';

/** What a thread is given at its start: memory that it shares with the main one. */
export interface ThreadStart {
  /** Of the main thread (clock/thread-clock.ts). */
  readonly zeroMs: number;
  readonly board: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  readonly rate: SharedArrayBuffer;
  readonly book: SharedArrayBuffer;
}

export type ToThread =
  | { readonly kind: 'facts'; readonly facts: ThreadFacts }
  /** Take queries on this socket, whose descriptor stays the main thread's. */
  | {
      readonly kind: 'open';
      readonly socket: number;
      readonly descriptor: number;
      readonly wanted: SocketAddress;
    }
  /** Let go of it, and say `closed`. */
  | { readonly kind: 'close'; readonly socket: number }
  /** Take nothing more, and say `quiet`. */
  | { readonly kind: 'quiet' }
  | { readonly kind: 'end' };

export type FromThread =
  /** Sockets may be opened now. */
  | { readonly kind: 'up' }
  /** There is something in the ring. */
  | { readonly kind: 'wake' }
  | { readonly kind: 'closed'; readonly socket: number }
  | { readonly kind: 'broken'; readonly socket: number; readonly code: string }
  | { readonly kind: 'quiet' }
  | { readonly kind: 'limit'; readonly limit: string; readonly times: number; readonly facts: LimitFacts }
  | { readonly kind: 'bug'; readonly stack: string };
