// An upstream by its connections, verified, warm and few, and what happens when one dies; DoT and DoH are its two kinds.
// Exchanges on a dying connection move to another at once; one that has lost two goes on alone, since it may be what they
// died of, and must not take others with it for a third time. An upstream that closes after a few answers is given
// no more than that many at a time, over several connections. There is no plaintext, and no switch for it.

import type { Clock, Timer } from '../clock/clock.ts';
import type { UpstreamConfig } from '../config/config.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector } from '../tls/connect.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { alternateFamilies, race } from '../tls/race.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import { ToldReasons } from './reasons.ts';
import { type Exchange, maySend, type Upstream } from './upstream.ts';
import type { ConnectionParts, UpstreamConnection } from './upstream-connection.ts';
import type { Whereabouts } from './whereabouts.ts';

const MAX_CONNECTIONS = 8;
/** Exchanges that wait for a connection. */
const MAX_QUEUE = 10_000;
/** A connection that is still open this long after what we took for its last answer gives more by now. */
const SETTLE_MS = 100;
/** An exchange that has lost so many connections gets one for itself: the last of its sends (pool.ts) at the latest. */
const LOSSES_IN_COMPANY = 2;
/** Connections that such exchanges may have, so that others keep the rest. */
const LONERS_AT_ONCE = 6;
const CONNECT_TIMEOUT_MS = 3000;
/** A connection that takes longer to open is not counted on any more; another one is begun beside it. */
const IMPATIENCE_MS = 700;
/** Pause after a failed connection, doubled with each further one. */
const BACKOFF_MS = { least: 50, most: 800 } as const;

/** What is spoken on its connections. */
export interface Protocol {
  /** What is offered when connecting (RFC 7301). */
  readonly alpn: readonly string[];
  /** Exchanges that a connection may be expected to carry at a time; each says for itself what it can. */
  readonly maxInFlight: number;
  connect(parts: ConnectionParts): UpstreamConnection;
}

export interface UpstreamParts {
  readonly config: UpstreamConfig;
  readonly anchors: TrustAnchors;
  readonly whereabouts: Whereabouts;
  readonly tls: Pick<TlsConnector, 'connect'>;
  readonly clock: Clock;
  readonly log: Log;
}

export abstract class ConnectedUpstream implements Upstream {
  readonly #parts: UpstreamParts;
  readonly #protocol: Protocol;
  readonly #connections = new Set<UpstreamConnection>();
  readonly #queue: Exchange[] = [];
  /** Those that wait for a connection of their own. */
  readonly #loners: Exchange[] = [];
  /** What carries one of them. */
  readonly #taken = new Map<UpstreamConnection, Exchange>();
  /** The address that was connected to last; it is tried first the next time. */
  #lastReached = '';
  #opening = 0;
  /** Those of them that have not taken too long yet. */
  #promising = 0;
  /** How many answers this upstream gives before it closes a connection, as far as it has taught us. */
  #answersPerConnection = Number.POSITIVE_INFINITY;
  #backoffMs = 0;
  #retry: Timer | null = null;
  readonly #told = new ToldReasons();
  #isClosed = false;

  constructor(parts: UpstreamParts, protocol: Protocol) {
    this.#parts = parts;
    this.#protocol = protocol;
  }

  get name(): string {
    return this.#parts.config.url;
  }

  get isLocated(): boolean {
    return this.#parts.whereabouts.addresses.length > 0;
  }

  take(exchange: Exchange): void {
    const obstacle = this.#obstacle();
    if (obstacle !== null) {
      exchange.reject(new UpstreamFailure('upstream-unreachable', `${this.name}: ${obstacle}`));
      return;
    }
    (isLoner(exchange) ? this.#loners : this.#queue).push(exchange);
    this.#drain();
  }

  forgive(): void {
    this.#backoffMs = 0;
    this.#retry?.cancel();
    this.#retry = null;
    this.#openAsNeeded();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#rejectQueue(new UpstreamFailure('upstream-unreachable', `${this.name}: no longer configured`));
    for (const connection of this.#connections) connection.close('Noonmark is done with this upstream');
  }

  /** Why nothing can be taken on now, or null. */
  #obstacle(): string | null {
    if (this.#isClosed) return 'no longer configured';
    if (this.#queue.length + this.#loners.length >= MAX_QUEUE)
      return 'too many queries wait for a connection';
    return this.isLocated ? null : `its address is not known yet: ${this.#parts.whereabouts.problem}`;
  }

  /** A connection with room, or null. */
  #leastBusy(): UpstreamConnection | null {
    let best: UpstreamConnection | null = null;
    for (const connection of this.#connections) {
      if ((best === null || connection.inFlight < best.inFlight) && this.#roomOn(connection) > 0)
        best = connection;
    }
    return best;
  }

  /** A connection on which nothing else is in flight, or null. */
  #idleForLoner(): UpstreamConnection | null {
    const connection = this.#roomForLoners > 0 ? this.#leastBusy() : null;
    return connection?.inFlight === 0 ? connection : null;
  }

  get #roomForLoners(): number {
    const isTaken = (exchange: Exchange) => !exchange.isSettled;
    return LONERS_AT_ONCE - this.#taken.values().filter(isTaken).toArray().length;
  }

  #roomOn(connection: UpstreamConnection): number {
    const { isSuspect, maxInFlight, inFlight, answered } = connection;
    const isTaken = this.#taken.size > 0 && this.#taken.get(connection)?.isSettled === false;
    return isSuspect || isTaken ? 0 : Math.min(maxInFlight, this.#answersPerConnection - answered) - inFlight;
  }

  /** Opens connections for what waits and is not claimed by one that is being opened. */
  #openAsNeeded(): void {
    const claimedByEach = Math.min(this.#protocol.maxInFlight, this.#answersPerConnection);
    while (
      this.#retry === null && // in back-off the queue waits for its end
      !this.#isClosed &&
      Math.min(this.#loners.length, this.#roomForLoners) + this.#queue.length / claimedByEach >
        this.#promising &&
      this.#connections.size + this.#opening < MAX_CONNECTIONS
    ) {
      this.#open();
    }
  }

  #open(): void {
    this.#opening += 1;
    this.#promising += 1;
    let isPromising = true;
    const stopCounting = () => {
      if (isPromising) this.#promising -= 1;
      isPromising = false;
    };
    const impatience = this.#parts.clock.after(IMPATIENCE_MS, () => {
      stopCounting();
      this.#openAsNeeded();
    });
    this.#connect()
      .finally(() => {
        impatience.cancel();
        stopCounting();
        this.#opening -= 1;
      })
      .then(
        (connection) => this.#opened(connection),
        (error) => this.#failed(error),
      );
  }

  async #connect(): Promise<UpstreamConnection> {
    const { config, anchors, whereabouts, tls, clock } = this.#parts;
    const attempt = async (address: string, signal: AbortSignal) => {
      const { port, serverName, pins } = config;
      const { socket } = await tls.connect({
        address,
        port,
        serverName,
        anchors,
        pins,
        alpn: this.#protocol.alpn,
        isReadInPlace: true,
        signal,
        timeoutMs: CONNECT_TIMEOUT_MS,
      });
      return { address, socket };
    };
    const known = whereabouts.addresses;
    const first = known.filter((address) => address === this.#lastReached);
    const addresses = alternateFamilies([...first, ...known.filter((other) => other !== this.#lastReached)]);
    const { address, socket } = await race(addresses, clock, attempt).catch((error: unknown) => {
      whereabouts.missed();
      throw error;
    });
    this.#lastReached = address;
    whereabouts.reached(address);
    const connection: UpstreamConnection = this.#protocol.connect({
      socket,
      clock,
      name: this.name,
      onAnswer: () => this.#answered(connection),
      onRefusal: (failure) => this.#refused(failure),
      onSilence: (exchange) => this.#sendAgain(exchange, connection.isSuspect),
      onClose: (...loss) => this.#lost(connection, ...loss),
    });
    return connection;
  }

  #opened(connection: UpstreamConnection): void {
    if (this.#isClosed) {
      connection.close('Noonmark is done with this upstream');
      return;
    }
    if (!connection.isOpen) {
      this.#failed(new Error('it closed the connection at once'));
      return;
    }
    this.#backoffMs = 0;
    this.#connections.add(connection);
    this.#drain();
  }

  #answered(connection: UpstreamConnection): void {
    const { clock, log } = this.#parts;
    if (!this.#told.isOver) {
      this.#told.over(clock.monotonic());
      log.info('upstream is back', { upstream: this.name });
    }
    if (connection.inFlight === 0 && connection.answered >= this.#answersPerConnection) {
      clock.after(SETTLE_MS, () => {
        if (!connection.isOpen) return;
        this.#answersPerConnection = Math.max(this.#answersPerConnection, connection.answered * 2);
        this.#drain();
      });
    }
    this.#drain();
  }

  #failed(error: unknown): void {
    const failure = toFailure(this.name, error);
    this.#complain(failure);
    if (this.#connections.size === 0) this.#rejectQueue(failure); // the pool may well ask us again
    this.#pause();
  }

  #refused(failure: UpstreamFailure): void {
    this.#complain(failure);
    this.#drain();
  }

  #complain({ message: reason }: UpstreamFailure): void {
    const { clock, log } = this.#parts;
    if (!this.#told.isNews(reason, clock.monotonic())) return;
    log.warn('cannot use an upstream', { upstream: this.name, reason });
  }

  /** No attempt for a while; then one, if anybody still waits. */
  #pause(): void {
    if (this.#isClosed || this.#retry !== null) return;
    this.#backoffMs = Math.min(BACKOFF_MS.most, Math.max(BACKOFF_MS.least, this.#backoffMs * 2));
    this.#retry = this.#parts.clock.after(this.#backoffMs, () => {
      this.#retry = null;
      this.#openAsNeeded();
    });
  }

  #lost(connection: UpstreamConnection, unanswered: Exchange[], reason: string, isByPeer: boolean): void {
    this.#connections.delete(connection);
    this.#taken.delete(connection);
    const upstream = this.name;
    if (unanswered.length > 0) {
      this.#parts.log.debug('upstream connection lost', { upstream, reason, owed: unanswered.length });
      if (isByPeer) this.#answersPerConnection = Math.max(1, connection.answered);
    }
    for (const exchange of unanswered) {
      if (!this.#sendAgain(exchange, true)) {
        exchange.reject(new UpstreamFailure('upstream-silent', `${upstream}: ${reason}`));
      }
    }
    this.#drain();
  }

  /**
   * If the query may cost one more send.
   * @param isLoss its connection is dead or as good as dead; false: it was the query alone that failed
   */
  #sendAgain(exchange: Exchange, isLoss: boolean): boolean {
    if (!maySend(exchange.budget)) return false;
    if (isLoss) exchange.losses = (exchange.losses ?? 0) + 1;
    this.take(exchange);
    return true;
  }

  /** Sends what waits, as far as there is room, and opens connections for the rest. */
  #drain(): void {
    if (this.#queue.length + this.#loners.length === 0) return;
    const nowMs = this.#parts.clock.monotonic();
    while (this.#isReady(this.#loners, nowMs)) {
      const connection = this.#idleForLoner();
      if (connection === null) break;
      const exchange = this.#loners.shift()!;
      this.#taken.set(connection, exchange);
      connection.send(exchange);
    }
    while (this.#isReady(this.#queue, nowMs)) {
      const connection = this.#leastBusy();
      if (connection === null) break;
      connection.send(this.#queue.shift()!);
    }
    if (this.#queue.length + this.#loners.length > 0) this.#openAsNeeded();
  }

  /** Gives up those in front that waited for too long; is one left to send? */
  #isReady(waiting: Exchange[], nowMs: number): boolean {
    for (let exchange = waiting[0]; exchange !== undefined; exchange = waiting[0]) {
      if (!exchange.isSettled && nowMs < exchange.deadlineMs && maySend(exchange.budget)) return true;
      waiting.shift();
      exchange.reject(new UpstreamFailure('upstream-silent', `${this.name}: no connection in time`));
    }
    return false;
  }

  #rejectQueue(failure: UpstreamFailure): void {
    for (const exchange of [...this.#queue.splice(0), ...this.#loners.splice(0)]) exchange.reject(failure);
  }
}

const isLoner = ({ losses = 0 }: Exchange): boolean => losses >= LOSSES_IN_COMPANY;

function toFailure(name: string, error: unknown): UpstreamFailure {
  const { reason, isUntrusted } = describeConnectFailure(error);
  return new UpstreamFailure(
    isUntrusted ? 'upstream-untrusted' : 'upstream-unreachable',
    `${name}: ${reason}`,
  );
}
