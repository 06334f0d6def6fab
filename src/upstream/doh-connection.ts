// One verified DoH connection (RFC 8484): POST with ID 0, over HTTP/2 with many exchanges at a time, over HTTP/1.1
// with one. A stream that fails is asked again elsewhere while the rest goes on; a connection that its upstream is done
// with (GOAWAY, RFC 9113 section 6.8) takes nothing new. Redirects are not followed, and 64 kB are read at most.

import type { Readable } from 'node:stream';
import type { Client, Dispatcher } from 'undici';
import type { UpstreamConfig } from '../config/config.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { MAX_MESSAGE_OCTETS, readUint16 } from '../dns/wire.ts';
import { MAX_STREAMS, undiciOver } from '../tls/undici-over.ts';
import { ageOf, ageReply, DNS_MESSAGE, problemOfHead } from './doh-response.ts';
import { type ConnectionParts, type Exchange, UpstreamConnection } from './upstream-connection.ts';
import { isReplyTo, whyGarbled } from './upstream-query.ts';

export const DOH_MAX_IN_FLIGHT = MAX_STREAMS;
const FIELDS = { accept: DNS_MESSAGE, 'content-type': DNS_MESSAGE } as const;
const LEAST_FINAL_STATUS = 200;
/** Interim responses (RFC 9110 section 15.2) to one request; a DoH server has no use for any, and each costs as a request. */
const MAX_INTERIM = 8;
const NO_REPLY = 'answered with something that is no reply to the query';
const REFUSED_STREAM = /REFUSED_STREAM/;
/** What undici says of one stream; whatever else fails a request means that the connection is dying. */
const STREAM_ALONE =
  /^Stream closed with error code|^HTTP\/2: stream (?:half-closed|closed before)|content-length/;

/** What one connection has learnt for all connections to its upstream. */
export interface DohManners {
  /**
   * It refuses a stream that is opened while the body of another is on its way, as Knot Resolver 5 does. Requests of one
   * turn of the event loop leave with all their header fields first, so such a peer is sent one request a turn.
   */
  isOneATurn: boolean;
}

export class DohConnection extends UpstreamConnection {
  readonly maxInFlight: number;
  readonly #client: Client;
  readonly #path: string;
  readonly #streams = new Map<number, Dispatcher.DispatchController>();
  readonly #manners: DohManners;
  /** Those that wait for their turn of the event loop. */
  readonly #waiting: number[] = [];
  #isTurnTaken = false;
  /** It takes nothing new: its upstream is done with it, or it is dying. */
  #isRetired = false;

  constructor(
    parts: ConnectionParts,
    config: Pick<UpstreamConfig, 'serverName' | 'port' | 'path'>,
    manners: DohManners,
  ) {
    super(parts);
    this.#manners = manners;
    this.maxInFlight = parts.socket.alpnProtocol === 'h2' ? DOH_MAX_IN_FLIGHT : 1;
    this.#path = config.path;
    this.#client = undiciOver(parts.socket, config, () => this.#over());
    this.#client.on('disconnect', () => this.#over()); // GOAWAY too, though requests on their way go on
  }

  override get isSuspect(): boolean {
    return super.isSuspect || this.#isRetired;
  }

  send(exchange: Exchange): void {
    const id = this.owed.freeId();
    this.owe(id, exchange);
    if (!this.#manners.isOneATurn) {
      this.#request(id, exchange);
      return;
    }
    this.#waiting.push(id);
    if (!this.#isTurnTaken) this.#takeTurn();
  }

  /** The next one that is still owed, and another one in the next turn. */
  #takeTurn(): void {
    let id = this.#waiting.shift();
    while (id !== undefined && !this.owed.has(id)) id = this.#waiting.shift();
    this.#isTurnTaken = id !== undefined;
    if (id === undefined) return;
    this.#request(id, this.owed.get(id)!);
    setImmediate(() => this.#takeTurn());
  }

  #request(id: number, exchange: Exchange): void {
    const chunks: Uint8Array[] = [];
    let [interim, octets, ageSeconds] = [0, 0, 0];
    this.#client.dispatch(
      {
        method: 'POST',
        path: this.#path,
        headers: { ...FIELDS, 'content-length': String(exchange.query.length) },
        // An iterable, which undici takes though its types do not say so, because it would send a buffer again of
        // itself after GOAWAY or REFUSED_STREAM, unseen by the budget.
        body: [exchange.query] as unknown as Readable,
      },
      {
        onRequestStart: (stream) => this.#started(id, stream),
        onResponseStart: (_, status, headers) => {
          if (status < LEAST_FINAL_STATUS) {
            interim += 1;
            if (interim > MAX_INTERIM) this.close('the upstream sends interim responses without end', true);
            return;
          }
          const problem = problemOfHead(status, headers);
          if (problem !== null) this.#refuse(id, problem);
          ageSeconds = ageOf(headers);
        },
        onResponseData: (_, chunk) => {
          octets += chunk.length;
          if (octets <= MAX_MESSAGE_OCTETS) chunks.push(chunk);
          else
            this.#refuse(
              id,
              `answered with more than ${MAX_MESSAGE_OCTETS} octets, which no DNS message has`,
            );
        },
        onResponseEnd: () => this.#receive(id, Buffer.concat(chunks), ageSeconds),
        onResponseError: (_, error) => this.#failed(id, error),
      },
    );
  }

  /** Frees the stream too; over HTTP/1.1 that takes the connection with it. */
  protected override forget(id: number): void {
    super.forget(id);
    this.#streams.get(id)?.abort(new Error('nobody waits for the answer any more'));
    this.#streams.delete(id);
  }

  #started(id: number, stream: Dispatcher.DispatchController): void {
    this.#streams.set(id, stream);
    if (!this.owed.has(id)) this.forget(id); // given up while it waited for its turn
  }

  #receive(id: number, reply: Uint8Array, ageSeconds: number): void {
    this.#streams.delete(id);
    const exchange = this.owed.get(id);
    if (exchange === undefined) return;
    const isOurs = reply.length >= 2 && readUint16(reply, 0) === readUint16(exchange.query, 0);
    if (!isOurs || !isReplyTo(reply, exchange.query)) {
      this.heardGarbled(id, (isOurs ? whyGarbled(reply, exchange.query) : null) ?? NO_REPLY);
      return;
    }
    this.heard(id);
    ageReply(reply, ageSeconds);
    exchange.resolve(reply);
    this.parts.onAnswer();
  }

  /** It did answer, and asking again would not help. */
  #refuse(id: number, problem: string): void {
    const exchange = this.heard(id);
    if (exchange === undefined) return;
    this.forget(id);
    const failure = new UpstreamFailure('upstream-unreachable', `${this.parts.name}: ${problem}`);
    exchange.reject(failure);
    this.parts.onRefusal(failure);
  }

  #failed(id: number, error: Error): void {
    if (REFUSED_STREAM.test(error.message)) this.#manners.isOneATurn = true;
    if (!this.owed.has(id)) return;
    if (!STREAM_ALONE.test(error.message)) this.#isRetired = true;
    // When the whole connection died, close() is told so in this turn, and sees to all that it owes.
    setImmediate(() => this.#askElsewhere(id, error.message));
  }

  #over(): void {
    this.#isRetired = true;
    for (const [id, { budget }] of this.owed) {
      if (this.#streams.has(id)) continue;
      budget.sendsLeft += 1; // not an octet of it was sent
      this.#askElsewhere(id, 'the upstream is done with the connection');
    }
  }

  #askElsewhere(id: number, reason: string): void {
    const exchange = this.owed.get(id);
    if (exchange === undefined) return;
    this.forget(id);
    if (this.parts.onSilence(exchange)) return;
    exchange.reject(new UpstreamFailure('upstream-silent', `${this.parts.name}: ${reason}`));
  }
}
