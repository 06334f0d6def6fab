// One client's connection of HTTP/1.1 to the DoH listener, as the connection table sees it. What flows over it is for node:http and
// doh-http1.ts.

import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import type { TrackedConnection } from './connection-table.ts';
import { plainAddress } from './listener.ts';

export interface Http1ConnectionParts {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  /** Called when it has more or fewer octets in memory for its client. */
  readonly onWeight: (connection: Http1Connection, octets: number) => void;
}

export class Http1Connection implements TrackedConnection {
  readonly client: string;
  readonly clientPort: number;
  readonly localAddress: string;
  lastActiveMs: number;
  readonly #parts: Http1ConnectionParts;
  #requests = 0;
  #heldOctets = 0;
  #isEnding = false;

  constructor(parts: Http1ConnectionParts) {
    const { socket, clock } = parts;
    this.#parts = parts;
    this.client = plainAddress(socket.remoteAddress);
    this.clientPort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.lastActiveMs = clock.monotonic();
  }

  /** In flight. */
  get requests(): number {
    return this.#requests;
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  begin(): void {
    this.#requests += 1;
    this.lastActiveMs = this.#parts.clock.monotonic();
  }

  /** Bodies of requests and answers that are not over: so many octets more, or fewer. */
  hold(octets: number): void {
    this.#heldOctets += octets;
    this.#parts.onWeight(this, this.#heldOctets);
  }

  finish(): void {
    this.#requests -= 1;
    this.lastActiveMs = this.#parts.clock.monotonic();
    if (this.#isEnding && this.#requests === 0) this.#parts.socket.end();
  }

  /** The end of the socket, once what is in flight has been answered; at the second call at once. */
  close(): void {
    if (this.#isEnding) this.#parts.socket.destroy();
    else if (this.#requests === 0) this.#parts.socket.end();
    this.#isEnding = true;
  }
}
