// Small HTTPS exchanges (RFC 9110) over our own verified connections: the ACME API, and the APIs of DNS providers.
// One connection an origin, one exchange on it at a time, kept for the next one for a while. A request is sent once: only
// one that has not left goes over a second connection. No redirect is followed, no cookie kept, nothing cached or
// unfolded; every answer is short and soon there, or a failure.

import type { Clock, Timer } from '../clock/clock.ts';
import type { TlsConnector } from './connect.ts';
import {
  type HttpsAnswer,
  HttpsConnection,
  HttpsFailure,
  type HttpsParts,
  NotSent,
  serverNameOf,
  Watch,
} from './https-connection.ts';
import type { TrustAnchors } from './trust-anchors.ts';

export { HttpsFailure } from './https-connection.ts';

/** From the call to the last octet of the answer, the wait for other exchanges with that origin included. */
const WHOLE_MS = 30_000;
/** A chain of ten RSA certificates is about 20 KiB, and the longest directory or error a tenth of that. */
const BODY_OCTETS_MAX = 262_144;
/** nginx and Go close an idle connection after more than a minute: whoever is quicker does not write into a closing one. */
const KEPT_MS = 20_000;
/** Exchanges with one origin; a certificate of Let's Encrypt has at most 100 names, each with its authorization. */
const WAITING_MAX = 128;
/** Origins at a time; an ACME server names the URLs of its API itself. */
const ORIGINS_MAX = 16;

export interface HttpsRequest {
  readonly url: string;
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpsResponse {
  readonly status: number;
  /** Names in lower case; several values of one name are joined by ", ". */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface HttpsClientParts {
  readonly anchors: TrustAnchors;
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver. */
  readonly addressesOf: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly userAgent?: string;
}

interface Origin {
  /** What is kept, or in use. */
  connection: HttpsConnection | null;
  /** Closes it when nobody asks for long; null while somebody does. */
  idle: Timer | null;
  /** Exchanges that have not ended, and the end of the last of them. */
  exchanges: number;
  last: Promise<unknown>;
}

export class HttpsClient {
  readonly #parts: HttpsParts;
  readonly #userAgent: string | undefined;
  readonly #origins = new Map<string, Origin>();
  readonly #closing = new AbortController();

  constructor({ addressesOf, userAgent, ...parts }: HttpsClientParts) {
    this.#parts = { ...parts, lookup: addressesOf };
    this.#userAgent = userAgent;
  }

  /** @throws HttpsFailure, or the signal's reason */
  async request(request: HttpsRequest, signal: AbortSignal): Promise<HttpsResponse> {
    const url = addressed(request.url);
    const watch = new Watch({
      clock: this.#parts.clock,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      whole: { ms: WHOLE_MS, problem: `${serverNameOf(url)} did not answer within ${WHOLE_MS / 1000} s` },
    });
    try {
      return await this.#inTurn(url, watch, (origin) => this.#exchange(origin, url, request, watch));
    } finally {
      watch.close();
    }
  }

  /** Ends everything; what is asked from now on fails. */
  close(): void {
    this.#closing.abort(new HttpsFailure('the connections were closed'));
    for (const origin of this.#origins.values()) drop(origin);
    this.#origins.clear();
  }

  async #inTurn<T>(url: URL, watch: Watch, act: (origin: Origin) => Promise<T>): Promise<T> {
    const origin = this.#originOf(url);
    const before = origin.last;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    origin.exchanges += 1;
    origin.last = before.then(() => ended);
    try {
      await watch.over(before);
      origin.idle?.cancel();
      origin.idle = null;
      return await act(origin);
    } finally {
      end();
      origin.exchanges -= 1;
      if (origin.exchanges === 0) this.#keep(url.origin, origin);
    }
  }

  /** @throws HttpsFailure where a limit is reached */
  #originOf(url: URL): Origin {
    const known = this.#origins.get(url.origin);
    if (known !== undefined) {
      if (known.exchanges < WAITING_MAX) return known;
      throw new HttpsFailure(`${serverNameOf(url)} is asked ${WAITING_MAX} things already`);
    }
    if (this.#origins.size >= ORIGINS_MAX) this.#forgetOne();
    const fresh: Origin = { connection: null, idle: null, exchanges: 0, last: Promise.resolve() };
    this.#origins.set(url.origin, fresh);
    return fresh;
  }

  #forgetOne(): void {
    const unused = [...this.#origins].find(([, { exchanges }]) => exchanges === 0);
    if (unused === undefined) throw new HttpsFailure(`${ORIGINS_MAX} other hosts are being asked already`);
    this.#forget(...unused);
  }

  #keep(name: string, origin: Origin): void {
    origin.idle?.cancel();
    if (origin.connection?.isOpen !== true || this.#closing.signal.aborted) this.#forget(name, origin);
    else origin.idle = this.#parts.clock.after(KEPT_MS, () => this.#forget(name, origin));
  }

  #forget(name: string, origin: Origin): void {
    drop(origin);
    if (this.#origins.get(name) === origin) this.#origins.delete(name);
  }

  async #exchange(origin: Origin, url: URL, request: HttpsRequest, watch: Watch): Promise<HttpsResponse> {
    const kept = origin.connection?.isOpen === true ? origin.connection : null;
    if (kept !== null) {
      try {
        return await this.#ask(kept, url, request, watch);
      } catch (error) {
        drop(origin);
        if (!(error instanceof NotSent)) throw error;
      }
    }
    try {
      origin.connection = await HttpsConnection.open(url, this.#parts, watch);
      return await this.#ask(origin.connection, url, request, watch);
    } catch (error) {
      drop(origin);
      throw error;
    }
  }

  async #ask(connection: HttpsConnection, url: URL, request: HttpsRequest, watch: Watch) {
    const { method, headers, body } = request;
    const asked = {
      method,
      path: url.pathname + url.search,
      // No compression: what a short body unfolds to is nobody's to choose.
      headers: {
        'accept-encoding': 'identity',
        ...(this.#userAgent === undefined ? {} : { 'user-agent': this.#userAgent }),
        ...headers,
      },
      body: body ?? null,
    };
    const answer = await connection.request(asked, watch);
    const { 'content-encoding': encoding = 'identity' } = answer.headers;
    if (encoding !== 'identity')
      throw new HttpsFailure(`${connection.serverName} compresses its answer, which was not asked for`);
    const octets = await bodyOf(answer, connection, watch);
    return { status: answer.statusCode, headers: joined(answer.headers), body: octets };
  }
}

function drop(origin: Origin): void {
  origin.idle?.cancel();
  origin.idle = null;
  origin.connection?.close();
  origin.connection = null;
}

/** @throws HttpsFailure */
function addressed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) throw new HttpsFailure('what should be asked is no URL');
  if (url.protocol === 'https:' && url.username === '' && url.password === '' && serverNameOf(url) !== '')
    return url;
  throw new HttpsFailure(`${url.protocol}//${url.host} is not asked: only https:// is, without a user name`);
}

async function bodyOf({ body }: HttpsAnswer, connection: HttpsConnection, watch: Watch) {
  const pieces: Uint8Array[] = [];
  let octets = 0;
  const take = (piece: Uint8Array) => {
    octets += piece.length;
    if (octets > BODY_OCTETS_MAX)
      throw new HttpsFailure(`${connection.serverName} answers with more than ${BODY_OCTETS_MAX} octets`);
    pieces.push(piece);
  };
  await connection.read(body, take, watch);
  return Buffer.concat(pieces);
}

function joined(headers: HttpsAnswer['headers']): HttpsResponse['headers'] {
  const fields = Object.entries(headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ]);
  return Object.fromEntries(fields);
}
