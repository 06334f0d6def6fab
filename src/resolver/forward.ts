// The end of the chain: a question goes to an upstream, as a query of our own making (upstream/upstream-query.ts),
// and its reply becomes an Answer. While the clock is untrusted no upstream can be verified, so nothing leaves.

import type { Clock } from '../clock/clock.ts';
import { Answer } from '../dns/answer.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import { FLAG } from '../dns/wire.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import { buildUpstreamQuery } from '../upstream/upstream-query.ts';
import type { Resolver } from './resolver.ts';

/** AA in the third octet of a message. */
const AA_OCTET = FLAG.AA >> 8;

export interface ForwardParts {
  /** Asked per query, because a reload replaces the pool. */
  readonly upstreams: () => Pick<UpstreamPool, 'exchange'>;
  readonly clock: Clock;
}

export function forward({ upstreams, clock }: ForwardParts): Resolver {
  return {
    async resolve(query, context) {
      if (clock.status.state === 'untrusted')
        throw new ClockNotReady(clock.status.reason, clock.status.contradiction);
      return askUpstreams(upstreams(), query, context.deadlineMs);
    },
  };
}

/**
 * Asks a pool, whatever the clock says, and makes an Answer of its reply.
 * @param deadlineMs monotonic milliseconds
 * @throws UpstreamFailure
 */
export async function askUpstreams(
  pool: Pick<UpstreamPool, 'exchange'>,
  query: Query,
  deadlineMs: number,
): Promise<Answer> {
  const reply = await pool.exchange(buildUpstreamQuery(query), deadlineMs);
  reply[2] = reply[2]! & ~AA_OCTET; // authoritative is what the upstream may be; we are not
  const answer = Answer.fromMessage(reply);
  if (answer === null)
    throw new UpstreamFailure('upstream-unreachable', 'an upstream sent a malformed reply');
  return answer;
}
