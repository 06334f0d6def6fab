// Link: sees every query and what became of it, and changes nothing. Counts for status and metrics,
// and the query log where the owner has switched it on (off by default; config key log.queries).

import { isIPv6 } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { Config } from '../config/config.ts';
import { Answer, DROP } from '../dns/answer.ts';
import { RCODE, rcodeName, typeName } from '../dns/codes.ts';
import { DnsFailure } from '../dns/failures.ts';
import { formatName } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { Log } from '../observe/log.ts';
import type { Context, Link, Transport } from './resolver.ts';

/** Queries since start, by transport; dropped ones included. */
export type QueryCounts = Record<Transport, number>;

export interface ObserveParts {
  readonly counts: QueryCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly queryLog: () => Config['log']['queries'];
}

export function observe({ counts, clock, log, queryLog }: ObserveParts): Link {
  const seen = (query: Query, context: Context, answer: Answer): Answer => {
    if (queryLog() !== 'off')
      log.info('query', describe(query, context, answer, queryLog() === 'full', clock));
    return answer;
  };
  /** What is thrown becomes an answer in the link above; here it is only noted. */
  const failed = (query: Query, context: Context, error: unknown): never => {
    seen(query, context, Answer.ofRcode(error instanceof DnsFailure ? error.rcode : RCODE.SERVFAIL));
    throw error;
  };
  return (next) => ({
    resolve(query, context) {
      counts[context.transport] += 1;
      if (queryLog() === 'off') return next.resolve(query, context);
      try {
        const answer = next.resolve(query, context);
        if (!(answer instanceof Promise)) return seen(query, context, answer);
        return answer.then(
          (late) => seen(query, context, late),
          (error) => failed(query, context, error),
        );
      } catch (error) {
        return failed(query, context, error);
      }
    },
  });
}

function describe(query: Query, context: Context, answer: Answer, inFull: boolean, clock: Clock) {
  const hasQuestion = query.questionEnd > 0;
  return {
    client: inFull ? context.client : networkOf(context.client),
    transport: context.transport,
    name: hasQuestion ? formatName(query.nameKey) : '',
    type: hasQuestion ? typeName(query.type) : '',
    rcode: answer === DROP ? 'dropped' : rcodeName(answer.rcode),
    ms: Math.round((clock.monotonic() - context.receivedAtMs) * 10) / 10,
  };
}

/** The network that an address is in (/24, /48): enough to see which part of a house asks, not who. */
function networkOf(client: string): string {
  if (!isIPv6(client)) return client.replace(/\.\d+$/, '.0');
  const groups = client.split('%', 1)[0]!.split('::', 1)[0]!.split(':');
  return `${groups.slice(0, 3).join(':')}::`;
}
