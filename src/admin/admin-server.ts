// HTTP/1.1 for the admin listener and the control socket: one server of node:http a place, with limits on connections,
// header octets and time, and no way for a request to throw into the process.
// Every answer is written here, because the Date field is our own clock's or absent (RFC 9110 section 6.6.1).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { ConnectionTable, type TrackedConnection } from '../listener/connection-table.ts';
import { dateField } from '../listener/date-field.ts';
import { Drain } from '../listener/drain.ts';
import { plainAddress } from '../listener/listener.ts';
import { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import {
  type AdminAnswer,
  type AdminSubject,
  answerAdmin,
  COMMON_FIELDS,
  textAnswer,
} from './admin-answer.ts';
import { judgeAdminRequest } from './admin-request.ts';
import { boundedRenewals, RENEWAL_WITHIN_MS } from './renewals.ts';

export interface AdminLimits {
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** A connection without a request is closed after this; also the patience with a slow request. */
  readonly connectionIdleMs: number;
}

/** A page, a few probes and a scraper; a browser opens six at a time (limits of our own). */
export const ADMIN_LIMITS: AdminLimits = {
  connections: 64,
  connectionsPerClient: 16,
  connectionIdleMs: 15_000,
};

const MAX_HEADER_OCTETS = 8192;
const MAX_HEADER_FIELDS = 64;
const LOOK_EVERY_MS = 1000;

export interface AdminServerParts extends AdminSubject {
  /** "admin" or "control", for the log. */
  readonly what: string;
  readonly allowedHosts: () => readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: AdminLimits | undefined;
}

/** Makes servers that share their limits, and drains them. */
export class AdminServer {
  readonly #parts: AdminServerParts;
  readonly #subject: AdminSubject;
  readonly #limits: AdminLimits;
  readonly #connections: ConnectionTable;
  readonly #connectionOf = new WeakMap<Socket, AdminConnection>();
  readonly #drain: Drain;

  constructor(parts: AdminServerParts) {
    const { what, clock, log, limits = ADMIN_LIMITS } = parts;
    this.#parts = parts;
    this.#subject = { ...parts, renewCertificate: boundedRenewals(parts) };
    this.#limits = limits;
    this.#drain = new Drain(clock);
    const limitLog = new LimitLog(log, clock);
    this.#connections = new ConnectionTable({
      limits,
      clock,
      onLimit: (limit, client) =>
        limitLog.reached(`${what}: ${limit}`, { client, hint: 'close what is not needed' }),
      onEmpty: () => this.#drain.finished(),
    });
  }

  /** A server that is ready to listen. */
  create(isControl: boolean): Server {
    const patienceMs = this.#limits.connectionIdleMs;
    const server = createServer({
      maxHeaderSize: MAX_HEADER_OCTETS,
      headersTimeout: patienceMs,
      requestTimeout: patienceMs,
      keepAliveTimeout: patienceMs,
      connectionsCheckingInterval: LOOK_EVERY_MS,
      requireHostHeader: false, // Node's own refusal would carry the system clock's Date; ours comes below
    });
    server.maxHeadersCount = MAX_HEADER_FIELDS;
    server.on('connection', (socket) => this.#accept(socket));
    const handle = (request: IncomingMessage, response: ServerResponse) =>
      void this.#handle(request, response, isControl);
    server.on('request', handle);
    server.on('checkContinue', handle); // whoever asks before sending a body is answered without it
    server.on('checkExpectation', handle);
    return server;
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
    const connection = new AdminConnection(socket, this.#parts.clock);
    socket.on('error', () => socket.destroy());
    if (!this.#connections.hasRoomFor(connection.client)) {
      socket.destroy();
      return;
    }
    this.#connections.add(connection);
    this.#connectionOf.set(socket, connection);
    socket.on('close', () => this.#connections.delete(connection));
  }

  async #handle(request: IncomingMessage, response: ServerResponse, isControl: boolean): Promise<void> {
    const connection = this.#connectionOf.get(request.socket);
    connection?.begin();
    response.on('close', () => connection?.finish());
    response.on('error', () => {}); // the client has gone
    request.on('error', () => {});
    try {
      this.#respond(await this.#answer(request, isControl), request, response);
    } catch (error) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#parts.log.error('a bug in Noonmark: please report this line', { stack });
      if (response.headersSent) response.destroy();
      else this.#respond(textAnswer(500, 'a bug in Noonmark; its log has the details'), request, response);
    }
  }

  async #answer(request: IncomingMessage, isControl: boolean): Promise<AdminAnswer> {
    const { method = '', url: target = '', headers, headersDistinct, socket } = request;
    const judged = judgeAdminRequest(
      {
        method,
        target,
        hosts: headersDistinct.host ?? [],
        origin: headers.origin,
        localAddress: isControl ? undefined : plainAddress(socket.localAddress),
        isControl,
      },
      this.#parts.allowedHosts(),
    );
    if ('status' in judged)
      return textAnswer(
        judged.status,
        judged.message,
        judged.allow === undefined ? {} : { allow: judged.allow },
      );
    const query = target.slice(target.indexOf('?') + 1 || target.length);
    if (judged.route === 'renew-certificate')
      this.#connectionOf.get(socket)?.expectAnswerWithin(RENEWAL_WITHIN_MS);
    return answerAdmin(judged.route, { query, accept: headers.accept ?? '' }, this.#subject);
  }

  #respond(
    { status, type, body, fields = {} }: AdminAnswer,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    // No request here has a body of any use; one that has is not read, and its connection ends.
    const { 'content-length': length = '0', 'transfer-encoding': coding } = request.headers;
    const isLast = length !== '0' || coding !== undefined || this.#connectionOf.get(request.socket)?.isEnding;
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

/** One client connection, as the connection table sees it. */
class AdminConnection implements TrackedConnection {
  readonly client: string;
  isEnding = false;
  readonly #socket: Socket;
  readonly #clock: Clock;
  #requests = 0;
  #lastActiveMs: number;
  /** Monotonic milliseconds: until then the answer is ours to give, and the client does not stall. */
  #owedUntilMs = 0;

  constructor(socket: Socket, clock: Clock) {
    this.client = plainAddress(socket.remoteAddress);
    this.#socket = socket;
    this.#clock = clock;
    this.#lastActiveMs = clock.monotonic();
  }

  get lastActiveMs(): number {
    return Math.max(this.#lastActiveMs, Math.min(this.#owedUntilMs, this.#clock.monotonic()));
  }

  get isBusy(): boolean {
    return this.#requests > 0;
  }

  begin(): void {
    this.#requests += 1;
    this.#lastActiveMs = this.#clock.monotonic();
  }

  expectAnswerWithin(ms: number): void {
    this.#owedUntilMs = this.#clock.monotonic() + ms;
  }

  finish(): void {
    this.#requests -= 1;
    this.#lastActiveMs = this.#clock.monotonic();
    if (!this.isBusy) this.#owedUntilMs = 0;
    if (this.isEnding && !this.isBusy) this.#socket.destroySoon();
  }

  close(): void {
    if (this.isEnding || !this.isBusy) this.#socket.destroy();
    this.isEnding = true;
  }
}
