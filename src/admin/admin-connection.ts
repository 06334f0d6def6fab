// One client connection to the admin listener or the control socket, as the connection table sees it: busy while an answer
// is owed or a stream goes on, and closed when idle.

import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { TrackedConnection } from '../listener/connection-table.ts';
import { plainAddress } from '../listener/listener.ts';

export class AdminConnection implements TrackedConnection {
  readonly client: string;
  isEnding = false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #requests = 0;
  #endStream: (() => void) | null = null;
  #lastActiveMs: number;
  /** Monotonic milliseconds: until then the answer is ours to give, and the client does not stall. */
  #owedUntilMs = 0;

  constructor(socket: Socket, clock: Clock) {
    this.client = plainAddress(socket.remoteAddress);
    this.#socket = socket;
    this.#clock = clock;
    this.#lastActiveMs = clock.monotonic();
  }

  get lastActiveMs(): number {
    return Math.max(this.#lastActiveMs, Math.min(this.#owedUntilMs, this.#clock.monotonic()));
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  begin(): void {
    this.#requests += 1;
    this.#lastActiveMs = this.#clock.monotonic();
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

  finish(): void {
    this.#requests -= 1;
    this.#lastActiveMs = this.#clock.monotonic();
    this.#endStream = null;
    if (!this.isBusy) this.#owedUntilMs = 0;
    if (this.isEnding && !this.isBusy) this.#socket.destroySoon();
  }

  close(): void {
    if (this.isEnding || !this.isBusy) this.#socket.destroy();
    this.isEnding = true;
    this.#endStream?.();
  }
}
