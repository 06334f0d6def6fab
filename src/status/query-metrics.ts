// The metrics of the answer path: what was asked, who answered, with which response code and how fast. Transports, codes and
// who answers are lists in the source: as many series after a million names as before the first.

import { counter, counts, type Family, histogram, one, seconds } from './metrics-text.ts';
import type { Status } from './status.ts';

export function queryMetrics({ queries, answers }: Pick<Status, 'queries' | 'answers'>): Family[] {
  const { answeredBy, byRcode, blocked, dropped, latencies } = answers;
  return [
    counter('queries_total', 'Queries taken.', counts('transport', queries)),
    counter('answers_total', 'Queries by who had the answer.', counts('by', answeredBy)),
    counter('responses_total', 'Responses by response code.', counts('rcode', byRcode)),
    counter('blocked_total', 'Queries for names that a list blocks.', one(blocked)),
    counter('dropped_total', 'Queries that got no response.', one(dropped)),
    histogram('query_duration_seconds', 'From the arrival of a query to its response.', {
      bounds: latencies.boundsMs.map((ms) => seconds(ms)!),
      counts: latencies.counts,
      sum: seconds(latencies.sumMs)!,
    }),
  ];
}
