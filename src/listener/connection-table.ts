// The connections of one listener, and who has to leave (RFC 7766 section 6.2, reliability rows 9 and 10): too many in all or
// of one client, idle for too long, stalled, that is: they owe us reading or the rest of a message and do nothing, or keeping
// too much memory. Oldest idle goes first; of busy ones, those of whoever has most. Knows nothing of what flows over them.

import type { Clock, Timer } from '../clock/clock.ts';
import type { Limits } from '../config/config.ts';
import { HELD_OCTETS_MAX, HeldOctets, type Holder, heaviestOf } from './held-octets.ts';

const SWEEP_MS = 1000;
/** Busy, and nothing has moved for this long: the peer does not read. With the sweep that is cut within 35 s. */
const STALLED_MS = 30_000;

export interface TrackedConnection extends Holder {
  /** Queries in flight, or octets that wait to be written. */
  readonly isBusy: boolean;
  /** Monotonic milliseconds of the last complete query, answer or write. */
  readonly lastActiveMs: number;
  /** Politely where possible; at once when called again. */
  close(): void;
  /** At once, whatever is in flight; where it is missing, a second close() is that. */
  cut?(): void;
  /** Called at each sweep, for what only the connection itself can judge. */
  onSweep?(): void;
}

export type ConnectionLimit = 'connections' | 'connectionsPerClient' | 'heldOctets';

export interface ConnectionTableParts {
  readonly limits: Pick<Limits, 'connections' | 'connectionsPerClient' | 'connectionIdleMs'>;
  readonly clock: Clock;
  /** Called when there is no room, or room had to be made. */
  readonly onLimit: (limit: ConnectionLimit, client: string) => void;
  /** Called when the last connection has gone. */
  readonly onEmpty: () => void;
}

export class ConnectionTable {
  readonly #parts: ConnectionTableParts;
  /** In the order of arrival. */
  readonly #connections = new Set<TrackedConnection>();
  readonly #perClient = new Map<string, number>();
  readonly #held = new HeldOctets();
  #sweep: Timer | null = null;

  constructor(parts: ConnectionTableParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#connections.size;
  }

  /**
   * Is there room for one more of this client? Makes room in all by evicting whoever has been idle longest. Where nobody is
   * idle, a client that has more than this one would have gives one of its own: nobody gets all the room by being busy.
   */
  hasRoomFor(client: string): boolean {
    const { limits, onLimit } = this.#parts;
    if ((this.#perClient.get(client) ?? 0) >= limits.connectionsPerClient) {
      const hasMadeRoom = this.#evictIdlest((connection) => connection.client === client);
      onLimit('connectionsPerClient', client);
      if (!hasMadeRoom) return false;
    }
    if (this.#connections.size >= limits.connections) {
      const hasMadeRoom = this.#evictIdlest(() => true) || this.#evictOfRichest(client);
      onLimit('connections', client);
      if (!hasMadeRoom) return false;
    }
    return true;
  }

  add(connection: TrackedConnection): void {
    this.#connections.add(connection);
    this.#held.set(connection, 0);
    this.#perClient.set(connection.client, (this.#perClient.get(connection.client) ?? 0) + 1);
    this.#sweep ??= this.#parts.clock.every(SWEEP_MS, () => this.#look());
  }

  /** `connection` keeps so many octets in memory for its client now. It may be cut before this returns. */
  weigh(connection: TrackedConnection, octets: number): void {
    if (connection.heldOctets === undefined) return;
    this.#held.set(connection, octets);
    while (this.#held.total > HELD_OCTETS_MAX) {
      const heaviest = heaviestOf(this.#connections)!;
      this.#evict(heaviest);
      this.#parts.onLimit('heldOctets', heaviest.client);
    }
  }

  delete(connection: TrackedConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#held.set(connection, 0);
    connection.heldOctets = undefined;
    const left = this.#perClient.get(connection.client)! - 1;
    if (left === 0) this.#perClient.delete(connection.client);
    else this.#perClient.set(connection.client, left);
    if (this.#connections.size > 0) return;
    this.#sweep?.cancel();
    this.#sweep = null;
    this.#parts.onEmpty();
  }

  closeAll(): void {
    for (const connection of [...this.#connections]) connection.close();
  }

  #look(): void {
    const nowMs = this.#parts.clock.monotonic();
    const { connectionIdleMs } = this.#parts.limits;
    for (const connection of [...this.#connections]) {
      connection.onSweep?.();
      const quietMs = nowMs - connection.lastActiveMs;
      if (quietMs >= (connection.isBusy ? STALLED_MS : connectionIdleMs)) connection.close();
    }
  }

  #evictIdlest(among: (connection: TrackedConnection) => boolean): boolean {
    return this.#evictQuietest((connection) => !connection.isBusy && among(connection));
  }

  #evictOfRichest(newcomer: string): boolean {
    let [richest, most] = ['', (this.#perClient.get(newcomer) ?? 0) + 1];
    for (const [client, count] of this.#perClient) if (count > most) [richest, most] = [client, count];
    return this.#evictQuietest(({ client }) => client === richest);
  }

  #evictQuietest(among: (connection: TrackedConnection) => boolean): boolean {
    let quietest: TrackedConnection | null = null;
    for (const connection of this.#connections) {
      if (!among(connection)) continue;
      if (quietest === null || connection.lastActiveMs < quietest.lastActiveMs) quietest = connection;
    }
    if (quietest !== null) this.#evict(quietest);
    return quietest !== null;
  }

  /** At once: nobody counts it any more, and politeness lasts as long as its client likes. */
  #evict(connection: TrackedConnection): void {
    this.delete(connection);
    if (connection.cut !== undefined) {
      connection.cut();
      return;
    }
    connection.close();
    connection.close();
  }
}
