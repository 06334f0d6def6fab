// The end of the chain: a question goes to an upstream, as a query of our own making (upstream/upstream-query.ts),
// and its reply becomes an Answer. Names of a forwarded zone go to its servers on the own network, in every state of the
// clock, and nowhere else though these be dead. All others go to the upstreams, but not while the clock is untrusted:
// nobody can be verified then.

import type { Clock } from '../clock/clock.ts';
import { Answer } from '../dns/answer.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import { FLAG, readUint16, writeUint16 } from '../dns/wire.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import { buildUpstreamQuery } from '../upstream/upstream-query.ts';
import type { ForwardedZone, ForwardZones } from './forward-zones.ts';
import type { Resolver } from './resolver.ts';

/** Authoritative is what an upstream may be; we are not. */
const NOT_OURS = FLAG.AA;
/** Whatever comes in plain may have been written by anybody, and so its word that signatures hold. */
const NOT_BELIEVED = FLAG.AA | FLAG.AD;

export interface ForwardParts {
  /** Asked per query, because a reload replaces the pool. */
  readonly upstreams: () => Pick<UpstreamPool, 'exchange'>;
  readonly forwards: () => Pick<ForwardZones, 'zoneFor'>;
  readonly clock: Clock;
}

export function forward({ upstreams, forwards, clock }: ForwardParts): Resolver {
  return {
    resolve(query, { deadlineMs, trace }) {
      const zone = forwards().zoneFor(query);
      if (zone !== null) {
        trace?.say('forward', `forwarded zone ${zone.name}`);
        return askZone(zone, query, deadlineMs);
      }
      const { state, reason, contradiction } = clock.status;
      if (state === 'untrusted') return Promise.reject(new ClockNotReady(reason, contradiction));
      trace?.say('forward', 'upstreams');
      return askUpstreams(upstreams(), query, deadlineMs);
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
  return answerOf(await pool.exchange(buildUpstreamQuery(query), deadlineMs), NOT_OURS);
}

async function askZone({ name, servers }: ForwardedZone, query: Query, deadlineMs: number): Promise<Answer> {
  try {
    return answerOf(await servers.exchange(buildUpstreamQuery(query), deadlineMs), NOT_BELIEVED);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    throw new UpstreamFailure(error.code, `forward.${name}: ${error.message}`);
  }
}

function answerOf(reply: Uint8Array, flagsToClear: number): Answer {
  writeUint16(reply, 2, readUint16(reply, 2) & ~flagsToClear);
  const answer = Answer.fromMessage(reply);
  if (answer === null)
    throw new UpstreamFailure('upstream-unreachable', 'an upstream sent a malformed reply');
  return answer;
}
