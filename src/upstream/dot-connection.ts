// One verified DoT connection (RFC 7858): pipelined, answered out of order, IDs of its own.
// All queries of a loop turn leave in one write, and wait while the kernel has no room for more. Stray replies are skipped
// and the right one still awaited.

import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { readUint16, writeUint16 } from '../dns/wire.ts';
import { takeOctets } from '../tls/octets-in-place.ts';
import { StraightWrites } from '../tls/straight-writes.ts';
import { type ConnectionParts, type Exchange, UpstreamConnection } from './upstream-connection.ts';
import { layoutOfReply, whyGarbled } from './upstream-query.ts';

/** Exchanges in flight on one connection. */
export const DOT_MAX_IN_FLIGHT = 1000;
/** After this many replies that answer nothing the peer is talking about something else. */
const MAX_STRAYS = 1000;

export class DotConnection extends UpstreamConnection {
  readonly maxInFlight = DOT_MAX_IN_FLIGHT;
  readonly #reader = new FrameReader();
  readonly #writes: StraightWrites;
  /** IDs of what has yet to be written: taken on in this turn of the event loop, or while there was no room. */
  #outgoing: number[] = [];
  #strays = 0;

  constructor(parts: ConnectionParts) {
    super(parts);
    this.#writes = new StraightWrites(parts.socket, () => this.#flush());
    parts.socket.on('end', () => this.close('the upstream closed the connection', true));
    takeOctets(parts.socket, (octets) => {
      this.#reader.push(octets, this.#take);
      if (this.#strays > MAX_STRAYS) this.close('the upstream sent too many replies that answer nothing');
    });
  }

  send(exchange: Exchange): void {
    const id = this.owed.freeId();
    this.owe(id, exchange);
    this.#outgoing.push(id);
    if (this.#outgoing.length === 1) setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    if (!this.isOpen) return;
    if (this.#writes.unwritten > 0) {
      this.#writes.tell();
      return;
    }
    const ids = this.#outgoing;
    this.#outgoing = [];
    let octets = 0;
    for (const id of ids) octets += LENGTH_OCTETS + (this.owed.get(id)?.query.length ?? -LENGTH_OCTETS);
    const frames = Buffer.allocUnsafe(octets);
    let at = 0;
    for (const id of ids) {
      const query = this.owed.get(id)?.query;
      if (query === undefined) continue; // given up before it was written
      writeUint16(frames, at, query.length);
      frames.set(query, at + LENGTH_OCTETS);
      writeUint16(frames, at + LENGTH_OCTETS, id);
      at += LENGTH_OCTETS + query.length;
    }
    if (octets > 0) this.#writes.write(frames);
  };

  readonly #take = (message: Uint8Array): void => {
    const id = message.length < 2 ? -1 : readUint16(message, 0);
    const exchange = id < 0 ? undefined : this.owed.get(id);
    const layout = exchange === undefined ? null : layoutOfReply(message, exchange.query);
    if (layout !== null) {
      this.heard(id)!.resolve(message, layout);
      this.parts.onAnswer();
      return;
    }
    const problem = exchange === undefined ? null : whyGarbled(message, exchange.query);
    if (problem === null) this.#strays += 1;
    else this.heardGarbled(id, problem);
  };
}
