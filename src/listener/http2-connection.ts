// One client's connection of HTTP/2 to the DoH listener: the socket below it, the exchanges above it, and the connection table
// beside it. All that is said in a turn of the event loop leaves in one write; whoever does not read is not read from.

import type { TLSSocket } from 'node:tls';
import type { Timer } from '../clock/clock.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { ERROR } from '../http2/codes.ts';
import { type Http2Fault, limitFault } from '../http2/fault.ts';
import type { Http2Limit } from '../http2/limits.ts';
import { ServerConnection, type ServerHandlers } from '../http2/server-connection.ts';
import type { ServerStream } from '../http2/server-stream.ts';
import { OctetCredit } from '../tls/octet-credit.ts';
import { takeAccepted } from '../tls/octets-in-place.ts';
import { StraightWrites } from '../tls/straight-writes.ts';
import type { TrackedConnection } from './connection-table.ts';
import { type DohHttp2, type Http2Carrier, Http2Exchange, RequestJudge } from './doh-http2.ts';
import { BODY_TIMEOUT_MS, FAREWELL_MS, TOO_LARGE, TOO_SLOW } from './doh-request.ts';
import { plainAddress } from './listener.ts';
import type { Ending } from './turn-end.ts';
import type { Waiting } from './turn-share.ts';

/**
 * What a client may send before it has asked anything, and the most that it can save: 15,000 PINGs. It begins with about 100
 * octets, and is closed as idle long before its keepalives add up.
 */
export const MOST_CREDIT_OCTETS = 256 * 1024;
/**
 * Earned by a request, for its header fields and what goes with it (WINDOW_UPDATEs for its answer, a PING). Chromium and
 * curl spend some 100 to 600.
 */
const REQUEST_EARNS_OCTETS = 4096;
/**
 * A connection whose requests wait for their turn keeps the answers of those before them, so that they leave together: it is one
 * record and one write then, and the client's next requests come together, too. Of answers, as many as one record has.
 */
const KEPT_BACK_OCTETS = 8192;
/** Of what we have said and the client has not read; beyond this we stop reading, as over TCP. */
const MAX_UNREAD_OCTETS = 256 * 1024;

export interface Http2ConnectionParts {
  readonly socket: TLSSocket;
  readonly common: DohHttp2;
  readonly onLimit: (limit: Http2Limit | 'streams', client: string) => void;
  /** Called when it has more or fewer octets in memory for its client. */
  readonly onWeight: (connection: Http2Connection, octets: number) => void;
}

export class Http2Connection implements TrackedConnection, ServerHandlers, Http2Carrier, Waiting, Ending {
  readonly client: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly http2: ServerConnection;
  heldOctets: number | undefined = undefined;
  lastActiveMs: number;
  readonly #parts: Http2ConnectionParts;
  readonly #writes: StraightWrites;
  readonly #credit = new OctetCredit(MOST_CREDIT_OCTETS);
  readonly #judge = new RequestJudge();
  /** Streams that have been answered before their end, and have no hope of one. */
  readonly #endless: ServerStream[] = [];
  #bodyTimeout: Timer | null = null;
  #takenOctets = 0;
  #weight = 0;
  /** Of the last octets that arrived, monotonic. */
  #nowMs: number;
  #waitsForTurn = false;
  /** More has come while it waited. */
  #isAhead = false;
  /** What is said now leaves at once. */
  #isEndingTurn = false;
  /** Requests, since it was last asked for the time. */
  #hasFinished = false;
  #hasClientEnded = false;
  #isEnding = false;
  #afterwards: (() => void) | null = null;

  constructor(parts: Http2ConnectionParts) {
    const { socket, common } = parts;
    const { clock, limits } = common.doh;
    this.#parts = parts;
    this.client = plainAddress(socket.remoteAddress);
    this.clientPort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.#nowMs = clock.monotonic();
    this.lastActiveMs = this.#nowMs;
    this.http2 = new ServerConnection({
      handlers: this,
      maxStreams: limits.queriesPerConnection,
      maxBodyOctets: MAX_MESSAGE_OCTETS,
      nowMs: () => this.#nowMs,
    });
    this.#writes = new StraightWrites(socket, () => this.#wasRead());
    takeAccepted(socket, (octets, end) => this.#receive(octets.subarray(0, end)));
    socket.allowHalfOpen = true; // a client may half-close after its last request and still wants its answers
    socket.on('end', () => {
      this.#hasClientEnded = true;
      this.#readOn();
    });
    socket.on('close', () => {
      this.#bodyTimeout?.cancel();
      this.http2.close();
    });
    this.http2.begin();
  }

  get isBusy(): boolean {
    return this.http2.streams > 0 || this.#unreadOctets > 0;
  }

  took(octets: number): void {
    this.#credit.earn(octets);
  }

  finished(): void {
    this.#hasFinished = true;
    if (this.#isEnding && this.http2.streams === 0) this.#leave();
  }

  /** Whoever sends, and does not ask, is told ENHANCE_YOUR_CALM (RFC 9113 section 7), and nothing more. */
  onSweep(): void {
    this.#credit.earn(this.http2.takenOctets - this.#takenOctets);
    this.#takenOctets = this.http2.takenOctets;
    if (this.http2.isOver || !this.#credit.isSpent(this.#parts.socket.bytesRead)) return;
    this.http2.end(limitFault('http2_octets', 'frames that ask nothing'));
  }

  /** GOAWAY, and the end after the streams in flight (RFC 9113 section 6.8); at the second call at once. */
  close(): void {
    if (this.#isEnding) {
      this.#parts.socket.destroy();
      return;
    }
    this.#isEnding = true;
    this.http2.drain();
    if (this.http2.streams === 0) this.#leave();
  }

  mayBegin(): boolean {
    return this.#parts.common.doh.turns.take(this.client);
  }

  /** Its turn has come. */
  goOn(): void {
    this.#waitsForTurn = false;
    this.#isAhead = false;
    this.#isEndingTurn = true;
    this.http2.goOn();
    this.#isEndingTurn = false;
    this.endTurn();
  }

  onRequest(stream: ServerStream): void {
    const exchange = new Http2Exchange(this.#parts.common, this, stream, this.#nowMs);
    stream.requester = exchange;
    this.lastActiveMs = this.#nowMs;
    this.#credit.earn(REQUEST_EARNS_OCTETS);
    exchange.begin(this.#judge.judge(stream.head));
  }

  onBody(stream: ServerStream): void {
    (stream.requester as Http2Exchange).askBody(this.#nowMs);
  }

  onBodyTooLong(stream: ServerStream): void {
    (stream.requester as Http2Exchange).refuse(TOO_LARGE);
  }

  onOutput(): void {
    if (!this.#isEndingTurn) this.#parts.common.turnEnd.later(this);
  }

  endTurn(): void {
    if (this.http2.isHalted && this.http2.outputOctets < KEPT_BACK_OCTETS) this.#readOn();
    else this.flush();
  }

  onLimit(limit: Http2Limit | 'streams'): void {
    this.#parts.onLimit(limit, this.client);
  }

  /** The client may send on: that is read and thrown away, for a reset could overtake what it is told. */
  onFault({ limit }: Http2Fault): void {
    const { socket, common } = this.#parts;
    if (limit !== null) this.onLimit(limit);
    this.#onceWritten(() => socket.end());
    socket.resume();
    const farewell = common.doh.clock.after(FAREWELL_MS, () => socket.destroy());
    socket.once('close', () => farewell.cancel());
  }

  /** A turn after its answer: curl, for one, forgets an answer that comes together with the end of its stream. */
  resetLater(stream: ServerStream): void {
    this.#endless.push(stream);
  }

  /** Writes all that has been said; to who has not read the last of it, later and together. */
  flush(): void {
    const { socket, common } = this.#parts;
    if (this.#hasFinished) this.lastActiveMs = common.doh.clock.monotonic();
    this.#hasFinished = false;
    if (this.#writes.unwritten > 0 && !socket.destroyed) {
      this.#writes.tell();
      this.#readOn();
      return;
    }
    this.http2.allWritten();
    const octets = this.http2.take();
    if (octets.length > 0 && socket.writable) {
      if (this.#writes.write(octets)) this.http2.giveBack();
      if (this.#writes.unwritten > 0) common.turnEnd.later(this); // TLS has it until then, a slow reader longer
    }
    if (this.#endless.length > 0)
      for (const stream of this.#endless.splice(0)) this.http2.reset(stream, ERROR.NO_ERROR);
    this.#readOn();
  }

  /** The client goes on reading. */
  #wasRead(): void {
    this.lastActiveMs = this.#parts.common.doh.clock.monotonic();
    if (this.#afterwards === null) this.flush();
    else this.#onceWritten(this.#afterwards);
  }

  /** Calls `afterwards` when all that has been said is on its way. */
  #onceWritten(afterwards: () => void): void {
    this.#afterwards = afterwards;
    this.flush();
    if (this.#unreadOctets > 0 && this.#parts.socket.writable) {
      this.#writes.tell();
      return;
    }
    this.#afterwards = null;
    afterwards();
  }

  /** Of what we have said, that the client has not read yet. */
  get #unreadOctets(): number {
    return this.#writes.unwritten + this.http2.outputOctets;
  }

  #receive(chunk: Buffer): void {
    if (this.http2.isOver) return;
    this.#isAhead = this.http2.isHalted;
    this.#nowMs = this.#parts.common.doh.clock.monotonic();
    this.http2.receive(chunk);
    this.#readOn();
  }

  /** Reads while there is room for what that brings: in this turn for requests, and with the client for their answers. */
  #readOn(): void {
    const { socket, common } = this.#parts;
    if (this.http2.unended > 0 && this.#bodyTimeout === null) this.#limitBodies();
    const isUnread = this.#unreadOctets > MAX_UNREAD_OCTETS;
    const { isHalted } = this.http2;
    if (isHalted && !isUnread && !this.#waitsForTurn) {
      this.#waitsForTurn = true;
      common.doh.turns.wait(this.client, this);
    }
    const mayRead = this.http2.isOver || !(this.#isAhead || isUnread);
    if (mayRead === socket.isPaused()) {
      if (mayRead) socket.resume();
      else socket.pause();
    }
    this.#weigh();
    if (!this.#hasClientEnded || this.#isEnding || isHalted || this.http2.streams > 0) return;
    this.#isEnding = true;
    this.#leave();
  }

  /** One timer for all bodies of the connection: it runs for the oldest one. */
  #limitBodies(): void {
    const { clock } = this.#parts.common.doh;
    const [oldest] = this.#awaited();
    if (oldest === undefined) return;
    const leftMs = Math.max(0, oldest.beganMs + BODY_TIMEOUT_MS - clock.monotonic());
    this.#bodyTimeout = clock.after(leftMs, () => {
      this.#bodyTimeout = null;
      const nowMs = clock.monotonic();
      for (const exchange of this.#awaited())
        if (exchange.beganMs + BODY_TIMEOUT_MS <= nowMs) exchange.refuse(TOO_SLOW);
      this.#limitBodies();
    });
  }

  /** Whose bodies have not come to their end, oldest first. */
  #awaited(): Http2Exchange[] {
    const streams = this.http2.all.filter(
      (stream) => stream.wantsBody && !stream.hasEnded && !stream.isAnswered,
    );
    return streams.map(({ requester }) => requester as Http2Exchange);
  }

  #weigh(): void {
    const octets = this.http2.heldOctets + this.#writes.unwritten;
    if (octets === this.#weight) return;
    this.#weight = octets;
    this.#parts.onWeight(this, octets);
  }

  #leave(): void {
    this.#onceWritten(() => this.#parts.socket.destroySoon());
  }
}
