// The admin listener: the pages, their JSON, health and readiness over HTTP/1.1 on the configured addresses. On loopback it is
// plain HTTP, which nobody else can hear; on every other address it is TLS with the certificate that DoT and DoH show.
// Each of the two has connections of its own, so that nobody in the house keeps a probe or a scraper of this host out.
// An address that is busy or not there yet is waited for, as for every listener.

import type { SocketAddress } from '../config/config.ts';
import { isLoopback } from '../config/own-sockets.ts';
import { Binding, BindingSet, bindServer } from '../listener/binding.ts';
import type { WaitingAddress } from '../listener/listener.ts';
import { AdminServer, type AdminServerParts, type EncryptedParts } from './admin-server.ts';

export interface AdminListenerParts extends Omit<AdminServerParts, 'what'> {
  readonly addresses: readonly SocketAddress[];
}

export class AdminListener {
  readonly #parts: AdminListenerParts;
  readonly #loopback: AdminServer;
  readonly #beyond: AdminServer;
  readonly #bindings = new BindingSet();
  #wanted: readonly SocketAddress[];
  /** Null until there is a certificate. */
  #encrypted: EncryptedParts | null = null;

  constructor(parts: AdminListenerParts) {
    this.#parts = parts;
    this.#wanted = parts.addresses;
    this.#loopback = new AdminServer({ ...parts, what: 'admin' });
    this.#beyond = new AdminServer({ ...parts, what: 'admin' });
  }

  /** Where it listens at this moment. */
  get addresses(): readonly SocketAddress[] {
    return this.#bindings.addresses;
  }

  get waiting(): readonly WaitingAddress[] {
    return this.#bindings.waiting;
  }

  /** Begins to bind what is loopback; resolves once every such address has been tried. No certificate is waited for. */
  start(): Promise<void> {
    return this.listenOn(this.#wanted);
  }

  /** There is a certificate now: the other addresses follow. */
  openEncrypted(parts: EncryptedParts): Promise<void> {
    this.#encrypted = parts;
    return this.listenOn(this.#wanted);
  }

  /** From now on these addresses and no others; connections that stand are not touched. */
  listenOn(addresses: readonly SocketAddress[]): Promise<void> {
    this.#wanted = addresses;
    const { clock, log } = this.#parts;
    const encrypted = this.#encrypted;
    const create = ({ address }: SocketAddress) =>
      isLoopback(address) ? this.#loopback.create(false) : this.#beyond.createEncrypted(encrypted!);
    const bind = (wanted: SocketAddress) => bindServer(create(wanted), wanted, log);
    return this.#bindings.become(
      addresses.filter(({ address }) => encrypted !== null || isLoopback(address)),
      (wanted) => new Binding({ wanted, what: 'admin', bind, clock, log }),
    );
  }

  /** Takes no new connections, finishes answers, then closes; after `graceMs` it closes anyway. */
  async stop(graceMs: number): Promise<void> {
    this.#bindings.close();
    await Promise.all([this.#loopback, this.#beyond].map((server) => server.drain(graceMs)));
  }
}
