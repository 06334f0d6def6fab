// The end of the chain: a question goes to an upstream, as a query of our own making (upstream/upstream-query.ts),
// and its reply becomes an Answer (upstream/upstream-answer.ts). Names of a forwarded zone go to its servers on the own
// network, in every state of the clock, and nowhere else though these be dead. All others go to the upstreams, but not
// while the clock is untrusted: nobody can be verified then.

import type { Clock } from '../clock/clock.ts';
import { Answer } from '../dns/answer.ts';
import { EDE } from '../dns/codes.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import { FLAG } from '../dns/wire.ts';
import type { ExchangeEnd, UpstreamPool } from '../upstream/pool.ts';
import { answerOf } from '../upstream/upstream-answer.ts';
import { buildUpstreamQuery } from '../upstream/upstream-query.ts';
import type { ForwardedZone, ForwardZones } from './forward-zones.ts';
import type { Context, Resolver, TraceFacts } from './resolver.ts';

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
    resolve(query, context) {
      const { trace } = context;
      const zone = forwards().zoneFor(query);
      if (zone !== null) {
        trace?.say('forward', `forwarded zone ${zone.name}`, zoneFacts(zone));
        return askZone(zone, query, context);
      }
      const { state, reason, contradiction } = clock.status;
      if (state === 'untrusted') {
        trace?.say('forward', 'nobody is asked while the clock is untrusted');
        return Promise.reject(new ClockNotReady(reason, contradiction));
      }
      return askUpstreams(upstreams(), query, context);
    },
  };
}

/** What of a query's context its way to an upstream needs. */
type Asking = Pick<Context, 'deadlineMs' | 'trace'>;

/**
 * Asks a pool, whatever the clock says, and makes an Answer of its reply.
 * @throws UpstreamFailure
 */
export function askUpstreams(
  pool: Pick<UpstreamPool, 'exchange'>,
  query: Query,
  asking: Asking,
): Promise<Answer> {
  return exchange(pool, query, asking).then(answerOfUpstream);
}

const answerOfUpstream = (reply: Uint8Array) => answerOf(reply, NOT_OURS);

async function askZone(zone: ForwardedZone, query: Query, asking: Asking): Promise<Answer> {
  const { name, servers } = zone;
  try {
    const reply = await exchange(servers, query, asking, zoneFacts(zone));
    return readyOrNot(answerOf(reply, NOT_BELIEVED), name);
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    throw new UpstreamFailure(error.code, `forward.${name}: ${error.message}`);
  }
}

/**
 * "Not Ready" is what this server says of its own clock. Of a server on the own network it means something else: dnsmasq
 * says it where it knows nobody to ask.
 */
function readyOrNot(answer: Answer, zone: string): Answer {
  if (!answer.errors.some(({ code }) => code === EDE.NOT_READY)) return answer;
  const errors = answer.errors.map((error) => {
    if (error.code !== EDE.NOT_READY) return error;
    const words = error.text === '' ? '' : `: ${error.text}`;
    return { code: EDE.OTHER, text: `forward.${zone}: its server is not ready${words}` };
  });
  return Answer.of({ ...answer, errors });
}

function exchange(
  pool: Pick<UpstreamPool, 'exchange'>,
  query: Query,
  { deadlineMs, trace }: Asking,
  facts: TraceFacts = {},
): Promise<Uint8Array> {
  const tell =
    trace &&
    ((end: ExchangeEnd) =>
      trace.say('forward', endInWords(end), end.by === null ? facts : { ...facts, upstream: end.by }));
  return pool.exchange(buildUpstreamQuery(query), deadlineMs, tell);
}

/** Names in what is told to programs end in a dot. */
function zoneFacts({ name }: ForwardedZone): TraceFacts {
  return { zone: `${name}.` };
}

function endInWords({ by, tried }: ExchangeEnd): string {
  if (by !== null) return by;
  return tried.length === 0 ? 'no upstream is configured' : `no answer from ${tried.join(', ')}`;
}
