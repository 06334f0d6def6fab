// One client's connection over TCP or TLS (RFC 7766, RFC 7858): pipelined queries, answers in the order in which they
// are ready, all answers of a loop turn in one write. It stops reading while too much is in flight or unread.

import type { Socket } from 'node:net';
import { type Answer, DROP, type RenderLimits, renderAnswer, renderBound } from '../dns/answer.ts';
import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { Query } from '../dns/query.ts';
import { MAX_MESSAGE_OCTETS, writeUint16 } from '../dns/wire.ts';
import type { TrackedConnection } from './connection-table.ts';
import { type ListenerParts, plainAddress } from './listener.ts';

/** Answers that the peer has not read; beyond this we stop reading its queries. */
const MAX_UNREAD_OCTETS = 256 * 1024;
/** A polite end is given this long before the connection is destroyed. */
const FAREWELL_MS = 2000;
/** Blocks of RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;

export interface StreamConnectionParts extends Pick<ListenerParts, 'resolver' | 'clock' | 'limits'> {
  readonly socket: Socket;
  readonly transport: 'tcp' | 'dot';
  /** Called once. */
  readonly onClose: (connection: StreamConnection) => void;
}

export class StreamConnection implements TrackedConnection {
  readonly client: string;
  lastActiveMs: number;
  readonly #parts: StreamConnectionParts;
  readonly #render: RenderLimits;
  readonly #reader = new FrameReader();
  readonly #localAddress: string;
  readonly #clientPort: number;
  /** Queries that came in one piece with others and wait for room. */
  readonly #unhandled: Uint8Array[] = [];
  #outgoing: Uint8Array[] = [];
  #outgoingOctets = 0;
  #inFlight = 0;
  #isEnding = false;

  constructor(parts: StreamConnectionParts) {
    const { socket, clock, limits, transport, onClose } = parts;
    this.#parts = parts;
    this.client = plainAddress(socket.remoteAddress);
    this.#clientPort = socket.remotePort ?? 0;
    this.#localAddress = plainAddress(socket.localAddress);
    this.lastActiveMs = clock.monotonic();
    this.#render = {
      maxOctets: MAX_MESSAGE_OCTETS,
      padToOctets: transport === 'dot' ? RESPONSE_PADDING_OCTETS : 0,
      keepaliveMs: limits.connectionIdleMs,
    };
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('end', () => this.close()); // a client may half-close after its last query and still wants its answers
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#unhandled.length = 0;
      onClose(this);
    });
    socket.on('drain', () => {
      this.lastActiveMs = clock.monotonic();
      this.#work();
    });
  }

  get isBusy(): boolean {
    return this.#inFlight > 0 || this.#parts.socket.writableLength > 0;
  }

  /** Ends after what is in flight has been answered; a peer that does not let go is cut. */
  close(): void {
    const { socket, clock } = this.#parts;
    if (this.#isEnding) {
      if (this.#inFlight === 0) socket.destroy();
      return;
    }
    this.#isEnding = true;
    this.#work();
    const farewell = clock.after(FAREWELL_MS + this.#parts.limits.queryDeadlineMs, () => socket.destroy());
    socket.once('close', () => farewell.cancel());
  }

  #end(): void {
    const { socket } = this.#parts;
    if (this.#outgoing.length > 0) {
      this.#flush(); // which comes back here
      return;
    }
    socket.end();
    socket.resume(); // what still comes is read and thrown away, so that the peer's own close is seen
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isEnding) return;
    this.#reader.push(chunk, (message) => this.#unhandled.push(message));
    this.#work();
  }

  /** Takes up queries while there is room for their answers, reads on when none waits, ends when all is done. */
  #work(): void {
    const { socket } = this.#parts;
    let taken = 0;
    while (taken < this.#unhandled.length && !this.#isFull) this.#handle(this.#unhandled[taken++]!);
    this.#unhandled.splice(0, taken);
    if (this.#isEnding) {
      if (this.#inFlight === 0 && this.#unhandled.length === 0) this.#end();
      return;
    }
    if (this.#isFull && !socket.isPaused()) socket.pause();
    else if (!this.#isFull && socket.isPaused()) socket.resume();
  }

  get #isFull(): boolean {
    const { socket, limits } = this.#parts;
    const unreadOctets = socket.writableLength + this.#outgoingOctets;
    return this.#inFlight >= limits.queriesPerConnection || unreadOctets > MAX_UNREAD_OCTETS;
  }

  #handle(message: Uint8Array): void {
    const { resolver, clock, limits, transport } = this.#parts;
    const receivedAtMs = clock.monotonic();
    this.lastActiveMs = receivedAtMs;
    const query = new Query(message);
    const answer = resolver.resolve(query, {
      client: this.client,
      clientPort: this.#clientPort,
      localAddress: this.#localAddress,
      transport,
      receivedAtMs,
      deadlineMs: receivedAtMs + limits.queryDeadlineMs,
    });
    if (!(answer instanceof Promise)) {
      this.#send(query, answer);
      return;
    }
    this.#inFlight += 1;
    void answer.then((late) => {
      this.#inFlight -= 1;
      this.lastActiveMs = clock.monotonic();
      this.#send(query, late);
      this.#work();
    });
  }

  #send(query: Query, answer: Answer): void {
    if (answer === DROP || this.#parts.socket.destroyed) return;
    const frame = Buffer.allocUnsafe(LENGTH_OCTETS + renderBound(answer, query, this.#render));
    const end = renderAnswer(answer, query, this.#render, frame, LENGTH_OCTETS);
    writeUint16(frame, 0, end - LENGTH_OCTETS);
    this.#outgoing.push(frame.subarray(0, end));
    this.#outgoingOctets += end;
    if (this.#outgoing.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outgoing;
    if (frames.length === 0) return;
    this.#outgoing = [];
    this.#outgoingOctets = 0;
    const { socket } = this.#parts;
    if (socket.writable) socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    this.#work();
  }
}
