// A DoH upstream (RFC 8484) over HTTP/2, or HTTP/1.1 where it speaks no better. How its connections are kept is
// connected-upstream.ts; what is said on one, doh-h2-connection.ts and doh-h1-connection.ts.

import { HTTP_ALPN } from '../tls/undici-over.ts';
import { ConnectedUpstream, type UpstreamParts } from './connected-upstream.ts';
import { DohH1Connection } from './doh-h1-connection.ts';
import { DOH_MAX_IN_FLIGHT, DohH2Connection, type DohManners } from './doh-h2-connection.ts';

export class DohUpstream extends ConnectedUpstream {
  constructor(parts: UpstreamParts) {
    const { config } = parts;
    const manners: DohManners = { isOneATurn: false };
    super(parts, {
      alpn: HTTP_ALPN,
      maxInFlight: DOH_MAX_IN_FLIGHT,
      connect: (connection) =>
        connection.socket.alpnProtocol === 'h2'
          ? new DohH2Connection(connection, config, manners)
          : new DohH1Connection(connection, config),
    });
  }
}
