// Where a listener reads queries: one at a time, each into the memory of the one before it, so that an answer that is there at
// once costs no garbage. A query whose answer takes longer goes with its context to whoever waits, and others take their place.

import { Query } from '../dns/query.ts';
import type { Context, Transport } from '../resolver/resolver.ts';

type OpenContext = { -readonly [part in keyof Context]: Context[part] };

export class Desk {
  query = new Query();
  context: OpenContext;

  constructor(transport: Transport) {
    this.context = newContext(transport);
  }

  /** The query that was read last belongs to the caller from now on. */
  handOver(): Query {
    const { query, context } = this;
    this.query = query.successor();
    this.context = newContext(context.transport);
    return query;
  }
}

/**
 * To begin with no number at all, so that V8 keeps the number as it is given: who hands on one that stands in a field of
 * numbers makes it anew, 16 octets at each call. It is set with every query.
 */
const UNSET = undefined as unknown as number;

/** All of one shape, which V8 reads faster. */
function newContext(transport: Transport): OpenContext {
  return {
    client: '',
    clientPort: 0,
    localAddress: '',
    transport,
    receivedAtMs: UNSET,
    deadlineMs: 0,
    answeredBy: undefined,
  };
}
