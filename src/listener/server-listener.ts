// The part that TCP, DoT and DoH have in common: a server per address, a table of its connections, and draining.
// What is done with a connection is the business of the class that extends this one.

import type { Server } from 'node:net';
import type { SocketAddress } from '../config/config.ts';
import { LIMITS } from '../config/limits.ts';
import { Binding, BindingSet, bindServer } from './binding.ts';
import { ConnectionTable } from './connection-table.ts';
import { Drain } from './drain.ts';
import { HELD_OCTETS_MAX } from './held-octets.ts';
import type { Listener, ListenerParts, WaitingAddress } from './listener.ts';

const HELD_HINT = `more than ${HELD_OCTETS_MAX} octets of unfinished queries and unread answers; the heaviest connection was cut`;

export abstract class ServerListener<Parts extends ListenerParts> implements Listener {
  readonly transport: 'tcp' | 'dot' | 'doh';
  protected readonly parts: Parts;
  protected readonly connections: ConnectionTable;
  readonly #bindings = new BindingSet();
  readonly #drain: Drain;

  constructor(transport: 'tcp' | 'dot' | 'doh', parts: Parts) {
    this.transport = transport;
    this.parts = parts;
    const { limits, limitLog, clock } = parts;
    this.#drain = new Drain(clock);
    const onEmpty = () => this.#drain.finished();
    this.connections = new ConnectionTable({
      ...{ limits, clock, onEmpty },
      onLimit: (limit, client) => {
        if (limit === 'heldOctets')
          limitLog.reached('held_octets', { listen: transport, client, hint: HELD_HINT });
        else limitLog.reached(`limits.${LIMITS[limit].key}`, { listen: transport, client });
      },
    });
  }

  /** A server that is ready to listen. */
  protected abstract createServer(): Server;

  get addresses(): SocketAddress[] {
    return this.#bindings.addresses;
  }

  get waiting(): WaitingAddress[] {
    return this.#bindings.waiting;
  }

  start(): Promise<void> {
    return this.listenOn(this.parts.addresses);
  }

  listenOn(addresses: readonly SocketAddress[]): Promise<void> {
    const { clock, log } = this.parts;
    const bind = (wanted: SocketAddress) => bindServer(this.createServer(), wanted, log);
    return this.#bindings.become(
      addresses,
      (wanted) => new Binding({ wanted, what: this.transport, bind, clock, log }),
    );
  }

  async stop(graceMs: number): Promise<void> {
    this.#bindings.close();
    if (this.connections.size === 0) return;
    const drained = this.#drain.wait(graceMs);
    this.connections.closeAll();
    await drained;
  }
}
