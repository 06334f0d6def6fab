// A query log with some queries in it, as the answer path would have told them.

import type { Clock } from '../../src/clock/clock.ts';
import { type AnsweredQuery, QueryLog, type QueryLogMode } from '../../src/observe/query-log.ts';

export function answeredQuery(parts: Partial<AnsweredQuery> = {}): AnsweredQuery {
  return {
    client: '192.168.1.7',
    transport: 'udp',
    name: 'www.example.',
    type: 'A',
    rcode: 'NOERROR',
    ms: 0.1,
    answeredBy: 'cache',
    detail: 'kept answer, TTL left 250 s',
    ...parts,
  };
}

/** The earliest first. */
export function queryLogWith(
  clock: Clock,
  mode: QueryLogMode,
  ...queries: readonly Partial<AnsweredQuery>[]
): QueryLog {
  const log = new QueryLog(clock);
  log.become(mode);
  for (const parts of queries) log.session?.note(answeredQuery(parts));
  return log;
}
