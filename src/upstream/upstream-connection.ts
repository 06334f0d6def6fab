// One verified connection to an upstream, whatever is spoken on it: what it owes, and when its silence is too long.
// A connection that stays silent while it owes answers becomes suspect: what it owes is also asked elsewhere, it takes
// nothing new, and it ends unless it is heard again. So a slow name still gets its answer, and a wedge costs a second.

import type { Clock, Timer } from '../clock/clock.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import type { VerifiedSocket } from '../tls/connect.ts';
import { OctetCredit } from '../tls/octet-credit.ts';
import { OwedExchanges } from './owed-exchanges.ts';
import type { Exchange } from './upstream.ts';

/** A connection that owes answers and gave none for this long is suspect. With the sweep: within a second. */
const SILENCE_MS = 800;
/** How often silence and deadlines are looked at, while anything is owed. */
const SWEEP_MS = 200;

/** What an upstream may send that nobody asked for: what a body that is too long has sent before it is stopped, and more. */
const MOST_CREDIT_OCTETS = 2 ** 20;
/** Earned by each query: its answer, and as much again for whatever the protocol puts around it. */
const QUERY_EARNS_OCTETS = 2 * MAX_MESSAGE_OCTETS;

export type { Exchange };

export interface ConnectionParts {
  /** Verified, and nobody else's. */
  readonly socket: VerifiedSocket['socket'];
  readonly clock: Clock;
  /** Of the upstream, for failures. */
  readonly name: string;
  /** Called after each answer. */
  readonly onAnswer: () => void;
  /** Called when it answers with something that no query can help, an HTTP status say. */
  readonly onRefusal: (failure: UpstreamFailure) => void;
  /** Called for each exchange that had better be asked elsewhere; true: it is on its way by another connection. */
  readonly onSilence: (exchange: Exchange) => boolean;
  /** Called once, with what is still owed; `isByPeer`: the upstream hung up, nobody here did. */
  readonly onClose: (unanswered: Exchange[], reason: string, isByPeer: boolean) => void;
}

export abstract class UpstreamConnection {
  /** Exchanges that it may have in flight. */
  abstract readonly maxInFlight: number;
  protected readonly parts: ConnectionParts;
  protected readonly owed = new OwedExchanges();
  readonly #credit = new OctetCredit(MOST_CREDIT_OCTETS);
  #sweep: Timer | null = null;
  #lastHeardMs: number;
  #isClosed = false;
  #isSuspect = false;
  /** What is on its way by another connection as well. */
  readonly #handedOn = new WeakSet<Exchange>();
  /** Answers given so far. */
  answered = 0;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.#lastHeardMs = parts.clock.monotonic();
    const { socket } = parts;
    socket.on('error', (error) => this.close(error.message, true));
    socket.on('close', () => this.close('the connection closed', true));
    if (socket.destroyed) this.#isClosed = true; // its peer was quick to hang up
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Owes answers and has been silent for too long, or is about to end: whoever has a choice takes another one. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Exchanges that await their answer. */
  get inFlight(): number {
    return this.owed.size;
  }

  abstract send(exchange: Exchange): void;

  close(reason: string, isByPeer = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep?.cancel();
    this.parts.socket.destroy();
    const isOurs = (exchange: Exchange) => !exchange.isSettled && !this.#handedOn.has(exchange);
    const unanswered = Array.from(this.owed, ([, exchange]) => exchange).filter(isOurs);
    this.owed.clear();
    this.parts.onClose(unanswered, reason, isByPeer);
  }

  /** `exchange` is sent now, as `id`, which `owed` has given. */
  protected owe(id: number, exchange: Exchange): void {
    if (this.owed.size === 0) this.#lastHeardMs = this.parts.clock.monotonic();
    this.owed.set(id, exchange);
    exchange.budget.sendsLeft -= 1;
    this.#credit.earn(QUERY_EARNS_OCTETS);
    this.#sweep ??= this.parts.clock.every(SWEEP_MS, () => this.#look());
  }

  /** The upstream has answered `id`, well or badly; returns the exchange. */
  protected heard(id: number): Exchange | undefined {
    const exchange = this.owed.get(id);
    if (exchange === undefined) return undefined;
    this.owed.delete(id);
    this.#lastHeardMs = this.parts.clock.monotonic();
    this.#isSuspect = false;
    this.answered += 1;
    return exchange;
  }

  /** The upstream has answered `id` with something that is worth nothing, and nothing better is to come. */
  protected heardGarbled(id: number, problem: string): void {
    const exchange = this.heard(id);
    exchange?.reject(new UpstreamFailure('upstream-garbled', `${this.parts.name}: ${problem}`));
    this.parts.onAnswer();
  }

  /** Nobody waits for `id` any more. */
  protected forget(id: number): void {
    this.owed.delete(id);
  }

  #look(): void {
    if (this.#credit.isSpent(this.parts.socket.bytesRead)) {
      this.close('the upstream sends what nobody asked for', true); // reliability row 11
      return;
    }
    const nowMs = this.parts.clock.monotonic();
    const isSilent = nowMs - this.#lastHeardMs >= SILENCE_MS;
    for (const [id, exchange] of this.owed) {
      if (exchange.isSettled) this.forget(id);
      if (nowMs < exchange.deadlineMs) continue;
      this.forget(id);
      exchange.reject(new UpstreamFailure('upstream-silent', `${this.parts.name}: no answer in time`));
    }
    if (isSilent && !this.#isSuspect && this.owed.size > 0) {
      this.#isSuspect = true;
      for (const [, exchange] of this.owed) {
        if (this.parts.onSilence(exchange)) this.#handedOn.add(exchange);
      }
    }
    if (this.owed.size > 0) return;
    if (isSilent || this.isSuspect) {
      this.close(isSilent ? 'the upstream stayed silent' : 'nothing new is sent on it'); // it would only take up room
      return;
    }
    this.#sweep?.cancel();
    this.#sweep = null;
  }
}
