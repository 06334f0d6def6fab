// One client connection to the admin listener or the control socket: its requests, which are answered one after the other
// (node:http hands over at once whatever a client has pipelined), and what the connection table sees of it: busy while an
// answer is owed or a stream goes on, and closed when idle.

import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { TrackedConnection } from '../listener/connection-table.ts';
import { plainAddress } from '../listener/listener.ts';

/**
 * Requests that may wait behind the one that is being answered. Browsers and scrapers send none before they have the answer
 * (RFC 9112 section 9.3.2 lets them); a limit of our own.
 */
const WAITING_MAX = 8;

/** Begins to answer, perhaps a little later; what it returns keeps that from happening. */
type Begin = () => () => void;

export class AdminConnection implements TrackedConnection {
  readonly client: string;
  isEnding = false;
  /** The rest of a request is the client's to send: nothing is owed to it. */
  isReceiving = false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #waiting: Begin[] = [];
  #isAnswering = false;
  #giveUp: () => void = () => {};
  #endStream: (() => void) | null = null;
  #lastActiveMs: number;
  /** Monotonic milliseconds: until then the answer is ours to give, and the client does not stall. */
  #owedUntilMs = 0;

  constructor(socket: Socket, clock: Clock) {
    this.client = plainAddress(socket.remoteAddress);
    this.#socket = socket;
    this.#clock = clock;
    this.#lastActiveMs = clock.monotonic();
    socket.on('close', () => this.#leave());
  }

  get lastActiveMs(): number {
    return Math.max(this.#lastActiveMs, Math.min(this.#owedUntilMs, this.#clock.monotonic()));
  }

  get isBusy(): boolean {
    return this.#isAnswering && !this.isReceiving;
  }

  /** `begin` is called once everything before has been answered. False: one too many waits, and the connection is cut. */
  take(begin: Begin): boolean {
    if (this.#socket.destroyed) return true; // what stood behind the one too many
    if (this.#waiting.length === WAITING_MAX) {
      this.#socket.destroy();
      return false;
    }
    this.#waiting.push(begin);
    if (!this.#isAnswering) this.#next();
    return true;
  }

  expectAnswerWithin(ms: number): void {
    this.#owedUntilMs = this.#clock.monotonic() + ms;
  }

  /** Sends for as long as both want; `end` ends it. */
  streams(end: () => void): void {
    this.#endStream = end;
    this.#owedUntilMs = Number.POSITIVE_INFINITY;
    if (this.isEnding) end();
  }

  /** The answer has been written, or cannot be any more. */
  finish(): void {
    this.#endStream = null;
    this.#owedUntilMs = 0;
    if (!this.#socket.writable) this.#leave(); // that answer was the last one (RFC 9112 section 9.6)
    this.#next();
    if (this.isEnding && !this.isBusy) this.#socket.destroySoon();
  }

  close(): void {
    if (this.isEnding || !this.isBusy) this.#socket.destroy();
    this.isEnding = true;
    this.#endStream?.();
  }

  #next(): void {
    this.#lastActiveMs = this.#clock.monotonic();
    const begin = this.#waiting.shift();
    this.#isAnswering = begin !== undefined;
    if (begin !== undefined) this.#giveUp = begin();
  }

  #leave(): void {
    this.#waiting.length = 0;
    this.#giveUp();
  }
}
