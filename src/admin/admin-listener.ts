// The admin listener: the status page, its JSON, health and readiness over HTTP/1.1 on the configured addresses.
// An address that is busy or not there yet is waited for, as for every listener. It has neither TLS nor a
// password and is meant for loopback (docs/api.md).

import type { SocketAddress } from '../config/config.ts';
import { Binding, BindingSet, bindServer } from '../listener/binding.ts';
import type { WaitingAddress } from '../listener/listener.ts';
import { AdminServer, type AdminServerParts } from './admin-server.ts';

export interface AdminListenerParts extends Omit<AdminServerParts, 'what'> {
  readonly addresses: readonly SocketAddress[];
}

export class AdminListener {
  readonly #parts: AdminListenerParts;
  readonly #server: AdminServer;
  readonly #bindings = new BindingSet();

  constructor(parts: AdminListenerParts) {
    this.#parts = parts;
    this.#server = new AdminServer({ ...parts, what: 'admin' });
  }

  /** Where it listens at this moment. */
  get addresses(): readonly SocketAddress[] {
    return this.#bindings.addresses;
  }

  get waiting(): readonly WaitingAddress[] {
    return this.#bindings.waiting;
  }

  /** Begins to bind; resolves once every address has been tried. */
  start(): Promise<void> {
    return this.listenOn(this.#parts.addresses);
  }

  /** From now on these addresses and no others; connections that stand are not touched. */
  listenOn(addresses: readonly SocketAddress[]): Promise<void> {
    const { clock, log } = this.#parts;
    const bind = (wanted: SocketAddress) => bindServer(this.#server.create(false), wanted, log);
    return this.#bindings.become(
      addresses,
      (wanted) => new Binding({ wanted, what: 'admin', bind, clock, log }),
    );
  }

  /** Takes no new connections, finishes answers, then closes; after `graceMs` it closes anyway. */
  async stop(graceMs: number): Promise<void> {
    this.#bindings.close();
    await this.#server.drain(graceMs);
  }
}
