// DoH over HTTP/1.1 (RFC 9112): the server of node:http on sockets that others have accepted, and its exchanges. Whoever pipelines
// more than a connection may have in flight is cut.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Timer } from '../clock/clock.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { dateField } from './date-field.ts';
import { DohExchange, type DohParts } from './doh-exchange.ts';
import { errorJson } from './doh-json.ts';
import {
  type AnswerForm,
  BODY_TIMEOUT_MS,
  FAREWELL_MS,
  isEndless,
  judgeRequest,
  MEDIA_TYPES,
  type Refusal,
  refusalFields,
  TOO_LARGE,
  TOO_SLOW,
} from './doh-request.ts';
import type { Http1Connection } from './http1-connection.ts';
import { nodeHttp } from './node-http.ts';

/** Refusals of Node's own would carry the system clock's Date (date-field.ts); ours come below. */
const NO_REFUSALS_BY_NODE = { requireHostHeader: false };

export class DohHttp1 {
  readonly #doh: DohParts;
  readonly #server: Server;
  readonly #connectionOf = new WeakMap<object, Http1Connection>();

  constructor(doh: DohParts) {
    this.#doh = doh;
    this.#server = nodeHttp.createServer(NO_REFUSALS_BY_NODE);
    const handle = (request: IncomingMessage, response: ServerResponse) => this.#handle(request, response);
    this.#server.on('request', handle);
    this.#server.on('checkExpectation', handle); // what we do not know we do not expect either
  }

  serve(socket: TLSSocket, connection: Http1Connection): void {
    this.#connectionOf.set(socket, connection);
    this.#server.emit('connection', socket);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const connection = this.#connectionOf.get(request.socket);
    if (connection === undefined) return; // gone already
    connection.begin();
    if (connection.requests > this.#doh.limits.queriesPerConnection) request.socket.destroy();
    else new Http1Exchange(this.#doh, { connection, request, response }).begin();
  }
}

interface Http1 {
  readonly connection: Http1Connection;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

class Http1Exchange extends DohExchange {
  readonly #doh: DohParts;
  readonly #http: Http1;
  readonly #chunks: Uint8Array[] = [];
  #bodyOctets = 0;
  #heldOctets = 0;
  #bodyTimeout: Timer | null = null;
  #forgetTurn: (() => void) | null = null;

  constructor(doh: DohParts, http: Http1) {
    super(doh, http.connection);
    this.#doh = doh;
    this.#http = http;
  }

  begin(): void {
    const { connection, request, response } = this.#http;
    response.on('close', () => {
      this.#bodyTimeout?.cancel();
      this.#hold(-this.#heldOctets);
      this.#forgetTurn?.();
      this.gone();
      connection.finish();
    });
    response.on('error', () => {}); // the client has gone
    request.on('error', () => {});
    const judged = judgeRequest({
      method: request.method!,
      target: request.url!,
      contentType: request.headers['content-type'],
      contentLength: request.headers['content-length'],
      lacksHost: request.httpVersion === '1.1' && request.headers.host === undefined,
    });
    if ('query' in judged) this.#askInTurn(judged.query, judged.answerAs);
    else if ('status' in judged) this.refuse(judged);
    else this.#readBody();
  }

  protected answer(octets: Buffer, length: number, form: AnswerForm, maxAgeSeconds: number): void {
    const { request, response } = this.#http;
    response.sendDate = false;
    response.writeHead(200, {
      'content-type': MEDIA_TYPES[form],
      'content-length': length,
      'cache-control': `max-age=${maxAgeSeconds}`,
      ...dateField(this.#doh.clock),
    });
    this.#hold(length);
    response.end(request.method === 'HEAD' ? '' : Buffer.from(octets.subarray(0, length)));
  }

  refuse(refusal: Refusal): void {
    const { request, response } = this.#http;
    const { status, message, asJson } = refusal;
    const isLast = isEndless(refusal, Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY));
    const body = asJson ? errorJson(message) : `${message}\n`;
    response.sendDate = false;
    response.writeHead(status, {
      ...Object.fromEntries(refusalFields(refusal, Buffer.byteLength(body))),
      ...(isLast ? { connection: 'close' } : {}),
      ...dateField(this.#doh.clock),
    });
    const said = request.method === 'HEAD' ? '' : body;
    if (isLast) this.#partWith(said);
    else response.end(said);
  }

  /** What still comes is thrown away for a moment: a reset could overtake what is said (RFC 9112 section 9.6). */
  #partWith(said: string): void {
    const { request, response } = this.#http;
    const farewell = this.#doh.clock.after(FAREWELL_MS, () => request.socket.destroy());
    response.on('close', () => farewell.cancel());
    response.flushHeaders();
    response.write(said, () => request.socket.end());
    request.resume();
  }

  #readBody(): void {
    const { request } = this.#http;
    this.#bodyTimeout = this.#doh.clock.after(BODY_TIMEOUT_MS, () => this.#stopReading(TOO_SLOW));
    request.on('data', (chunk: Uint8Array) => {
      this.#bodyOctets += chunk.length;
      this.#hold(chunk.length);
      if (this.#bodyOctets > MAX_MESSAGE_OCTETS) this.#stopReading(TOO_LARGE);
      else this.#chunks.push(chunk);
    });
    request.on('end', () => {
      this.#bodyTimeout?.cancel();
      const { length } = this.#chunks;
      const message = length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#askInTurn(message, 'message');
    });
  }

  /** Its time runs from here, though it may have to wait. */
  #askInTurn(message: Uint8Array, answerAs: AnswerForm): void {
    const { turns, clock, limits } = this.#doh;
    const deadlineMs = clock.monotonic() + limits.queryDeadlineMs;
    const ask = () => this.ask(message, 0, message.length, answerAs, deadlineMs);
    this.#forgetTurn = turns.ask(this.#http.connection.client, ask);
  }

  #stopReading(refusal: Refusal): void {
    this.#bodyTimeout?.cancel();
    this.#http.request.removeAllListeners('data').removeAllListeners('end').resume();
    this.refuse(refusal);
  }

  /** So many octets more are kept in memory for it, until it is over. */
  #hold(octets: number): void {
    this.#heldOctets += octets;
    this.#http.connection.hold(octets);
  }
}
