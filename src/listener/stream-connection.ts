// One client's connection over TCP or TLS (RFC 7766, RFC 7858): pipelined queries, answers in the order in which they
// are ready, all answers of a loop turn in one write. It stops reading while too much is in flight or unread.

import type { Socket } from 'node:net';
import { type AnswerView, DROP, type RenderLimits, renderAnswer, renderBound } from '../dns/answer.ts';
import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import type { Query } from '../dns/query.ts';
import { MAX_MESSAGE_OCTETS, writeUint16 } from '../dns/wire.ts';
import { LateAnswer, rethrow } from '../resolver/late-answer.ts';
import { takeAccepted } from '../tls/octets-in-place.ts';
import { StraightWrites } from '../tls/straight-writes.ts';
import type { TrackedConnection } from './connection-table.ts';
import type { Desk } from './desk.ts';
import { type ListenerParts, plainAddress } from './listener.ts';
import type { SpareRooms } from './spare-rooms.ts';
import type { Ending, TurnEnd } from './turn-end.ts';

/** Answers that the peer has not read; beyond this we stop reading its queries. */
const MAX_UNREAD_OCTETS = 256 * 1024;
/** Queries that are taken up in one turn of the event loop, so that who pipelines thousands makes nobody else wait for them. */
const QUERIES_PER_TURN = 32;
/** A polite end is given this long before the connection is destroyed. */
const FAREWELL_MS = 2000;
/** Blocks of RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;
const NO_ROOM = Buffer.alloc(0);

export interface StreamConnectionParts extends Pick<ListenerParts, 'resolver' | 'clock' | 'limits'> {
  readonly socket: Socket;
  readonly transport: 'tcp' | 'dot';
  /** Shared by all connections of a listener. */
  readonly desk: Desk;
  readonly turnEnd: TurnEnd;
  readonly rooms: SpareRooms;
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

export class StreamConnection implements TrackedConnection, Ending {
  readonly client: string;
  heldOctets: number | undefined = undefined;
  lastActiveMs: number;
  readonly #parts: StreamConnectionParts;
  readonly #render: RenderLimits;
  readonly #reader = new FrameReader();
  readonly #writes: StraightWrites;
  readonly #localAddress: string;
  readonly #clientPort: number;
  readonly #unhandled: Waiting[] = [];
  #unhandledOctets = 0;
  #weight = 0;
  /** The answers of this turn, and of those before it since the peer has not read what was written last. */
  #outgoing: Buffer = NO_ROOM;
  #outgoingOctets = 0;
  #arrivedAtMs = 0;
  #inFlight = 0;
  #takenThisTurn = 0;
  #isTurnEnding = false;
  #isEnding = false;
  #isPaused = false;
  readonly #take = (octets: Uint8Array, start: number, end: number) => this.#takeUp(octets, start, end);

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
    takeAccepted(socket, (octets, end) => this.#receive(octets, end));
    socket.on('end', () => this.close()); // a client may half-close after its last query and still wants its answers
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#unhandled.length = 0;
      onClose(this);
    });
    this.#writes = new StraightWrites(socket, () => this.#wasRead());
  }

  get isBusy(): boolean {
    return this.#inFlight > 0 || this.#unhandled.length > 0 || this.#writes.unwritten > 0;
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

  /** The peer goes on reading. */
  #wasRead(): void {
    this.lastActiveMs = this.#parts.clock.monotonic();
    this.#flush();
    this.#work();
    this.#weigh();
  }

  #end(): void {
    const { socket } = this.#parts;
    this.#flush();
    if (this.#unreadOctets > 0 && !socket.destroyed) {
      this.#writes.tell();
      return;
    }
    socket.end();
    socket.resume(); // what still comes is read and thrown away, so that the peer's own close is seen
  }

  #receive(octets: Uint8Array, end: number): void {
    if (this.#isEnding) return;
    this.#arrivedAtMs = this.#parts.clock.monotonic();
    this.#reader.pushInPlace(octets, end, this.#take);
    this.#work();
    this.#weigh();
  }

  /** A message at once where there is room for its answer; else a copy of it waits for its turn. */
  #takeUp(octets: Uint8Array, start: number, end: number): void {
    if (this.#unhandled.length === 0 && this.#hasRoom) {
      this.#handle(octets, start, end, this.#arrivedAtMs, this.#arrivedAtMs);
      return;
    }
    const message = new Uint8Array(octets.subarray(start, end));
    this.#unhandled.push({ message, arrivedAtMs: this.#arrivedAtMs });
    this.#unhandledOctets += end - start;
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
    while (this.#unhandled.length > 0 && this.#hasRoom) {
      const { message, arrivedAtMs } = this.#unhandled.shift()!;
      this.#unhandledOctets -= message.length;
      this.#handle(message, 0, message.length, arrivedAtMs, this.#parts.clock.monotonic());
    }
    if (this.#isEnding) {
      if (this.#inFlight === 0 && this.#unhandled.length === 0) this.#end();
      return;
    }
    const hasRoom = !this.#isFull && this.#unhandled.length === 0;
    if (hasRoom !== this.#isPaused) return;
    this.#isPaused = !hasRoom;
    if (hasRoom) socket.resume();
    else socket.pause();
  }

  /** Once a turn, at its end: all its answers leave in one write, and what was left over is taken up. */
  #endTurnLater(): void {
    if (this.#isTurnEnding) return;
    this.#isTurnEnding = true;
    this.#parts.turnEnd.later(this);
  }

  endTurn(): void {
    this.#isTurnEnding = false;
    this.#takenThisTurn = 0;
    const hasMore = this.#outgoingOctets > 0;
    this.#flush();
    this.#work();
    this.#weigh();
    if (hasMore && this.#writes.unwritten > 0) this.#endTurnLater(); // TLS has it until then, a slow reader longer
  }

  /** May another query be taken up in this turn? */
  get #hasRoom(): boolean {
    return this.#takenThisTurn < QUERIES_PER_TURN && !this.#isFull;
  }

  get #isFull(): boolean {
    const isBusy = this.#inFlight >= this.#parts.limits.queriesPerConnection;
    return isBusy || this.#unreadOctets > MAX_UNREAD_OCTETS;
  }

  /** Of answers, that the peer has not read yet. */
  get #unreadOctets(): number {
    return this.#writes.unwritten + this.#outgoingOctets;
  }

  /** Its time has run since it arrived: what has waited for room too long is told so, and not asked of anybody. */
  #handle(octets: Uint8Array, start: number, end: number, arrivedAtMs: number, nowMs: number): void {
    const { resolver, limits, desk } = this.#parts;
    const { query, context } = desk;
    this.#takenThisTurn += 1;
    this.#endTurnLater();
    this.lastActiveMs = nowMs;
    query.read(octets, start, end);
    context.client = this.client;
    context.clientPort = this.#clientPort;
    context.localAddress = this.#localAddress;
    context.receivedAtMs = nowMs;
    context.deadlineMs = arrivedAtMs + limits.queryDeadlineMs;
    context.answeredBy = undefined;
    const answer = resolver.resolve(query, context);
    if (answer instanceof LateAnswer) this.#wait(desk.handOver(), answer);
    else this.#send(query, answer);
  }

  #wait(query: Query, answer: LateAnswer): void {
    this.#inFlight += 1;
    answer.end({
      answered: (late) => {
        this.#inFlight -= 1;
        this.lastActiveMs = this.#parts.clock.monotonic();
        this.#endTurnLater(); // which takes up the next, also when this one gets no answer: here, one may be on its way through the links
        this.#send(query, late);
      },
      failed: rethrow,
    });
  }

  #send(query: Query, answer: AnswerView): void {
    if (answer === DROP || this.#parts.socket.destroyed) return;
    const start = this.#outgoingOctets;
    this.#makeRoom(start + LENGTH_OCTETS + renderBound(answer, query, this.#render));
    const end = renderAnswer(answer, query, this.#render, this.#outgoing, start + LENGTH_OCTETS);
    writeUint16(this.#outgoing, start, end - start - LENGTH_OCTETS);
    this.#outgoingOctets = end;
    this.#endTurnLater();
  }

  #makeRoom(octets: number): void {
    const { rooms } = this.#parts;
    const tight = this.#outgoing;
    if (octets <= tight.length) return;
    this.#outgoing = rooms.take(Math.max(2 * tight.length, octets));
    tight.copy(this.#outgoing, 0, 0, this.#outgoingOctets);
    rooms.giveBack(tight);
  }

  /** One write at a time: who has not read the last one gets the rest together. */
  #flush(): void {
    if (this.#writes.unwritten > 0) {
      this.#writes.tell();
      return;
    }
    if (this.#outgoingOctets === 0) return;
    const room = this.#outgoing;
    const octets = room.subarray(0, this.#outgoingOctets);
    this.#outgoing = NO_ROOM;
    this.#outgoingOctets = 0;
    if (this.#writes.write(octets)) this.#parts.rooms.giveBack(room);
    this.#weigh();
  }
}
