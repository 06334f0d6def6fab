// A DoT upstream (RFC 7858, strict as RFC 8310 section 5). How its connections are kept is connected-upstream.ts;
// what is said on one, dot-connection.ts.

import { ConnectedUpstream, type UpstreamParts } from './connected-upstream.ts';
import { DOT_MAX_IN_FLIGHT, DotConnection } from './dot-connection.ts';

export class DotUpstream extends ConnectedUpstream {
  constructor(parts: UpstreamParts) {
    super(parts, {
      alpn: ['dot'],
      maxInFlight: DOT_MAX_IN_FLIGHT,
      connect: (connection) => new DotConnection(connection),
    });
  }
}
