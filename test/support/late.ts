// Late answers and pools, for tests that would rather have promises.

import type { Answer, AnswerView } from '../../src/dns/answer.ts';
import { UpstreamFailure } from '../../src/dns/failures.ts';
import { layoutOf } from '../../src/dns/wire.ts';
import { LateAnswer } from '../../src/resolver/late-answer.ts';
import type { ExchangeEnd } from '../../src/upstream/attempt.ts';
import type { UpstreamPool } from '../../src/upstream/pool.ts';

/** A resolver's `resolve` that answers late where `answers` gives a promise. */
export function giving<Asked extends unknown[]>(
  answers: (...asked: Asked) => AnswerView | Promise<Answer>,
): (...asked: Asked) => AnswerView | LateAnswer {
  return (...asked) => {
    const answer = answers(...asked);
    return answer instanceof Promise ? LateAnswer.of(answer) : answer;
  };
}

type Pool = Pick<UpstreamPool, 'ask'>;

/** A pool of which this is all. */
export function poolOf(
  exchange: (
    query: Uint8Array,
    deadlineMs: number,
    onEnd?: (end: ExchangeEnd) => void,
  ) => Promise<Uint8Array>,
): Pool {
  return {
    ask(query, deadlineMs, asker) {
      exchange(query, deadlineMs, (end) => asker.ended?.(end)).then(
        (reply) => {
          const layout = layoutOf(reply);
          if (layout !== null) asker.replied(reply, layout);
          else asker.failed(new UpstreamFailure('upstream-garbled', 'an upstream sent a malformed reply'));
        },
        (error) => asker.failed(error),
      );
    },
  };
}

/** The reply that a pool gets. */
export function exchangeOver(
  pool: Pool,
  query: Uint8Array,
  deadlineMs: number,
  ended?: (end: ExchangeEnd) => void,
): Promise<Uint8Array> {
  return new Promise((resolve, failed) => {
    const replied = (reply: Uint8Array) => resolve(Buffer.from(reply)); // what it was given is not kept for it
    pool.ask(query, deadlineMs, { replied, failed, ended });
  });
}
