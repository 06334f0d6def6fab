// One verified connection for HTTPS (RFC 9110), over HTTP/2 or HTTP/1.1: addresses found and raced, one request at a time,
// and in words what went wrong. Nothing is waited for longer than its Watch allows.
// What is asked, how long an answer may be and what it means is the caller's, as is whether a redirect is followed.

import { isIP } from 'node:net';
import type { Client, Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock/clock.ts';
import type { TlsConnector, TlsTarget, VerifiedSocket } from './connect.ts';
import { describeConnectFailure } from './connect-failure.ts';
import { alternateFamilies, race } from './race.ts';
import type { TrustAnchors } from './trust-anchors.ts';
import { HTTP_ALPN, undiciOver } from './undici-over.ts';

/** Addresses of one host that are tried. */
const ADDRESSES_MAX = 4;
/** As for an upstream: TCP and TLS together. */
const CONNECT_WITHIN_MS = 5_000;
const HTTPS_PORT = 443;

/** Why an exchange came to nothing; the message is part of a sentence. */
export class HttpsFailure extends Error {
  override readonly name = 'HttpsFailure';
  readonly code = 'https-failure';
}

/** The connection had ended, or its peer took nothing new on it, before the request was on its way. */
export class NotSent extends HttpsFailure {}

export interface HttpsParts {
  readonly anchors: TrustAnchors;
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

export type HttpsAnswer = Dispatcher.ResponseData;

export class HttpsConnection {
  readonly serverName: string;
  readonly #socket: VerifiedSocket['socket'];
  readonly #client: Client;
  #onOver = () => {};

  private constructor(serverName: string, port: number, socket: VerifiedSocket['socket']) {
    this.serverName = serverName;
    this.#socket = socket;
    this.#client = undiciOver(socket, { serverName, port }, () => this.#onOver());
  }

  /**
   * To host and port of an https:// URL.
   * @throws HttpsFailure, or what ended the watch
   */
  static async open(url: URL, parts: HttpsParts, watch: Watch): Promise<HttpsConnection> {
    const serverName = serverNameOf(url);
    const port = url.port === '' ? HTTPS_PORT : Number(url.port);
    return new HttpsConnection(serverName, port, await connect(serverName, port, parts, watch));
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /**
   * One at a time: the body of the last answer was read to its end.
   * @throws NotSent, HttpsFailure, or what ended the watch
   */
  async request(asked: Dispatcher.RequestOptions, watch: Watch): Promise<HttpsAnswer> {
    const { promise: over, reject: end } = Promise.withResolvers<never>();
    const writtenOctets = this.#socket.bytesWritten;
    this.#onOver = () => {
      const problem = `${this.serverName} closed the connection`;
      // Over HTTP/2, undici would send again what is under way when the connection is cut on this side.
      const mayHaveLeft = this.#socket.bytesWritten > writtenOctets;
      end(mayHaveLeft ? new HttpsFailure(problem) : new NotSent(problem));
    };
    try {
      const answer = await watch.over(Promise.race([this.#client.request(asked), over]));
      answer.body.on('error', () => {}); // it may be cut off unread
      return answer;
    } catch (error) {
      throw this.#failureOf(error);
    }
  }

  /**
   * Hands the body to `take`, piece by piece and in order; undici fails one that is not as long as its Content-Length.
   * @throws HttpsFailure, what ended the watch, or what `take` throws
   */
  async read(body: HttpsAnswer['body'], take: (octets: Uint8Array) => unknown, watch: Watch): Promise<void> {
    const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    for (;;) {
      const { done, value } = await watch.over(pieces.next()).catch((error) => {
        throw this.#failureOf(error);
      });
      if (done) return;
      if (value.length > 0) watch.heard();
      await take(value);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  /** What undici, TLS or the system threw while a response was awaited or read. */
  #failureOf(error: unknown): unknown {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const isOfTheirs = /^(UND_|HPE_|E[A-Z]{3}|ERR_)/.test(code);
    return isOfTheirs
      ? new HttpsFailure(`${this.serverName} broke off: ${message}`, { cause: error })
      : error;
  }
}

/** What the certificate must carry: a name without the last dot, or an address without brackets. */
export function serverNameOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

async function connect(serverName: string, port: number, parts: HttpsParts, watch: Watch) {
  const { anchors, tls, clock, lookup } = parts;
  const addresses = isIP(serverName) === 0 ? await find(serverName, lookup, watch) : [serverName];
  const attempt = (address: string, lost: AbortSignal) => {
    const target: TlsTarget = {
      ...{ address, port, serverName, anchors },
      alpn: HTTP_ALPN,
      timeoutMs: CONNECT_WITHIN_MS,
      signal: AbortSignal.any([watch.signal, lost]),
    };
    return tls.connect(target);
  };
  try {
    const { socket } = await race(alternateFamilies(addresses).slice(0, ADDRESSES_MAX), clock, attempt);
    return socket;
  } catch (error) {
    watch.signal.throwIfAborted();
    const { reason } = describeConnectFailure(error);
    throw new HttpsFailure(`${serverName} cannot be connected to: ${reason}`, { cause: error });
  }
}

async function find(host: string, lookup: HttpsParts['lookup'], watch: Watch): Promise<readonly string[]> {
  const addresses = await watch.over(lookup(host)).catch((error) => {
    watch.signal.throwIfAborted();
    throw new HttpsFailure(`${host} cannot be looked up: ${(error as Error).message}`, { cause: error });
  });
  if (addresses.length === 0) throw new HttpsFailure(`${host} has no address`);
  return addresses;
}

/** A span of time, and the words of the failure when it is over. */
export interface Limit {
  readonly ms: number;
  readonly problem: string;
}

export interface WatchParts {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For all of it. */
  readonly whole: Limit;
  /** Without a word from the peer, be it a header or a piece of the body. */
  readonly stall?: Limit;
}

/** Ends what stalls or takes too long, and what nobody wants any more. */
export class Watch {
  readonly #parts: WatchParts;
  readonly #ended = Promise.withResolvers<never>();
  readonly #abort = new AbortController();
  readonly #whole: Timer;
  #stall: Timer | null;
  readonly #forget: () => void;

  /** @throws the signal's reason */
  constructor(parts: WatchParts) {
    const { signal } = parts;
    signal.throwIfAborted();
    this.#parts = parts;
    this.#ended.promise.catch(() => {});
    const abandon = () => this.#end(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    this.#forget = () => signal.removeEventListener('abort', abandon);
    this.#whole = this.#endAfter(parts.whole);
    this.#stall = parts.stall === undefined ? null : this.#endAfter(parts.stall);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** `wanted`, or the reason why it is not waited for any longer. */
  over<T>(wanted: Promise<T>): Promise<T> {
    return Promise.race([wanted, this.#ended.promise]);
  }

  heard(): void {
    const { stall } = this.#parts;
    if (stall === undefined) return;
    this.#stall?.cancel();
    this.#stall = this.#endAfter(stall);
  }

  close(): void {
    this.#forget();
    this.#whole.cancel();
    this.#stall?.cancel();
  }

  #endAfter({ ms, problem }: Limit): Timer {
    return this.#parts.clock.after(ms, () => this.#end(new HttpsFailure(problem)));
  }

  #end(reason: unknown): void {
    this.#ended.reject(reason);
    this.#abort.abort(reason);
  }
}
