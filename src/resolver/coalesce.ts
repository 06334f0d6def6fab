// Link: equal questions that are in flight at the same time share one upstream query (RFC 5452 section 5,
// reliability row 2). It is also where the waiting is counted: in all and per client (reliability row 6).

import type { Limits } from '../config/config.ts';
import type { Answer } from '../dns/answer.ts';
import { TooManyPending } from '../dns/failures.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import { keeping, type Link } from './resolver.ts';

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
  const inFlight = new Map<string, Promise<Answer>>();
  const waiting = new WaitingRoom(limits, limitLog);
  return (next) => ({
    resolve(query, context) {
      if (context.deadlineMs - context.receivedAtMs < LEAST_LEFT_MS)
        throw new TooManyPending('it has waited too long behind other queries of yours');
      waiting.enter(context.client);
      context.answeredBy = 'upstream';
      const key = `${generation()} ${query.cacheKey}`;
      let shared = inFlight.get(key);
      if (shared === undefined) {
        shared = Promise.try(() => keeping(next.resolve(query, context))).finally(() => inFlight.delete(key));
        inFlight.set(key, shared);
      } else context.trace?.say('forward', 'shares the look-up of another query');
      return shared.finally(() => waiting.leave(context.client));
    },
  });
}

/** Counts who waits. Its map holds clients that wait at this moment and no others, so the limits bound it too. */
class WaitingRoom {
  readonly #limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>;
  readonly #perClient = new Map<string, number>();
  readonly #limitLog: LimitLog;
  #inAll = 0;

  constructor(limits: Pick<Limits, 'pendingQueries' | 'pendingQueriesPerClient'>, limitLog: LimitLog) {
    this.#limits = limits;
    this.#limitLog = limitLog;
  }

  enter(client: string): void {
    const own = this.#perClient.get(client) ?? 0;
    if (this.#inAll >= this.#limits.pendingQueries) {
      this.#limitLog.reached('limits.pending_queries', { client });
      throw new TooManyPending('too many queries are waiting');
    }
    if (own >= this.#limits.pendingQueriesPerClient) {
      this.#limitLog.reached('limits.pending_queries_per_client', { client });
      throw new TooManyPending('too many of your queries are waiting');
    }
    this.#perClient.set(client, own + 1);
    this.#inAll += 1;
  }

  leave(client: string): void {
    const own = this.#perClient.get(client)! - 1;
    if (own === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, own);
    this.#inAll -= 1;
  }
}
