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
import { type AnswerView, DROP, renderAnswer, renderBound } from '../dns/answer.ts';
import { Query } from '../dns/query.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { ClientRate } from '../resolver/client-rate.ts';
import type { Context } from '../resolver/resolver.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import { behindChallengeDoor } from './challenge-door.ts';
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
import { HttpConnection } from './http-connection.ts';
import { HTTP2_WINDOW_OCTETS, http2Limits } from './http2-limits.ts';
import type { ListenerParts } from './listener.ts';
import { ServerListener } from './server-listener.ts';
import { followCertificates, peerKey, tlsServerOptions, trackHandshakes } from './tls-front.ts';
import { TurnShare } from './turn-share.ts';

/** A limit by its name, as it is told. */
const ASKING_NOTHING = 'http2_octets';
const BODY_TIMEOUT_MS = 10_000;
/** RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;
const RENDER_LIMITS = {
  maxOctets: MAX_MESSAGE_OCTETS,
  padToOctets: RESPONSE_PADDING_OCTETS,
  keepaliveMs: null,
};

/** Refusals of Node's own would carry the system clock's Date (date-field.ts); ours come below. */
const NO_REFUSALS_BY_NODE = { requireHostHeader: false };

export interface DohListenerParts extends ListenerParts {
  readonly certificates: CertificateStore;
}

/** One request, what answers it, and the connection that it came over. */
interface HttpExchange {
  readonly connection: HttpConnection;
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  /** So many octets more are kept in memory for it, until it is over. */
  readonly hold: (octets: number) => void;
}

export class DohListener extends ServerListener<DohListenerParts> {
  readonly #byPeer = new Map<string, HttpConnection>();
  /** The way back from a request, by what it came over: a session of HTTP/2, or the socket itself. */
  readonly #connectionOf = new WeakMap<object, HttpConnection>();
  readonly #handshakes = new ClientRate();
  readonly #turns = new TurnShare();

  constructor(parts: DohListenerParts) {
    super('doh', parts);
  }

  protected override createServer(): Server {
    const { certificates, clock } = this.parts;
    const { challenges } = certificates;
    return behindChallengeDoor(this.#httpServer(), { challenges, connections: this.connections, clock });
  }

  #httpServer(): Http2SecureServer {
    const { certificates, limits } = this.parts;
    const server = createSecureServer({
      ...tlsServerOptions(certificates),
      allowHTTP1: true,
      ALPNProtocols: ['h2', 'http/1.1'],
      ...http2Limits(limits),
      ...NO_REFUSALS_BY_NODE,
    });
    followCertificates(server, certificates);
    trackHandshakes(server, this.connections, this.#handshakes, this.parts);
    server.prependListener('secureConnection', (socket) => this.#accept(socket));
    server.on('session', (session) => this.#serve(session));
    server.on('sessionError', () => {}); // a broken session has destroyed itself; nobody else is concerned
    const handle = (request: Http2ServerRequest, response: Http2ServerResponse) =>
      this.#handle(request, response);
    server.on('request', handle);
    server.on('checkExpectation', handle); // of HTTP/1.1; what we do not know we do not expect either
    return server;
  }

  #accept(socket: TLSSocket): void {
    const key = peerKey(socket);
    const { clock, limitLog } = this.parts;
    const connection: HttpConnection = new HttpConnection({
      ...{ socket, clock },
      onFlood: (client) =>
        limitLog.reached(ASKING_NOTHING, {
          client,
          hint: 'it floods HTTP/2 with frames that ask nothing; its connection was cut',
        }),
      onWeight: (octets) => this.connections.weigh(connection, octets),
    });
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
    const carrier = isHttp2(request) ? request.stream.session : request.socket;
    const connection = carrier && this.#connectionOf.get(carrier);
    if (connection === undefined) return; // gone already, and its streams with it
    connection.begin();
    if (!isHttp2(request) && connection.requests > this.parts.limits.queriesPerConnection) {
      request.socket.destroy(); // HTTP/2 has its streams counted by node; nobody pipelines so much over HTTP/1.1
      return;
    }
    let heldOctets = 0;
    const hold = (octets: number) => {
      heldOctets += octets;
      connection.hold(octets);
    };
    const http = { connection, request, response, hold };
    response.on('close', () => {
      hold(-heldOctets);
      connection.finish();
    });
    response.on('error', () => {}); // the client has gone
    request.on('error', () => {});
    const judged = judgeRequest({
      method: request.method,
      target: request.url,
      contentType: request.headers['content-type'],
      contentLength: request.headers['content-length'],
      lacksHost: request.httpVersion === '1.1' && request.headers.host === undefined,
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
      http.connection.took(chunk.length);
      http.hold(chunk.length);
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
    const deadlineMs = clock.monotonic() + limits.queryDeadlineMs;
    const { client, clientPort, localAddress } = http.connection;
    const forget = this.#turns.ask(client, () => {
      const receivedAtMs = clock.monotonic();
      const query = new Query(message);
      const context: Context = {
        client,
        clientPort,
        localAddress,
        transport: 'doh',
        receivedAtMs,
        deadlineMs,
        answeredBy: undefined, // all contexts have one shape
      };
      const answer = resolver.resolve(query, context);
      if (answer instanceof Promise) void answer.then((late) => this.#respond(query, late, answerAs, http));
      else this.#respond(query, answer, answerAs, http);
    });
    http.response.on('close', forget);
  }

  #respond(query: Query, answer: AnswerView, answerAs: AnswerForm, http: HttpExchange): void {
    if (answer === DROP) {
      this.#refuse({ status: 400, message: 'this is no DNS query (RFC 1035 section 4.1)' }, http);
      return;
    }
    const { request, response, hold } = http;
    const body = answerAs === 'json' ? Buffer.from(answerJson(answer, query)) : messageOctets(answer, query);
    const maxAgeSeconds = Math.max(0, answer.lifetimeSeconds - answer.ageSeconds);
    response.sendDate = false;
    response.writeHead(200, {
      'content-type': answerAs === 'json' ? DNS_JSON : DNS_MESSAGE,
      'content-length': body.length,
      'cache-control': `max-age=${maxAgeSeconds}`,
      ...dateField(this.parts.clock),
    });
    hold(body.length);
    response.end(request.method === 'HEAD' ? '' : body);
  }

  #refuse({ status, message, asJson }: Refusal, { connection, request, response }: HttpExchange): void {
    const isHttp1 = !isHttp2(request);
    const leftOctets = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    const isEndless = status === 408 || (status === 413 && leftOctets > MAX_DISCARDED_OCTETS);
    if (!isHttp1 && !request.stream.endAfterHeaders)
      connection.took(Math.min(leftOctets, HTTP2_WINDOW_OCTETS)); // may be on its way
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

/** Everything else comes as HTTP/1.1 does, HTTP/0.9 and HTTP/9.9 included: the parser takes any. */
function isHttp2(request: Http2ServerRequest): boolean {
  return request.httpVersionMajor === 2 && request.stream !== undefined;
}

function messageOctets(answer: AnswerView, query: Query): Uint8Array {
  const octets = Buffer.allocUnsafe(renderBound(answer, query, RENDER_LIMITS));
  return octets.subarray(0, renderAnswer(answer, query, RENDER_LIMITS, octets, 0));
}
