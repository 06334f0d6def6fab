// One verified DoT connection (RFC 7858): pipelined, answered out of order, IDs of its own.
// All queries of a loop turn leave in one write. Stray replies are skipped and the right one still awaited.
// A connection that stays silent while it owes answers becomes suspect: what it owes is also asked elsewhere, it takes
// nothing new, and it ends unless it is heard again. So a slow name still gets its answer, and a wedge costs a second.

import type { Clock, Timer } from '../clock/clock.ts';
import { rcodeName } from '../dns/codes.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { readUint16, writeUint16 } from '../dns/wire.ts';
import type { VerifiedSocket } from '../tls/connect.ts';
import type { SendBudget } from './upstream.ts';
import { isBareFailure, isReplyTo } from './upstream-query.ts';

/** A connection that owes answers and gave none for this long is suspect. With the sweep: within a second. */
const SILENCE_MS = 800;
/** How often silence and deadlines are looked at, while anything is owed. */
const SWEEP_MS = 200;
/** After this many replies that answer nothing the peer is talking about something else. */
const MAX_STRAYS = 1000;

/** One query on its way to one reply. */
export interface Exchange {
  readonly query: Uint8Array;
  readonly deadlineMs: number;
  readonly budget: SendBudget;
  /** Answered or given up: whatever still comes for it means nothing. */
  isSettled: boolean;
  resolve(reply: Uint8Array): void;
  reject(error: Error): void;
}

export interface DotConnectionParts {
  /** Verified, and nobody else's. */
  readonly socket: VerifiedSocket['socket'];
  readonly clock: Clock;
  /** Of the upstream, for failures. */
  readonly name: string;
  /** Called after each answer. */
  readonly onAnswer: () => void;
  /** Called for each exchange that a suspect connection owes; true: it is on its way by another one as well. */
  readonly onSilence: (exchange: Exchange) => boolean;
  /** Called once, with what is still owed; `isByPeer`: the upstream hung up, nobody here did. */
  readonly onClose: (unanswered: Exchange[], reason: string, isByPeer: boolean) => void;
}

export class DotConnection {
  readonly #parts: DotConnectionParts;
  readonly #reader = new FrameReader();
  readonly #owed = new Map<number, Exchange>();
  #nextId = 0;
  #outgoing: Uint8Array[] = [];
  #sweep: Timer | null = null;
  #lastHeardMs: number;
  #strays = 0;
  #isClosed = false;
  #isSuspect = false;
  /** What is on its way by another connection as well. */
  readonly #handedOn = new WeakSet<Exchange>();
  /** Answers given so far. */
  answered = 0;

  constructor(parts: DotConnectionParts) {
    this.#parts = parts;
    this.#lastHeardMs = parts.clock.monotonic();
    const { socket } = parts;
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('end', () => this.close('the upstream closed the connection', true));
    socket.on('error', (error) => this.close(error.message, true));
    socket.on('close', () => this.close('the connection closed', true));
    if (socket.destroyed) this.#isClosed = true; // its peer was quick to hang up
  }

  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Owes answers and has been silent for too long: whoever has a choice takes another one. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Exchanges that await their answer. */
  get inFlight(): number {
    return this.#owed.size;
  }

  send(exchange: Exchange): void {
    if (this.#owed.size === 0) this.#lastHeardMs = this.#parts.clock.monotonic();
    const id = this.#freeId();
    this.#owed.set(id, exchange);
    exchange.budget.sendsLeft -= 1;
    this.#outgoing.push(framed(exchange.query, id));
    if (this.#outgoing.length === 1) setImmediate(() => this.#flush());
    this.#sweep ??= this.#parts.clock.every(SWEEP_MS, () => this.#look());
  }

  close(reason: string, isByPeer = false): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep?.cancel();
    this.#parts.socket.destroy();
    const isOurs = (exchange: Exchange) => !exchange.isSettled && !this.#handedOn.has(exchange);
    const unanswered = [...this.#owed.values()].filter(isOurs);
    this.#owed.clear();
    this.#parts.onClose(unanswered, reason, isByPeer);
  }

  #flush(): void {
    const frames = this.#outgoing;
    this.#outgoing = [];
    if (!this.#isClosed) this.#parts.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
  }

  #receive(chunk: Uint8Array): void {
    this.#reader.push(chunk, (reply) => {
      const id = reply.length < 2 ? -1 : readUint16(reply, 0);
      const exchange = this.#owed.get(id);
      const isAnswer = exchange !== undefined && isReplyTo(reply, exchange.query);
      if (exchange === undefined || !(isAnswer || isBareFailure(reply))) {
        this.#strays += 1;
        return;
      }
      this.#owed.delete(id);
      this.#lastHeardMs = this.#parts.clock.monotonic();
      this.#isSuspect = false;
      this.answered += 1;
      if (isAnswer) exchange.resolve(reply);
      else exchange.reject(new UpstreamFailure('upstream-unreachable', bareFailure(this.#parts.name, reply)));
      this.#parts.onAnswer();
    });
    if (this.#strays > MAX_STRAYS) this.close('the upstream sent too many replies that answer nothing');
  }

  #look(): void {
    const nowMs = this.#parts.clock.monotonic();
    const isSilent = nowMs - this.#lastHeardMs >= SILENCE_MS;
    for (const [id, exchange] of this.#owed) {
      if (exchange.isSettled) this.#owed.delete(id);
      if (nowMs < exchange.deadlineMs) continue;
      this.#owed.delete(id);
      exchange.reject(new UpstreamFailure('upstream-silent', `${this.#parts.name}: no answer in time`));
    }
    if (isSilent && !this.#isSuspect && this.#owed.size > 0) {
      this.#isSuspect = true;
      for (const exchange of this.#owed.values()) {
        if (this.#parts.onSilence(exchange)) this.#handedOn.add(exchange);
      }
    }
    if (this.#owed.size > 0) return;
    if (isSilent) {
      this.close('the upstream stayed silent');
      return;
    }
    this.#sweep?.cancel();
    this.#sweep = null;
  }

  #freeId(): number {
    while (this.#owed.has(this.#nextId)) this.#nextId = (this.#nextId + 1) & 0xffff;
    const id = this.#nextId;
    this.#nextId = (id + 1) & 0xffff;
    return id;
  }
}

function bareFailure(name: string, reply: Uint8Array): string {
  return `${name}: answered ${rcodeName(reply[3]! & 15)} without repeating the question`;
}

function framed(query: Uint8Array, id: number): Uint8Array {
  const frame = Buffer.allocUnsafe(LENGTH_OCTETS + query.length);
  writeUint16(frame, 0, query.length);
  frame.set(query, LENGTH_OCTETS);
  writeUint16(frame, LENGTH_OCTETS, id);
  return frame;
}
