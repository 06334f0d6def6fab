// A DoH connection over HTTP/2 (RFC 9113), spoken by http2/client-connection.ts: many exchanges at a time, all requests of a loop
// turn in one write. A stream that fails is asked again elsewhere while the rest goes on; a connection that its upstream
// is done with (GOAWAY, section 6.8) takes nothing new. What a response is worth is for doh-connection.ts.

import { isIPv6 } from 'node:net';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { ClientConnection, type ClientHandlers } from '../http2/client-connection.ts';
import type { ClientStream } from '../http2/client-stream.ts';
import { ERROR } from '../http2/codes.ts';
import type { Http2Fault } from '../http2/fault.ts';
import { staticNumber } from '../http2/header-tables.ts';
import { encodeFields, HpackEncoder } from '../http2/hpack-encoder.ts';
import { takeOctets } from '../tls/octets-in-place.ts';
import { DohConnection, type DohTarget, IS_DONE, TOO_LONG_REPLY } from './doh-connection.ts';
import { ageOf, DNS_MESSAGE, problemOfHead } from './doh-response.ts';
import type { ConnectionParts, Exchange } from './upstream-connection.ts';

/** RFC 9113 section 6.5.2 advises servers to allow at least this many; of one that allows fewer, the rest waits. */
export const DOH_MAX_IN_FLIGHT = 100;
const HTTPS_PORT = 443;
const CONTENT_LENGTH = staticNumber('content-length');
/** For the fields of requests; all connections take turns. */
const encoder = new HpackEncoder();

/** What one connection has learnt for all connections to its upstream. */
export interface DohManners {
  /**
   * It refuses a stream that is opened while the body of another is on its way, as Knot Resolver 5 does. A body goes with its
   * header fields, so that only one that waits for a window is on its way for long; such a peer is sent nothing behind
   * that, and otherwise one request a turn of the event loop.
   */
  isOneATurn: boolean;
}

export class DohH2Connection extends DohConnection implements ClientHandlers {
  readonly maxInFlight = DOH_MAX_IN_FLIGHT;
  readonly #http2: ClientConnection;
  readonly #manners: DohManners;
  /** Of every request, all but its length. */
  readonly #fields: Buffer;
  /** What is owed and has not been sent: for want of room, or of a turn. */
  readonly #waiting: number[] = [];
  #hasTurn = false;

  constructor(parts: ConnectionParts, target: DohTarget, manners: DohManners) {
    super(parts);
    this.#manners = manners;
    this.#fields = fieldsOf(target);
    this.#http2 = new ClientConnection({
      handlers: this,
      maxStreams: DOH_MAX_IN_FLIGHT,
      maxBodyOctets: MAX_MESSAGE_OCTETS,
    });
    const { socket } = parts;
    socket.on('end', () => this.close('the upstream closed the connection', true));
    takeOctets(socket, (octets) => this.#http2.receive(octets));
    this.#http2.begin();
  }

  send(exchange: Exchange): void {
    const id = this.owed.freeId();
    this.owe(id, exchange);
    this.#waiting.push(id);
    this.#askForTurn();
  }

  /** Resets its stream too, if it has one. */
  protected override forget(id: number): void {
    super.forget(id);
    const at = this.#waiting.indexOf(id);
    if (at >= 0) this.#waiting.splice(at, 1);
    const stream = this.#http2.find(id);
    if (stream !== undefined) this.#http2.cancel(stream);
  }

  onResponse({ request, head }: ClientStream): void {
    const problem = problemOfHead(head!.status, head!.contentType, head!.contentEncoding);
    if (problem !== null) this.refuse(request, problem);
  }

  onEnd({ request, head, body }: ClientStream): void {
    this.receive(request, body, ageOf(head!.age));
    this.onRoom();
  }

  onBodyTooLong({ request }: ClientStream): void {
    this.refuse(request, TOO_LONG_REPLY);
    this.onRoom();
  }

  onReset({ request }: ClientStream, errorCode: number, reason: string): void {
    if (errorCode === ERROR.REFUSED_STREAM) this.#manners.isOneATurn = true;
    this.askElsewhere(request, `${reason} (HTTP/2 error ${errorCode})`);
    this.onRoom();
  }

  onUnprocessed({ request }: ClientStream): void {
    this.isRetired = true; // so that elsewhere is not here
    this.askUnsentElsewhere(request);
  }

  /** With an error, it has looked at what it was sent, and is no better for it than one that hangs up. */
  onDone(errorCode: number): void {
    this.#retire();
    if (errorCode !== ERROR.NO_ERROR) this.close(`${IS_DONE} (GOAWAY, HTTP/2 error ${errorCode})`, true);
    else if (this.inFlight === 0) this.close(IS_DONE, true);
  }

  onOutput(): void {
    this.#askForTurn();
  }

  onRoom(): void {
    if (this.#waiting.length > 0) this.#askForTurn();
  }

  onFault(fault: Http2Fault): void {
    this.#flush();
    this.close(`the upstream breaks the rules of HTTP/2: ${fault.message}`, true);
  }

  #askForTurn(): void {
    if (this.#hasTurn) return;
    this.#hasTurn = true;
    setImmediate(takeTurn, this);
  }

  /** Sends what waits, as far as there is room, and whatever else there is to say. */
  takeTurn(): void {
    let left = this.#manners.isOneATurn ? 1 : DOH_MAX_IN_FLIGHT;
    for (; left > 0 && this.#waiting.length > 0 && this.#mayOpen; left -= 1)
      this.#request(this.#waiting.shift()!);
    this.#flush();
    this.#hasTurn = false;
    if (this.#waiting.length > 0 && this.#mayOpen) this.#askForTurn();
  }

  get #mayOpen(): boolean {
    const isHeldUp = this.#manners.isOneATurn && this.#http2.unsentOctets > 0;
    return this.#http2.mayOpen && !isHeldUp;
  }

  #request(id: number): void {
    const query = this.owed.get(id)?.query;
    if (query === undefined) return;
    encoder.begin().prepared(this.#fields).decimal(CONTENT_LENGTH, '', query.length);
    this.#http2.open(id, encoder, asBuffer(query));
  }

  #flush(): void {
    const { socket } = this.parts;
    const octets = this.#http2.take();
    if (octets.length > 0 && socket.writable) socket.write(octets, this.#onWritten);
  }

  readonly #onWritten = (): void => {
    if (this.parts.socket.writableLength === 0) this.#http2.allWritten();
  };

  #retire(): void {
    this.isRetired = true;
    for (const id of this.#waiting.splice(0)) this.askUnsentElsewhere(id);
  }
}

function takeTurn(connection: DohH2Connection): void {
  connection.takeTurn();
}

function fieldsOf({ serverName, port, path }: DohTarget): Buffer {
  const host = isIPv6(serverName) ? `[${serverName}]` : serverName;
  return encodeFields([
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', port === HTTPS_PORT ? host : `${host}:${port}`],
    [':path', path],
    ['accept', DNS_MESSAGE],
    ['content-type', DNS_MESSAGE],
  ]);
}

/** The same octets. */
function asBuffer(octets: Uint8Array): Buffer {
  if (Buffer.isBuffer(octets)) return octets;
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
}
