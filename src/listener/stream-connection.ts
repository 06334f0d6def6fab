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
/** Queries that are taken up in one turn of the event loop, so that who pipelines thousands makes nobody else wait for them. */
const QUERIES_PER_TURN = 32;
/** A polite end is given this long before the connection is destroyed. */
const FAREWELL_MS = 2000;
/** Blocks of RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;

export interface StreamConnectionParts extends Pick<ListenerParts, 'resolver' | 'clock' | 'limits'> {
  readonly socket: Socket;
  readonly transport: 'tcp' | 'dot';
  /** Called when it has more or fewer octets in memory for its client. */
  readonly onWeight: (connection: StreamConnection, octets: number) => void;
  /** Called once. */
  readonly onClose: (connection: StreamConnection) => void;
}

/** A query that came in one piece with others and waits for room. */
interface Waiting {
  readonly message: Uint8Array;
  readonly arrivedAtMs: number;
}

export class StreamConnection implements TrackedConnection {
  readonly client: string;
  lastActiveMs: number;
  readonly #parts: StreamConnectionParts;
  readonly #render: RenderLimits;
  readonly #reader = new FrameReader();
  readonly #localAddress: string;
  readonly #clientPort: number;
  readonly #unhandled: Waiting[] = [];
  #unhandledOctets = 0;
  #weight = 0;
  #outgoing: Uint8Array[] = [];
  #outgoingOctets = 0;
  #inFlight = 0;
  #takenThisTurn = 0;
  #isTurnEnding = false;
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
      this.#weigh();
    });
  }

  get isBusy(): boolean {
    return this.#inFlight > 0 || this.#unhandled.length > 0 || this.#parts.socket.writableLength > 0;
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

  cut(): void {
    this.#parts.socket.destroy();
  }

  #end(): void {
    const { socket } = this.#parts;
    this.#flush();
    socket.end();
    socket.resume(); // what still comes is read and thrown away, so that the peer's own close is seen
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isEnding) return;
    const arrivedAtMs = this.#parts.clock.monotonic();
    this.#reader.push(chunk, (message) => {
      this.#unhandled.push({ message, arrivedAtMs });
      this.#unhandledOctets += message.length;
    });
    this.#work();
    this.#weigh();
  }

  #weigh(): void {
    const octets = this.#reader.pendingOctets + this.#unhandledOctets + this.#unreadOctets;
    if (octets === this.#weight) return;
    this.#weight = octets;
    this.#parts.onWeight(this, octets);
  }

  /** Takes up queries while there is room for their answers, reads on when none waits, ends when all is done. */
  #work(): void {
    const { socket } = this.#parts;
    while (this.#unhandled.length > 0 && !this.#isFull && this.#takenThisTurn < QUERIES_PER_TURN) {
      this.#takenThisTurn += 1;
      this.#endTurnLater();
      this.#handle(this.#unhandled.shift()!);
    }
    if (this.#isEnding) {
      if (this.#inFlight === 0 && this.#unhandled.length === 0) this.#end();
      return;
    }
    const hasRoom = !this.#isFull && this.#unhandled.length === 0;
    if (!hasRoom && !socket.isPaused()) socket.pause();
    else if (hasRoom && socket.isPaused()) socket.resume();
  }

  /** Once a turn, at its end: all its answers leave in one write, and what was left over is taken up. */
  #endTurnLater(): void {
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    setImmediate(() => {
      this.#isTurnEnding = false;
      this.#takenThisTurn = 0;
      this.#flush();
      this.#work();
    });
  }

  get #isFull(): boolean {
    const isBusy = this.#inFlight >= this.#parts.limits.queriesPerConnection;
    return isBusy || this.#unreadOctets > MAX_UNREAD_OCTETS;
  }

  /** Of answers, that the peer has not read yet. */
  get #unreadOctets(): number {
    return this.#parts.socket.writableLength + this.#outgoingOctets;
  }

  /** Its time has run since it arrived: what has waited for room too long is told so, and not asked of anybody. */
  #handle({ message, arrivedAtMs }: Waiting): void {
    const { resolver, clock, limits, transport } = this.#parts;
    this.#unhandledOctets -= message.length;
    const receivedAtMs = clock.monotonic();
    this.lastActiveMs = receivedAtMs;
    const query = new Query(message);
    const answer = resolver.resolve(query, {
      client: this.client,
      clientPort: this.#clientPort,
      localAddress: this.#localAddress,
      transport,
      receivedAtMs,
      deadlineMs: arrivedAtMs + limits.queryDeadlineMs,
      answeredBy: undefined, // all contexts have one shape
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
    this.#endTurnLater();
  }

  #flush(): void {
    const frames = this.#outgoing;
    if (frames.length === 0) return;
    this.#outgoing = [];
    this.#outgoingOctets = 0;
    const { socket } = this.#parts;
    const octets = frames.length === 1 ? frames[0]! : Buffer.concat(frames);
    if (socket.writable) socket.write(octets, () => this.#weigh()); // TLS has it a little longer than this call
    this.#weigh();
  }
}
