// A DoH upstream (RFC 8484) over HTTP/2, or HTTP/1.1 where it speaks no better. How its connections are kept is
// connected-upstream.ts; what is said on one, doh-connection.ts.

import { HTTP_ALPN } from '../tls/undici-over.ts';
import { ConnectedUpstream, type UpstreamParts } from './connected-upstream.ts';
import { DOH_MAX_IN_FLIGHT, DohConnection, type DohManners } from './doh-connection.ts';

export class DohUpstream extends ConnectedUpstream {
  constructor(parts: UpstreamParts) {
    const manners: DohManners = { isOneATurn: false };
    super(parts, {
      alpn: HTTP_ALPN,
      maxInFlight: DOH_MAX_IN_FLIGHT,
      connect: (connection) => new DohConnection(connection, parts.config, manners),
    });
  }
}
