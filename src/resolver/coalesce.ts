// Link: equal questions that are in flight at the same time share one upstream query (RFC 5452 section 5,
// reliability row 2). It is also where the waiting is counted: in all and per client (reliability row 6).

import type { Limits } from '../config/config.ts';
import type { Answer } from '../dns/answer.ts';
import { TooManyPending } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import { type Link, late } from './resolver.ts';

/**
 * What has less time left, because it waited behind other queries of its client, is asked of nobody: it would fail, and the
 * failure would count against the upstream, be remembered (RFC 9520), and be told to whoever asks the same. Less than the
 * least `limits.query_deadline`.
 */
const LEAST_LEFT_MS = 400;

export interface CoalesceParts {
  readonly limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>;
  readonly limitLog: LimitLog;
  /** Questions of different generations are not equal: what is on its way to old upstreams is not for who asks now. */
  readonly generation?: () => number;
}

export function coalesce({ limits, limitLog, generation = () => 0 }: CoalesceParts): Link {
  /** By the hash of their question; of two that meet in one, which next to never happens, one is shared by nobody. */
  const inFlight = new Map<number, LookUp>();
  const waiting = new WaitingRoom(limits, limitLog);
  const books = { inFlight, waiting };
  return (next) => ({
    resolve(query, context) {
      if (context.deadlineMs - context.receivedAtMs < LEAST_LEFT_MS)
        throw new TooManyPending('it has waited too long behind other queries of yours');
      const client = waiting.enter(context.client);
      context.answeredBy = 'upstream';
      const present = generation();
      const { hash } = query.key;
      const shared = inFlight.get(hash);
      if (shared?.isFor(query, present)) {
        context.trace?.say('forward', 'shares the look-up of another query');
        return shared.join(client);
      }
      const lookUp = new LookUp(books, query, hash, present, client);
      inFlight.set(hash, lookUp);
      return late(next, query, context).through(lookUp, query, context);
    },
  });
}

/**
 * One on its way, and all who wait for it. When it is over it lets go of them: an old copy of the map that it was in may
 * outlive it for long, and all that hangs on it (see upstream/owed-exchanges.ts).
 */
class LookUp implements Step {
  readonly #books: Books;
  readonly #generation: number;
  readonly #hash: number;
  #query: Query | null;
  #first: WaitingClient | null;
  /** Those who came after the first. */
  #others: Sharer[] | null = null;

  constructor(books: Books, query: Query, hash: number, generation: number, first: WaitingClient) {
    this.#books = books;
    this.#query = query;
    this.#hash = hash;
    this.#generation = generation;
    this.#first = first;
  }

  /** Is what is looked up the very question of `query`? */
  isFor(query: Query, generation: number): boolean {
    return this.#generation === generation && this.#query?.cacheKey === query.cacheKey;
  }

  join(client: WaitingClient): LateAnswer {
    const answer = new LateAnswer();
    this.#others ??= [];
    this.#others.push({ client, answer });
    return answer;
  }

  answered(answer: Answer): Answer {
    for (const other of this.#over()) other.answer.settle(answer);
    return answer;
  }

  failed(error: unknown): never {
    for (const other of this.#over()) other.answer.fail(error);
    throw error;
  }

  /** Nobody waits any more; who else has until now? */
  #over(): readonly Sharer[] {
    const { inFlight, waiting } = this.#books;
    if (inFlight.get(this.#hash) === this) inFlight.delete(this.#hash);
    const others = this.#others ?? NOBODY;
    waiting.leave(this.#first!);
    for (const { client } of others) waiting.leave(client);
    this.#query = null;
    this.#first = null;
    this.#others = null;
    return others;
  }
}

/** Where look-ups are entered, and who waits for them. */
interface Books {
  readonly inFlight: Map<number, LookUp>;
  readonly waiting: WaitingRoom;
}

const NOBODY: readonly Sharer[] = [];

interface Sharer {
  readonly client: WaitingClient;
  readonly answer: LateAnswer;
}

interface WaitingClient {
  readonly address: string;
  /** Its queries that wait. */
  queries: number;
}

/** Counts who waits. Its map holds clients that wait at this moment and no others, so the limits bound it too. */
class WaitingRoom {
  readonly #limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>;
  readonly #clients = new Map<string, WaitingClient>();
  readonly #limitLog: LimitLog;
  #inAll = 0;

  constructor(limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>, limitLog: LimitLog) {
    this.#limits = limits;
    this.#limitLog = limitLog;
  }

  enter(address: string): WaitingClient {
    let client = this.#clients.get(address);
    if (this.#inAll >= this.#limits.pendingQueries) {
      this.#limitLog.reached('limits.pending_queries', { client: address });
      throw new TooManyPending('too many queries are waiting');
    }
    if (client !== undefined && client.queries >= this.#limits.pendingQueriesPerClient) {
      this.#limitLog.reached('limits.pending_queries_per_client', { client: address });
      throw new TooManyPending('too many of your queries are waiting');
    }
    if (client === undefined) {
      client = { address, queries: 0 };
      this.#clients.set(address, client);
    }
    client.queries += 1;
    this.#inAll += 1;
    return client;
  }

  leave(client: WaitingClient): void {
    client.queries -= 1;
    if (client.queries === 0) this.#clients.delete(client.address);
    this.#inAll -= 1;
  }
}
