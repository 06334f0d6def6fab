// A DoT upstream (RFC 7858, strict as RFC 8310 section 5): its connections, warm and few, and what happens when one dies.
// Exchanges on a dying connection move to another at once. An upstream that closes after a few answers is given
// no more than that many at a time, over several connections. There is no plaintext, and no switch for it.

import type { Clock, Timer } from '../clock/clock.ts';
import type { UpstreamConfig } from '../config/config.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import type { Log } from '../observe/log.ts';
import type { TlsConnector } from '../tls/connect.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import { PeerUntrusted } from '../tls/verdict.ts';
import { DotConnection, type Exchange } from './dot-connection.ts';
import { alternateFamilies, race } from './race.ts';
import { maySend, type SendBudget, type Upstream } from './upstream.ts';

const MAX_CONNECTIONS = 8;
/** Exchanges in flight on one connection. */
const MAX_IN_FLIGHT = 1000;
/** Exchanges that wait for a connection. */
const MAX_QUEUE = 10_000;
/** A connection that is still open this long after what we took for its last answer gives more by now. */
const SETTLE_MS = 100;
const CONNECT_TIMEOUT_MS = 3000;
/** A connection that takes longer to open is not counted on any more; another one is begun beside it. */
const IMPATIENCE_MS = 700;
/** Pause after a failed connection, doubled with each further one. */
const BACKOFF_MS = { least: 50, most: 800 } as const;

export interface DotUpstreamParts {
  readonly config: UpstreamConfig;
  readonly anchors: TrustAnchors;
  readonly tls: TlsConnector;
  readonly clock: Clock;
  readonly log: Log;
}

export class DotUpstream implements Upstream {
  readonly #parts: DotUpstreamParts;
  readonly #connections = new Set<DotConnection>();
  readonly #queue: Exchange[] = [];
  #addresses: readonly string[];
  #opening = 0;
  /** Those of them that have not taken too long yet. */
  #promising = 0;
  /** How many answers this upstream gives before it closes a connection, as far as it has taught us. */
  #answersPerConnection = Number.POSITIVE_INFINITY;
  #backoffMs = 0;
  #retry: Timer | null = null;
  #lastComplaint = '';
  #isClosed = false;

  constructor(parts: DotUpstreamParts) {
    this.#parts = parts;
    this.#addresses = alternateFamilies(parts.config.addresses);
  }

  get name(): string {
    return this.#parts.config.url;
  }

  exchange(query: Uint8Array, deadlineMs: number, budget: SendBudget): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const exchange: Exchange = {
        query,
        deadlineMs,
        budget,
        isSettled: false,
        resolve(reply) {
          exchange.isSettled = true;
          resolve(reply);
        },
        reject(error) {
          exchange.isSettled = true;
          reject(error);
        },
      };
      this.#dispatch(exchange);
    });
  }

  warm(): void {
    if (this.#retry === null && this.#connections.size + this.#opening === 0) this.#open();
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

  #dispatch(exchange: Exchange): void {
    if (this.#isClosed || this.#queue.length >= MAX_QUEUE) {
      const reason = this.#isClosed ? 'no longer configured' : 'too many queries wait for a connection';
      exchange.reject(new UpstreamFailure('upstream-unreachable', `${this.name}: ${reason}`));
      return;
    }
    this.#queue.push(exchange);
    this.#drain();
  }

  /** A connection with room, or null. */
  #leastBusy(): DotConnection | null {
    let best: DotConnection | null = null;
    for (const connection of this.#connections) {
      if (this.#roomOn(connection) > 0 && (best === null || connection.inFlight < best.inFlight))
        best = connection;
    }
    return best;
  }

  #roomOn({ isSuspect, inFlight, answered }: DotConnection): number {
    return isSuspect ? 0 : Math.min(MAX_IN_FLIGHT, this.#answersPerConnection - answered) - inFlight;
  }

  /** Opens connections for what waits and is not claimed by one that is being opened. */
  #openAsNeeded(): void {
    const claimedByEach = Math.min(MAX_IN_FLIGHT, this.#answersPerConnection);
    while (
      this.#retry === null && // in back-off the queue waits for its end
      !this.#isClosed &&
      this.#queue.length > this.#promising * claimedByEach &&
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

  async #connect(): Promise<DotConnection> {
    const { config, anchors, tls, clock } = this.#parts;
    const attempt = async (address: string, signal: AbortSignal) => {
      const { port, serverName, pins } = config;
      const { socket } = await tls.connect({
        address,
        port,
        serverName,
        anchors,
        pins,
        alpn: ['dot'],
        signal,
        timeoutMs: CONNECT_TIMEOUT_MS,
      });
      return { address, socket };
    };
    const { address, socket } = await race(this.#addresses, clock, attempt);
    this.#addresses = [address, ...this.#addresses.filter((other) => other !== address)];
    const connection: DotConnection = new DotConnection({
      socket,
      clock,
      name: this.name,
      onAnswer: () => this.#answered(connection),
      onSilence: (exchange) => this.#sendAgain(exchange),
      onClose: (...loss) => this.#lost(connection, ...loss),
    });
    return connection;
  }

  #opened(connection: DotConnection): void {
    if (this.#isClosed) {
      connection.close('Noonmark is done with this upstream');
      return;
    }
    if (!connection.isOpen) {
      this.#failed(new Error('it closed the connection at once'));
      return;
    }
    this.#backoffMs = 0;
    if (this.#lastComplaint !== '') this.#parts.log.info('upstream is back', { upstream: this.name });
    this.#lastComplaint = '';
    this.#connections.add(connection);
    this.#drain();
  }

  #answered(connection: DotConnection): void {
    if (connection.inFlight === 0 && connection.answered >= this.#answersPerConnection) {
      this.#parts.clock.after(SETTLE_MS, () => {
        if (!connection.isOpen) return;
        this.#answersPerConnection = Math.max(this.#answersPerConnection, connection.answered * 2);
        this.#drain();
      });
    }
    this.#drain();
  }

  #failed(error: unknown): void {
    const failure = toFailure(this.name, error);
    if (failure.message !== this.#lastComplaint) {
      this.#lastComplaint = failure.message;
      this.#parts.log.warn('cannot use an upstream', { upstream: this.name, reason: failure.message });
    }
    if (this.#connections.size === 0) this.#rejectQueue(failure); // the pool may well ask us again
    this.#pause();
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

  #lost(connection: DotConnection, unanswered: Exchange[], reason: string, isByPeer: boolean): void {
    this.#connections.delete(connection);
    const upstream = this.name;
    if (unanswered.length > 0) {
      this.#parts.log.debug('upstream connection lost', { upstream, reason, owed: unanswered.length });
      if (isByPeer) this.#answersPerConnection = Math.max(1, connection.answered);
    }
    for (const exchange of unanswered) {
      if (!this.#sendAgain(exchange)) {
        exchange.reject(new UpstreamFailure('upstream-silent', `${upstream}: ${reason}`));
      }
    }
    this.#drain();
  }

  /** On another connection, if the query may cost one more send. */
  #sendAgain(exchange: Exchange): boolean {
    if (!maySend(exchange.budget)) return false;
    this.#dispatch(exchange);
    return true;
  }

  /** Sends what waits, as far as there is room, and opens connections for the rest. */
  #drain(): void {
    const nowMs = this.#parts.clock.monotonic();
    while (this.#queue.length > 0) {
      const [exchange] = this.#queue as [Exchange, ...Exchange[]];
      if (exchange.isSettled || nowMs >= exchange.deadlineMs || !maySend(exchange.budget)) {
        this.#queue.shift();
        exchange.reject(new UpstreamFailure('upstream-silent', `${this.name}: no connection in time`));
        continue;
      }
      const connection = this.#leastBusy();
      if (connection === null) {
        this.#openAsNeeded();
        return;
      }
      this.#queue.shift();
      connection.send(exchange);
    }
  }

  #rejectQueue(failure: UpstreamFailure): void {
    for (const exchange of this.#queue.splice(0)) exchange.reject(failure);
  }
}

/** What the system's codes mean to a person. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'no way leads there; is this host online?',
  ENETUNREACH: 'no way leads there; is this host online?',
  ETIMEDOUT: 'nothing came back',
};

/** Of several addresses that failed, one that was reached and is not trusted tells most. */
function toFailure(name: string, error: unknown): UpstreamFailure {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const untrusted = errors.find((one) => one instanceof PeerUntrusted);
  const telling = (untrusted ?? errors.at(-1)) as NodeJS.ErrnoException;
  const words = WORDS[telling.code ?? ''];
  const reason = words === undefined ? telling.message : `${telling.message} (${words})`;
  const code = untrusted === undefined ? 'upstream-unreachable' : 'upstream-untrusted';
  return new UpstreamFailure(code, `${name}: ${reason}`);
}
