// The end of the chain: a question goes to an upstream, as a query of our own making (upstream/upstream-query.ts),
// and its reply becomes an Answer (upstream/upstream-answer.ts). Names of a forwarded zone go to its servers on the own
// network, in every state of the clock, and nowhere else though these be dead. All others go to the upstreams, but not
// while the clock is untrusted: nobody can be verified then.

import type { Clock } from '../clock/clock.ts';
import { Answer } from '../dns/answer.ts';
import { EDE } from '../dns/codes.ts';
import { ClockNotReady, UpstreamFailure } from '../dns/failures.ts';
import type { Query } from '../dns/query.ts';
import { FLAG, type MessageLayout } from '../dns/wire.ts';
import type { Asker, ExchangeEnd } from '../upstream/attempt.ts';
import type { UpstreamPool } from '../upstream/pool.ts';
import { answerOf } from '../upstream/upstream-answer.ts';
import { buildUpstreamQuery } from '../upstream/upstream-query.ts';
import type { ForwardedZone, ForwardZones } from './forward-zones.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import type { Context, Resolver, Trace, TraceFacts } from './resolver.ts';

/** Authoritative is what an upstream may be; we are not. */
const NOT_OURS = FLAG.AA;
/** Whatever comes in plain may have been written by anybody, and so its word that signatures hold. */
const NOT_BELIEVED = FLAG.AA | FLAG.AD;

export interface ForwardParts {
  /** Asked per query, because a reload replaces the pool. */
  readonly upstreams: () => Pick<UpstreamPool, 'ask'>;
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
        return LateAnswer.failed(new ClockNotReady(reason, contradiction));
      }
      return askUpstreams(upstreams(), query, context);
    },
  };
}

/** Asks a pool, whatever the clock says, and makes an Answer of its reply. It fails with an UpstreamFailure. */
export function askUpstreams(pool: Pick<UpstreamPool, 'ask'>, query: Query, context: Context): LateAnswer {
  return ask(pool, query, context, NOT_OURS);
}

function askZone(zone: ForwardedZone, query: Query, context: Context): LateAnswer {
  const { name, servers } = zone;
  const late: Step = {
    answered: (answer) => readyOrNot(answer, name),
    failed(error) {
      if (!(error instanceof UpstreamFailure)) throw error;
      throw new UpstreamFailure(error.code, `forward.${name}: ${error.message}`);
    },
  };
  return ask(servers, query, context, NOT_BELIEVED, zoneFacts(zone)).through(late, query, context);
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

function ask(
  pool: Pick<UpstreamPool, 'ask'>,
  query: Query,
  { deadlineMs, trace }: Context,
  flagsToClear: number,
  facts?: TraceFacts,
): LateAnswer {
  const asked = new AskedPool(flagsToClear, trace && ((end) => say(trace, end, facts)));
  pool.ask(buildUpstreamQuery(query), deadlineMs, asked);
  return asked;
}

/** The answer that a pool's reply becomes. */
class AskedPool extends LateAnswer implements Asker {
  readonly ended: Asker['ended'];
  readonly #flagsToClear: number;

  constructor(flagsToClear: number, ended: Asker['ended']) {
    super();
    this.#flagsToClear = flagsToClear;
    this.ended = ended;
  }

  replied(reply: Uint8Array, layout: MessageLayout): void {
    let answer: Answer;
    try {
      answer = answerOf(reply, layout, this.#flagsToClear);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.settle(answer);
  }

  failed(error: Error): void {
    this.fail(error);
  }
}

function say(trace: Trace, end: ExchangeEnd, facts: TraceFacts = {}): void {
  trace.say('forward', endInWords(end), end.by === null ? facts : { ...facts, upstream: end.by });
}

/** Names in what is told to programs end in a dot. */
function zoneFacts({ name }: ForwardedZone): TraceFacts {
  return { zone: `${name}.` };
}

function endInWords({ by, tried }: ExchangeEnd): string {
  if (by !== null) return by;
  return tried.length === 0 ? 'no upstream is configured' : `no answer from ${tried.join(', ')}`;
}
