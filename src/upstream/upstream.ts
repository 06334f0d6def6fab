// What an upstream is to the pool: something that takes one query and brings one reply. Transport, connections,
// IDs and retries on a dying connection are its own business; choosing among several is the pool's.

import type { MessageLayout } from '../dns/wire.ts';

/** What one client query may still cost: shared by all its tries, whichever upstream and connection they use. */
export interface SendBudget {
  sendsLeft: number;
  /** Of these, kept back for an upstream that has not been tried yet. */
  reserved: number;
}

/** May one more send be made for this query, by the upstream that asks? */
export function maySend({ sendsLeft, reserved }: SendBudget): boolean {
  return sendsLeft > reserved;
}

/** One query on its way to one reply. */
export interface Exchange {
  /** A whole message, ID 0. */
  readonly query: Uint8Array;
  /** Monotonic milliseconds. */
  readonly deadlineMs: number;
  readonly budget: SendBudget;
  /** Answered or given up: whatever still comes for it means nothing. */
  readonly isSettled: boolean;
  /** How many connections have died or fallen silent under it. */
  losses?: number;
  /**
   * The first of these two calls counts.
   * @param reply is there until this returns, and may be changed meanwhile
   * @param layout of it
   */
  resolve(reply: Uint8Array, layout: MessageLayout): void;
  reject(error: Error): void;
}

export interface Upstream {
  /** Its URL as configured; for people, logs and metrics. */
  readonly name: string;
  /** False while its address is not known: then it fails at once, and is no choice beside one that can be asked. */
  readonly isLocated?: boolean;
  /**
   * Sends the query and settles `exchange`, with the reply to it (ID, question, opcode and form have been checked) or with an
   * UpstreamFailure. Gives up at its deadline, and when its budget allows no further send; takes one from it per send.
   */
  take(exchange: Exchange): void;
  /** Forgets back-off earned by earlier failures, for instance under a wrong clock. */
  forgive(): void;
  close(): void;
}

/**
 * For who asks now and then; a promise a query costs more than the query's way through here.
 * @throws UpstreamFailure
 */
export function exchangeWith(
  upstream: Pick<Upstream, 'take'>,
  query: Uint8Array,
  deadlineMs: number,
  budget: SendBudget,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const exchange = {
    ...{ query, deadlineMs, budget, isSettled: false },
    resolve(reply: Uint8Array) {
      exchange.isSettled = true;
      resolve(Buffer.from(reply));
    },
    reject(error: Error) {
      exchange.isSettled = true;
      reject(error);
    },
  };
  upstream.take(exchange);
  return promise;
}
