// A DoH upstream (RFC 8484) over HTTP/2, or HTTP/1.1 where it speaks no better. How its connections are kept is
// connected-upstream.ts; what is said on one, doh-connection.ts.

import type { Clock } from '../clock/clock.ts';
import { HTTP_ALPN } from '../tls/undici-over.ts';
import { ConnectedUpstream, type UpstreamParts } from './connected-upstream.ts';
import { DOH_MAX_IN_FLIGHT, DohConnection } from './doh-connection.ts';
import { probeQuery } from './upstream-query.ts';

const WARM_TIMEOUT_MS = 2000;

export class DohUpstream extends ConnectedUpstream {
  readonly #clock: Clock;

  constructor(parts: UpstreamParts) {
    super(parts, {
      alpn: HTTP_ALPN,
      maxInFlight: DOH_MAX_IN_FLIGHT,
      connect: (connection) => new DohConnection(connection, parts.config),
    });
    this.#clock = parts.clock;
  }

  /**
   * Asks for what every resolver knows: servers close a connection on which nothing is said, and until the first
   * answer HTTP/2 knows not how many streams the peer allows. A failure is in the log already.
   */
  override warm(): void {
    if (!this.isCold) return;
    const deadlineMs = this.#clock.monotonic() + WARM_TIMEOUT_MS;
    this.exchange(probeQuery(), deadlineMs, { sendsLeft: 1, reserved: 0 }).catch(() => {});
  }
}
