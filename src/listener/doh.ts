// DNS over HTTPS (RFC 8484): HTTP/2 and HTTP/1.1, GET, HEAD and POST at /dns-query.
// A query that is written into the URL is answered as JSON (doh-json.ts). A bad request gets its status and a sentence,
// and the connection goes on. The Date header is our own clock's, and there is none while we do not know the time:
// other people set their clocks by it.

import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import { type Answer, DROP, renderAnswer, renderBound } from '../dns/answer.ts';
import { Query } from '../dns/query.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import { behindChallengeDoor } from './challenge-door.ts';
import type { TrackedConnection } from './connection-table.ts';
import { dateField } from './date-field.ts';
import { answerJson, DNS_JSON, errorJson } from './doh-json.ts';
import {
  type AnswerForm,
  DNS_MESSAGE,
  judgeRequest,
  MAX_DISCARDED_OCTETS,
  type Refusal,
  TOO_LARGE,
  TOO_SLOW,
} from './doh-request.ts';
import { type ListenerParts, plainAddress } from './listener.ts';
import { ServerListener } from './server-listener.ts';
import { followCertificates, peerKey, tlsServerOptions, trackHandshakes } from './tls-front.ts';

const BODY_TIMEOUT_MS = 10_000;
/** RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;
const RENDER_LIMITS = {
  maxOctets: MAX_MESSAGE_OCTETS,
  padToOctets: RESPONSE_PADDING_OCTETS,
  keepaliveMs: null,
};

export interface DohListenerParts extends ListenerParts {
  readonly certificates: CertificateStore;
}

/** One request, what answers it, and the connection that it came over. */
interface HttpExchange {
  readonly connection: HttpConnection;
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
}

export class DohListener extends ServerListener<DohListenerParts> {
  readonly #byPeer = new Map<string, HttpConnection>();
  /** The way back from a request, by what it came over: a session of HTTP/2, or the socket itself. */
  readonly #connectionOf = new WeakMap<object, HttpConnection>();

  constructor(parts: DohListenerParts) {
    super('doh', parts);
  }

  protected override createServer(): Server {
    const { certificates, clock } = this.parts;
    const { challenges } = certificates;
    return behindChallengeDoor(this.#httpServer(), { challenges, connections: this.connections, clock });
  }

  #httpServer(): Http2SecureServer {
    const { certificates, clock, limits } = this.parts;
    const server = createSecureServer({
      ...tlsServerOptions(certificates),
      allowHTTP1: true,
      ALPNProtocols: ['h2', 'http/1.1'],
      settings: { maxConcurrentStreams: limits.queriesPerConnection, enablePush: false },
    });
    followCertificates(server, certificates);
    trackHandshakes(server, this.connections, clock);
    server.prependListener('secureConnection', (socket) => this.#accept(socket));
    server.on('session', (session) => this.#serve(session));
    server.on('sessionError', () => {}); // a broken session has destroyed itself; nobody else is concerned
    server.on('request', (request, response) => this.#handle(request, response));
    return server;
  }

  #accept(socket: TLSSocket): void {
    const key = peerKey(socket);
    const connection = new HttpConnection(socket, this.parts.clock);
    this.#byPeer.set(key, connection);
    this.#connectionOf.set(socket, connection);
    this.connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#byPeer.delete(key);
      this.connections.delete(connection);
    });
  }

  #serve(session: ServerHttp2Session): void {
    const connection = this.#byPeer.get(peerKey(session.socket));
    if (connection === undefined) return; // gone already
    connection.serve(session);
    this.#connectionOf.set(session, connection);
  }

  #handle(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const carrier = request.httpVersionMajor === 1 ? request.socket : request.stream.session;
    const connection = carrier && this.#connectionOf.get(carrier);
    if (connection === undefined) return; // gone already, and its streams with it
    connection.begin();
    const http = { connection, request, response };
    response.on('close', () => connection.finish());
    response.on('error', () => {}); // the client has gone
    request.on('error', () => {});
    const judged = judgeRequest({
      method: request.method,
      target: request.url,
      contentType: request.headers['content-type'],
      contentLength: request.headers['content-length'],
    });
    if ('query' in judged) this.#resolve(judged.query, judged.answerAs, http);
    else if ('status' in judged) this.#refuse(judged, http);
    else this.#readBody(http);
  }

  #readBody(http: HttpExchange): void {
    const { request, response } = http;
    const chunks: Uint8Array[] = [];
    let octets = 0;
    const stop = (refusal: Refusal) => {
      timeout.cancel();
      request.removeAllListeners('data').removeAllListeners('end').resume();
      this.#refuse(refusal, http);
    };
    const timeout = this.parts.clock.after(BODY_TIMEOUT_MS, () => stop(TOO_SLOW));
    response.on('close', () => timeout.cancel());
    request.on('data', (chunk: Uint8Array) => {
      octets += chunk.length;
      if (octets > MAX_MESSAGE_OCTETS) stop(TOO_LARGE);
      else chunks.push(chunk);
    });
    request.on('end', () => {
      timeout.cancel();
      this.#resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), 'message', http);
    });
  }

  #resolve(message: Uint8Array, answerAs: AnswerForm, http: HttpExchange): void {
    const { resolver, clock, limits } = this.parts;
    const receivedAtMs = clock.monotonic();
    const query = new Query(message);
    const { client, clientPort, localAddress } = http.connection;
    const answer = resolver.resolve(query, {
      client,
      clientPort,
      localAddress,
      transport: 'doh',
      receivedAtMs,
      deadlineMs: receivedAtMs + limits.queryDeadlineMs,
    });
    if (answer instanceof Promise) void answer.then((late) => this.#respond(query, late, answerAs, http));
    else this.#respond(query, answer, answerAs, http);
  }

  #respond(query: Query, answer: Answer, answerAs: AnswerForm, http: HttpExchange): void {
    if (answer === DROP) {
      this.#refuse({ status: 400, message: 'this is no DNS query (RFC 1035 section 4.1)' }, http);
      return;
    }
    const { request, response } = http;
    const body = answerAs === 'json' ? Buffer.from(answerJson(answer, query)) : messageOctets(answer, query);
    const maxAgeSeconds = Math.max(0, answer.lifetimeSeconds - answer.ageSeconds);
    response.sendDate = false;
    response.writeHead(200, {
      'content-type': answerAs === 'json' ? DNS_JSON : DNS_MESSAGE,
      'content-length': body.length,
      'cache-control': `max-age=${maxAgeSeconds}`,
      ...dateField(this.parts.clock),
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }

  #refuse({ status, message, asJson }: Refusal, { request, response }: HttpExchange): void {
    const isHttp1 = request.httpVersionMajor === 1;
    const leftOctets = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const isEndless = status === 408 || (status === 413 && leftOctets > MAX_DISCARDED_OCTETS);
    const body = asJson ? errorJson(message) : `${message}\n`;
    response.sendDate = false;
    response.writeHead(status, {
      'content-type': asJson ? DNS_JSON : 'text/plain; charset=utf-8',
      'content-length': Buffer.byteLength(body),
      ...(status === 405 ? { allow: 'GET, HEAD, POST' } : {}),
      ...(isEndless && isHttp1 ? { connection: 'close' } : {}),
      ...dateField(this.parts.clock),
    });
    response.end(request.method === 'HEAD' ? '' : body, () => {
      if (!isEndless) return;
      if (isHttp1) request.socket.destroy();
      else response.stream?.close();
    });
  }
}

function messageOctets(answer: Answer, query: Query): Uint8Array {
  const octets = Buffer.allocUnsafe(renderBound(answer, query, RENDER_LIMITS));
  return octets.subarray(0, renderAnswer(answer, query, RENDER_LIMITS, octets, 0));
}

/** One client connection, over whichever HTTP version, as the connection table sees it. */
class HttpConnection implements TrackedConnection {
  readonly client: string;
  readonly clientPort: number;
  readonly localAddress: string;
  lastActiveMs: number;
  readonly #socket: TLSSocket;
  readonly #clock: Clock;
  #session: ServerHttp2Session | null = null;
  #requests = 0;
  #isEnding = false;

  constructor(socket: TLSSocket, clock: Clock) {
    this.client = plainAddress(socket.remoteAddress);
    this.clientPort = socket.remotePort ?? 0;
    this.localAddress = plainAddress(socket.localAddress);
    this.#socket = socket;
    this.#clock = clock;
    this.lastActiveMs = clock.monotonic();
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  serve(session: ServerHttp2Session): void {
    this.#session = session;
  }

  begin(): void {
    this.#requests += 1;
    this.lastActiveMs = this.#clock.monotonic();
  }

  finish(): void {
    this.#requests -= 1;
    this.lastActiveMs = this.#clock.monotonic();
    if (this.#isEnding && this.#requests === 0 && this.#session === null) this.#socket.end();
  }

  /** GOAWAY after the streams in flight (RFC 9113 section 6.8), or the end of the socket; at the second call at once. */
  close(): void {
    if (this.#isEnding) this.#socket.destroy();
    else if (this.#session !== null) this.#session.close();
    else if (this.#requests === 0) this.#socket.end();
    this.#isEnding = true;
  }
}
