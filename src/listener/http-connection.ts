// One client's connection to the DoH listener, over whichever version of HTTP, as the connection table sees it.
// Of HTTP/2 it also knows whether the client sends anything but requests (octet-credit.ts).

import { constants, type ServerHttp2Session } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import { OctetCredit } from '../tls/octet-credit.ts';
import type { TrackedConnection } from './connection-table.ts';
import { plainAddress } from './listener.ts';

/**
 * What a client may send over HTTP/2 before it has asked anything, and the most that it can save: 15,000 PINGs. It begins
 * with about 100 octets, and is closed as idle long before its keepalives add up.
 */
export const MOST_CREDIT_OCTETS = 256 * 1024;
/**
 * Earned by a request, for its header fields and what goes with it (WINDOW_UPDATEs for its answer, a PING). Chromium and
 * curl spend some 100 to 600.
 */
const REQUEST_EARNS_OCTETS = 4096;

export interface HttpConnectionParts {
  readonly socket: TLSSocket;
  readonly clock: Clock;
  /** It is cut because its client sends, and does not ask. */
  readonly onFlood: (client: string) => void;
  /** Called when it has more or fewer octets in memory for its client. */
  readonly onWeight: (octets: number) => void;
}

export class HttpConnection implements TrackedConnection {
  readonly client: string;
  readonly clientPort: number;
  readonly localAddress: string;
  lastActiveMs: number;
  readonly #parts: HttpConnectionParts;
  readonly #credit = new OctetCredit(MOST_CREDIT_OCTETS);
  #session: ServerHttp2Session | null = null;
  #requests = 0;
  #heldOctets = 0;
  #isEnding = false;

  constructor(parts: HttpConnectionParts) {
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

  serve(session: ServerHttp2Session): void {
    this.#session = session;
  }

  begin(): void {
    this.#requests += 1;
    this.lastActiveMs = this.#parts.clock.monotonic();
    this.#credit.earn(REQUEST_EARNS_OCTETS);
  }

  /** Octets that belong to a request, beyond what every request has. */
  took(octets: number): void {
    this.#credit.earn(octets);
  }

  /** Bodies of requests and answers that are not over: so many octets more, or fewer. */
  hold(octets: number): void {
    this.#heldOctets += octets;
    this.#parts.onWeight(this.#heldOctets);
  }

  finish(): void {
    this.#requests -= 1;
    this.lastActiveMs = this.#parts.clock.monotonic();
    if (this.#isEnding && this.#requests === 0 && this.#session === null) this.#parts.socket.end();
  }

  /** Whoever sends, and does not ask, is told ENHANCE_YOUR_CALM (RFC 9113 section 7), and nothing more. */
  onSweep(): void {
    const { socket, onFlood } = this.#parts;
    const session = this.#session;
    if (session === null || session.destroyed || !this.#credit.isSpent(socket.bytesRead)) return;
    onFlood(this.client);
    session.destroy(new Error('frames that ask nothing'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  /** GOAWAY after the streams in flight (RFC 9113 section 6.8), or the end of the socket; at the second call at once. */
  close(): void {
    if (this.#isEnding) this.#parts.socket.destroy();
    else if (this.#session !== null) this.#session.close();
    else if (this.#requests === 0) this.#parts.socket.end();
    this.#isEnding = true;
  }
}
