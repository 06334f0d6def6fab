// A resolver on the own network as an upstream, over plain DNS: for the zones that the owner forwards to it, and for
// nothing else. Each exchange has sockets of its own (plain-exchange.ts), so there is no connection to keep or to lose.
// That its address is a private one is the configuration's business (config/forward-rules.ts).

import type { Clock } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { formatSocketAddress } from '../config/socket-address.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { layoutOf } from '../dns/wire.ts';
import { PlainExchange } from './plain-exchange.ts';
import type { Exchange, Upstream } from './upstream.ts';

/** Exchanges in flight, and so UDP sockets: as many as one client may have waiting (limits.pending_queries_per_client). */
const MAX_PENDING = 500;

export interface PlainUpstreamParts {
  readonly server: SocketAddress;
  /** Where the system grants fewer open files. */
  readonly limits?: { readonly exchangesPerServer: number } | undefined;
  readonly clock: Clock;
}

export class PlainUpstream implements Upstream {
  /** "192.168.1.1:53" */
  readonly name: string;
  readonly #parts: PlainUpstreamParts;
  readonly #pending = new Set<PlainExchange>();
  #isClosed = false;

  constructor(parts: PlainUpstreamParts) {
    this.#parts = parts;
    this.name = formatSocketAddress(parts.server);
  }

  take(exchange: Exchange): void {
    const pendingMax = Math.min(MAX_PENDING, this.#parts.limits?.exchangesPerServer ?? MAX_PENDING);
    if (this.#isClosed || this.#pending.size >= pendingMax) {
      const reason = this.#isClosed ? 'no longer configured' : 'too many queries wait for its answers';
      exchange.reject(new UpstreamFailure('upstream-unreachable', `${this.name}: ${reason}`));
      return;
    }
    const { query, deadlineMs, budget } = exchange;
    const pending = new PlainExchange({ ...this.#parts, name: this.name, query, deadlineMs, budget });
    this.#pending.add(pending);
    pending.reply
      .finally(() => this.#pending.delete(pending))
      .then(
        (reply) => exchange.resolve(reply, layoutOf(reply)!),
        (error) => exchange.reject(error),
      );
  }

  /** It earns no back-off: every query is a new beginning. */
  forgive(): void {}

  close(): void {
    this.#isClosed = true;
    for (const exchange of this.#pending) exchange.abandon('no longer configured');
  }
}
