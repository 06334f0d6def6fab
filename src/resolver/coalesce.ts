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
  const inFlight = new Map<string, LookUp>();
  const waiting = new WaitingRoom(limits, limitLog);
  return (next) => ({
    resolve(query, context) {
      if (context.deadlineMs - context.receivedAtMs < LEAST_LEFT_MS)
        throw new TooManyPending('it has waited too long behind other queries of yours');
      const client = waiting.enter(context.client);
      context.answeredBy = 'upstream';
      const key = query.cacheKey;
      const present = generation();
      const shared = inFlight.get(key);
      if (shared?.generation === present) {
        context.trace?.say('forward', 'shares the look-up of another query');
        return shared.join(client);
      }
      const lookUp = new LookUp(inFlight, waiting, present, client);
      inFlight.set(key, lookUp);
      return late(next, query, context).through(lookUp, query, context);
    },
  });
}

/**
 * One on its way, and all who wait for it. When it is over it lets go of them: an old copy of the map that it was in may
 * outlive it for long, and all that hangs on it (see upstream/owed-exchanges.ts).
 */
class LookUp implements Step {
  readonly generation: number;
  readonly #inFlight: Map<string, LookUp>;
  readonly #waiting: WaitingRoom;
  #first: WaitingClient | null;
  /** Those who came after the first. */
  #others: Sharer[] | null = null;

  constructor(inFlight: Map<string, LookUp>, waiting: WaitingRoom, generation: number, first: WaitingClient) {
    this.#inFlight = inFlight;
    this.#waiting = waiting;
    this.generation = generation;
    this.#first = first;
  }

  join(client: WaitingClient): LateAnswer {
    const answer = new LateAnswer();
    this.#others ??= [];
    this.#others.push({ client, answer });
    return answer;
  }

  answered(answer: Answer, { cacheKey }: Query): Answer {
    for (const other of this.#over(cacheKey)) other.answer.settle(answer);
    return answer;
  }

  failed(error: unknown, { cacheKey }: Query): never {
    for (const other of this.#over(cacheKey)) other.answer.fail(error);
    throw error;
  }

  /** Nobody waits any more; who else has until now? */
  #over(key: string): readonly Sharer[] {
    if (this.#inFlight.get(key) === this) this.#inFlight.delete(key);
    const others = this.#others ?? [];
    this.#waiting.leave(this.#first!);
    for (const { client } of others) this.#waiting.leave(client);
    this.#first = null;
    this.#others = null;
    return others;
  }
}

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
