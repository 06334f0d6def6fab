// HTTP/1.1 for the admin listener and the control socket: one server of node:http a place, with limits on connections,
// requests, header octets and time, and no way for a request to throw into the process.
// Every answer is written here, because the Date field is our own clock's or absent (RFC 9110 section 6.6.1).

import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { Limits } from '../config/config.ts';
import { ConnectionTable } from '../listener/connection-table.ts';
import { dateField } from '../listener/date-field.ts';
import { Drain } from '../listener/drain.ts';
import { plainAddress } from '../listener/listener.ts';
import { nodeHttp } from '../listener/node-http.ts';
import { behindPlainDoor } from '../listener/plain-door.ts';
import { readInSmallPieces } from '../listener/small-pieces.ts';
import { followCertificates, tlsServerOptions, trackHandshakes } from '../listener/tls-front.ts';
import { TurnShare } from '../listener/turn-share.ts';
import { BugLog } from '../observe/bug-log.ts';
import { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import { ClientRate } from '../resolver/client-rate.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import { isForwarded } from './access/forwarded.ts';
import { type AdminAnswer, type AdminStream, COMMON_FIELDS, isStream, textAnswer } from './admin-answer.ts';
import { AdminConnection } from './admin-connection.ts';
import { ADMIN_LIMITS, type AdminLimits } from './admin-limits.ts';
import { judgeAdminRequest } from './admin-request.ts';
import { type FetchFields, judgeFetch } from './fetch-metadata.ts';
import { FORM_WITHIN_MS, formOf } from './form-body.ts';
import { plainSpeechAnswer } from './plain-speech.ts';
import { type AdminAccess, type AdminRoutes, findRoute, isRoute } from './route.ts';

const MAX_HEADER_OCTETS = 8192;
const MAX_HEADER_FIELDS = 64;
/** Node looks so often whether a request has taken too long, whether there is a connection or not: never (its longest timer). */
const LOOK_EVERY_MS = 2 ** 31 - 1;
/** What a stream may have waiting for a slow reader before it is left out of what is new. */
const UNREAD_OCTETS_MAX = 262_144;

export interface AdminServerParts {
  /** "admin" or "control", for the log. */
  readonly what: string;
  readonly routes: AdminRoutes;
  readonly access: AdminAccess;
  readonly allowedHosts: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: AdminLimits | undefined;
}

export interface EncryptedParts {
  readonly certificates: CertificateStore;
  readonly limits: Pick<Limits, 'handshakesPerClient'>;
  readonly limitLog: LimitLog;
}

type Answering = (request: IncomingMessage) => Promise<AdminAnswer | AdminStream>;

/** Makes servers that share their limits, and drains them. */
export class AdminServer {
  readonly #parts: AdminServerParts;
  readonly #limits: AdminLimits;
  readonly #connections: ConnectionTable;
  readonly #connectionOf = new WeakMap<Socket, AdminConnection>();
  readonly #handshakes = new ClientRate();
  /** One share for all who ask here: a page costs as much as many names, and names go first. */
  readonly #turns = new TurnShare();
  readonly #limitLog: LimitLog;
  readonly #bugs: BugLog;
  readonly #drain: Drain;

  constructor(parts: AdminServerParts) {
    const { what, clock, log, limits = ADMIN_LIMITS } = parts;
    this.#parts = parts;
    this.#limits = limits;
    this.#drain = new Drain(clock);
    this.#limitLog = new LimitLog(log, clock);
    this.#bugs = new BugLog(log, clock);
    this.#connections = new ConnectionTable({
      limits,
      clock,
      onLimit: (limit, client) =>
        this.#limitLog.reached(`${what}: ${limit}`, { client, hint: 'close what is not needed' }),
      onEmpty: () => this.#drain.finished(),
    });
  }

  /** A server that is ready to listen. */
  create(isControl: boolean): Server {
    return this.#createPlain((request) => this.#answer(request, isControl));
  }

  /** The same over TLS; whoever speaks plain HTTP there is told where to go. Certificates are swapped while it runs. */
  createEncrypted({ certificates, ...front }: EncryptedParts): Server {
    const { clock } = this.#parts;
    const connections = this.#connections;
    const tlsOptions = { ...tlsServerOptions(certificates), ALPNProtocols: ['http/1.1'] };
    const server = createSecureServer({ ...tlsOptions, ...this.#httpOptions });
    followCertificates(server, certificates);
    trackHandshakes(server, connections, this.#handshakes, { clock, ...front });
    server.prependListener('secureConnection', (socket) => this.#adopt(socket));
    server.on('secureConnection', readInSmallPieces);
    this.#handleAll(server, (request) => this.#answer(request, false));
    const plain = this.#createPlain((request) => this.#plainSpeech(request));
    return behindPlainDoor(server, { plain, connections, clock });
  }

  #createPlain(answer: Answering): Server {
    const server = nodeHttp.createServer(this.#httpOptions);
    server.on('connection', (socket) => this.#accept(socket));
    this.#handleAll(server, answer);
    return server;
  }

  get #httpOptions() {
    const patienceMs = this.#limits.connectionIdleMs;
    return {
      maxHeaderSize: MAX_HEADER_OCTETS,
      headersTimeout: 0, // a request that is not whole by then finds its connection closed by the connection table
      requestTimeout: 0,
      keepAliveTimeout: patienceMs,
      connectionsCheckingInterval: LOOK_EVERY_MS,
      requireHostHeader: false, // Node's own refusal would carry the system clock's Date; ours comes below
    };
  }

  #handleAll(server: HttpServer, answer: Answering): void {
    server.maxHeadersCount = MAX_HEADER_FIELDS;
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      this.#take(request, response, answer);
    server.on('request', handle);
    server.on('checkContinue', handle); // whoever asks before sending a body is answered without it
    server.on('checkExpectation', handle);
  }

  /** Ends what is idle at once, and the rest when answered or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const drained = this.#drain.wait(graceMs);
    this.#connections.closeAll();
    await drained;
    this.#connections.closeAll();
  }

  #accept(socket: Socket): void {
    if (this.#connections.hasRoomFor(plainAddress(socket.remoteAddress))) {
      this.#adopt(socket);
      readInSmallPieces(socket);
      return;
    }
    socket.on('error', () => {});
    socket.destroy();
  }

  #adopt(socket: Socket): void {
    const connection = new AdminConnection(socket, this.#parts.clock);
    socket.on('error', () => socket.destroy());
    this.#connections.add(connection);
    this.#connectionOf.set(socket, connection);
    socket.on('close', () => this.#connections.delete(connection));
  }

  /** One request of a connection after the other, and few of all connections in one turn of the event loop. */
  #take(request: IncomingMessage, response: ServerResponse, answer: Answering): void {
    const connection = this.#connectionOf.get(request.socket);
    if (connection === undefined) return; // gone already
    response.on('close', () => connection.finish());
    response.on('error', () => {}); // the client has gone
    request.on('error', () => {});
    const { what } = this.#parts;
    const begin = () => this.#turns.ask(what, () => void this.#handle(request, response, answer));
    if (connection.take(begin)) return;
    const hint = 'it sends requests and waits for no answers; its connection was cut';
    this.#limitLog.reached(`${what}: requestsWaiting`, { client: connection.client, hint });
  }

  async #handle(request: IncomingMessage, response: ServerResponse, answerTo: Answering): Promise<void> {
    try {
      const answer = await answerTo(request);
      if (isStream(answer)) this.#stream(answer, request, response);
      else this.#respond(answer, request, response);
    } catch (error) {
      this.#bugs.tell(error);
      if (response.headersSent) response.destroy();
      else this.#respond(textAnswer(500, 'a bug in Noonmark; its log has the details'), request, response);
    }
  }

  async #plainSpeech({ method = '', url: target = '', headers, headersDistinct, socket }: IncomingMessage) {
    const localAddress = plainAddress(socket.localAddress);
    const asked = { method, target, hosts: headersDistinct.host ?? [], origin: headers.origin, localAddress };
    return plainSpeechAnswer(asked, this.#parts.allowedHosts());
  }

  async #answer(request: IncomingMessage, isControl: boolean): Promise<AdminAnswer | AdminStream> {
    const { method = '', url: target = '', headers, headersDistinct, socket } = request;
    const { routes, access, allowedHosts } = this.#parts;
    const localAddress = isControl ? undefined : plainAddress(socket.localAddress);
    const hosts = headersDistinct.host ?? [];
    const refused = judgeAdminRequest(
      { target, hosts, origin: headers.origin, localAddress },
      allowedHosts(),
    );
    if (refused !== null) return textAnswer(refused.status, refused.message);
    const [path = '/', query = ''] = cut(target, '?');
    const foreign = judgeFetch({ ...fetchFields(request), path });
    if (foreign !== null) return textAnswer(403, foreign);
    const route = findRoute(routes, { path, method, isControl });
    if (!isRoute(route)) return noRoute(route.allowed);
    const form = await this.#receive(request);
    if (form === null) return textAnswer(408, `the form was not here within ${FORM_WITHIN_MS / 1000} s`);
    const { accept = '', cookie = '', authorization = '' } = headers;
    const visiting = {
      ...{ method, path, query: new URLSearchParams(query), accept, cookie, authorization },
      ...{ localAddress, isControl, host: hosts[0]!.toLowerCase(), isEncrypted: isEncrypted(request) },
      isForwarded: isForwarded({ httpVersion: request.httpVersion, fieldNames: Object.keys(headers) }),
      client: isControl ? '' : plainAddress(socket.remoteAddress),
      form,
    };
    const visit = { ...visiting, isAdmitted: access.admits(visiting) };
    if (route.access === 'admitted' && !visit.isAdmitted) return access.refuse(visit);
    if (route.answersWithinMs !== undefined)
      this.#connectionOf.get(socket)?.expectAnswerWithin(route.answersWithinMs);
    return await route.answer(visit);
  }

  /** Meanwhile the connection is an idle one, which makes room for others; null: it was not to be had. */
  async #receive(request: IncomingMessage): Promise<URLSearchParams | null> {
    const connection = this.#connectionOf.get(request.socket);
    if (connection === undefined) return null;
    connection.isReceiving = true;
    const form = await formOf(request, this.#parts.clock);
    connection.isReceiving = false;
    return form;
  }

  /** Goes on until the client leaves, or we do. */
  #stream({ type, begin }: AdminStream, { method, socket }: IncomingMessage, response: ServerResponse): void {
    response.sendDate = false;
    response.writeHead(200, { ...COMMON_FIELDS, 'content-type': type, ...dateField(this.#parts.clock) });
    if (method === 'HEAD') {
      response.end();
      return;
    }
    const send = (text: string) => {
      if (response.writableEnded || response.writableLength > UNREAD_OCTETS_MAX) return false;
      response.write(text);
      return true;
    };
    const end = begin(send, (error) => {
      this.#bugs.tell(error);
      response.destroy();
    });
    response.on('close', end);
    this.#connectionOf.get(socket)?.streams(() => response.end());
  }

  #respond(
    { status, type, body, fields = {} }: AdminAnswer,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    // A body that nobody has read ends the connection.
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    const isUnread = (length !== '0' || coding !== undefined) && !request.complete;
    const isLast = isUnread || this.#connectionOf.get(request.socket)?.isEnding;
    response.sendDate = false;
    response.writeHead(status, {
      ...COMMON_FIELDS,
      ...fields,
      'content-type': type,
      'content-length': Buffer.byteLength(body),
      ...(isLast ? { connection: 'close' } : {}),
      ...dateField(this.#parts.clock),
    });
    response.end(request.method === 'HEAD' ? '' : body);
  }
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket;
}

function fetchFields(request: IncomingMessage): Omit<FetchFields, 'path'> {
  const { method = '', headers } = request;
  const {
    origin,
    'sec-fetch-site': site,
    'sec-fetch-mode': mode,
    'sec-fetch-dest': dest,
  } = headers as Readonly<Record<string, string | undefined>>;
  return { method, isEncrypted: isEncrypted(request), origin, site, mode, dest };
}

function noRoute(allowed: readonly string[]): AdminAnswer {
  if (allowed.length === 0)
    return textAnswer(404, 'there is no such path; / is the first page, and docs/api.md has them all');
  const allow = allowed.join(', ');
  return textAnswer(405, `only ${allow} is understood here`, { allow });
}

/** What stands before and behind the first `mark`. */
function cut(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}
