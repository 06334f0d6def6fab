// One verified DoT connection (RFC 7858): pipelined, answered out of order, IDs of its own.
// All queries of a loop turn leave in one write. Stray replies are skipped and the right one still awaited.

import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { readUint16, writeUint16 } from '../dns/wire.ts';
import { type ConnectionParts, type Exchange, UpstreamConnection } from './upstream-connection.ts';
import { isReplyTo, whyGarbled } from './upstream-query.ts';

/** Exchanges in flight on one connection. */
export const DOT_MAX_IN_FLIGHT = 1000;
/** After this many replies that answer nothing the peer is talking about something else. */
const MAX_STRAYS = 1000;

export class DotConnection extends UpstreamConnection {
  readonly maxInFlight = DOT_MAX_IN_FLIGHT;
  readonly #reader = new FrameReader();
  #nextId = 0;
  #outgoing: Uint8Array[] = [];
  #strays = 0;

  constructor(parts: ConnectionParts) {
    super(parts);
    parts.socket.on('end', () => this.close('the upstream closed the connection', true));
    parts.socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
  }

  send(exchange: Exchange): void {
    const id = this.#freeId();
    this.owe(id, exchange);
    this.#outgoing.push(framed(exchange.query, id));
    if (this.#outgoing.length === 1) setImmediate(() => this.#flush());
  }

  #flush(): void {
    const frames = this.#outgoing;
    this.#outgoing = [];
    if (this.isOpen) this.parts.socket.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
  }

  #receive(chunk: Uint8Array): void {
    this.#reader.push(chunk, (reply) => {
      const id = reply.length < 2 ? -1 : readUint16(reply, 0);
      const exchange = this.owed.get(id);
      if (exchange !== undefined && isReplyTo(reply, exchange.query)) {
        this.heard(id);
        exchange.resolve(reply);
        this.parts.onAnswer();
        return;
      }
      const problem = exchange === undefined ? null : whyGarbled(reply, exchange.query);
      if (problem === null) this.#strays += 1;
      else this.heardGarbled(id, problem);
    });
    if (this.#strays > MAX_STRAYS) this.close('the upstream sent too many replies that answer nothing');
  }

  #freeId(): number {
    while (this.owed.has(this.#nextId)) this.#nextId = (this.#nextId + 1) & 0xffff;
    const id = this.#nextId;
    this.#nextId = (id + 1) & 0xffff;
    return id;
  }
}

function framed(message: Uint8Array, id: number): Uint8Array {
  const frame = Buffer.allocUnsafe(LENGTH_OCTETS + message.length);
  writeUint16(frame, 0, message.length);
  frame.set(message, LENGTH_OCTETS);
  writeUint16(frame, LENGTH_OCTETS, id);
  return frame;
}
