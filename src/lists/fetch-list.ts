// Fetches one list over HTTPS: a verified connection to an address, one GET, and on to where it redirects (RFC 9110
// section 15.4), each host verified anew. Conditional where there are validators. Nothing is taken on trust: length, pace
// and end of the body are bounded here, and a body that is not whole is a failure.
// What the octets mean, and what becomes of them, is the caller's.

import { isIP } from 'node:net';
import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../clock/clock.ts';
import type { TlsConnector, TlsTarget } from '../tls/connect.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { alternateFamilies, race } from '../tls/race.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import { HTTP_ALPN, undiciOver } from '../tls/undici-over.ts';
import type { Validators } from './kept-list.ts';
import { LIST_OCTETS_MAX } from './list-file.ts';

/** Releases on GitHub take one or two. Only https, so nobody on the way can send us elsewhere. */
const REDIRECTS_MAX = 3;
/** Addresses of one host that are tried. */
const ADDRESSES_MAX = 4;
/** As for an upstream: TCP and TLS together. */
const CONNECT_WITHIN_MS = 5_000;
/** Nothing came for so long, be it a header or a piece of the body. */
const STALL_MS = 15_000;
/** For all of it, redirects included: 64 MiB at 2 Mbit/s. */
const WHOLE_MS = 300_000;
/** Of a validator; a longer one is not kept. */
const VALIDATOR_CHARACTERS_MAX = 1_024;
const HTTPS_PORT = 443;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const OK = 200;
const NOT_MODIFIED = 304;

/** Why there is no list; the message is part of a sentence. */
export class FetchFailure extends Error {
  readonly code = 'list-fetch';
}

export interface FetchParts {
  readonly url: string;
  readonly anchors: TrustAnchors;
  /** Of the version that is here; null: there is none. */
  readonly validators: Validators | null;
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes the body, piece by piece and in order; what it throws ends the fetch. */
  readonly take: (octets: Uint8Array) => Promise<void>;
}

export type Fetched =
  | { readonly kind: 'unchanged' }
  /** All of the body has been taken. */
  | { readonly kind: 'whole'; readonly validators: Validators };

/** @throws FetchFailure, what `take` throws, or the signal's reason */
export async function fetchList(parts: FetchParts): Promise<Fetched> {
  const watch = new Watch(parts.clock, parts.signal);
  try {
    let url = new URL(parts.url);
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const result = await ask(url, parts, watch);
      if (result.kind !== 'redirect') return result;
      url = result.to;
    }
    throw new FetchFailure(`it redirects more than ${REDIRECTS_MAX} times`);
  } finally {
    watch.close();
  }
}

type Result = Fetched | { readonly kind: 'redirect'; readonly to: URL };

async function ask(url: URL, parts: FetchParts, watch: Watch): Promise<Result> {
  const serverName = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  const socket = await connect(serverName, port, parts, watch);
  try {
    const { promise: over, reject: end } = Promise.withResolvers<never>();
    const hungUp = () => end(new FetchFailure(`${serverName} closed the connection`));
    const client = undiciOver(socket, { serverName, port }, hungUp);
    const request = client.request({
      method: 'GET',
      path: url.pathname + url.search,
      headers: requestHeaders(parts.validators),
    });
    const response = await watch.over(Promise.race([request, over]));
    response.body.on('error', () => {}); // it may be cut off unread
    return await judge(response, url, parts, watch);
  } catch (error) {
    throw failureOf(error, serverName);
  } finally {
    socket.destroy();
  }
}

async function connect(serverName: string, port: number, parts: FetchParts, watch: Watch) {
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
    throw new FetchFailure(`${serverName} cannot be connected to: ${describeConnectFailure(error).reason}`);
  }
}

async function find(host: string, lookup: FetchParts['lookup'], watch: Watch): Promise<readonly string[]> {
  const addresses = await watch.over(lookup(host)).catch((error) => {
    watch.signal.throwIfAborted();
    throw new FetchFailure(`${host} cannot be looked up: ${(error as Error).message}`);
  });
  if (addresses.length === 0) throw new FetchFailure(`${host} has no address`);
  return addresses;
}

/** No compression: what a short text unfolds to is nobody's to choose. No cookie and no User-Agent. */
function requestHeaders(validators: Validators | null): Record<string, string> {
  const { etag = null, lastModified = null } = validators ?? {};
  return {
    'accept-encoding': 'identity',
    ...(etag === null ? {} : { 'if-none-match': etag }),
    ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
  };
}

async function judge(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  url: URL,
  { validators, take }: FetchParts,
  watch: Watch,
): Promise<Result> {
  if (REDIRECTS.has(statusCode)) return { kind: 'redirect', to: redirectOf(headers, url) };
  if (statusCode === NOT_MODIFIED) {
    if (validators !== null) return { kind: 'unchanged' };
    throw new FetchFailure('it says that nothing has changed, and nothing was fetched before');
  }
  if (statusCode !== OK) throw new FetchFailure(`it answers with the HTTP status ${statusCode}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new FetchFailure('it is compressed, which was not asked for');
  if (Number(headers['content-length'] ?? 0) > LIST_OCTETS_MAX) throw tooLong();
  await drain(body, take, watch); // undici fails a body that is not as long as its Content-Length
  return { kind: 'whole', validators: validatorsOf(headers) };
}

async function drain(
  body: Dispatcher.ResponseData['body'],
  take: FetchParts['take'],
  watch: Watch,
): Promise<void> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let octets = 0;
  for (;;) {
    const { done, value } = await watch.over(pieces.next());
    if (done) return;
    octets += value.length;
    if (octets > LIST_OCTETS_MAX) throw tooLong();
    if (value.length > 0) watch.heard();
    await take(value);
  }
}

function redirectOf({ location }: Dispatcher.ResponseData['headers'], from: URL): URL {
  const to = typeof location === 'string' && URL.canParse(location, from) ? new URL(location, from) : null;
  if (to === null) throw new FetchFailure('it redirects to nowhere');
  if (to.protocol !== 'https:' || to.username !== '' || to.password !== '') {
    throw new FetchFailure(`it redirects to ${to.protocol}//${to.host}, and only https:// is followed`);
  }
  return to;
}

function validatorsOf({
  etag,
  'last-modified': lastModified,
}: Dispatcher.ResponseData['headers']): Validators {
  return { etag: validator(etag), lastModified: validator(lastModified) };
}

function validator(value: string | string[] | undefined): string | null {
  const isUsable =
    typeof value === 'string' && value.length <= VALIDATOR_CHARACTERS_MAX && /^[ -~]+$/.test(value);
  return isUsable ? value : null;
}

function tooLong(): FetchFailure {
  return new FetchFailure(`it is longer than ${LIST_OCTETS_MAX} octets`);
}

/** What undici, TLS or the system threw while a response was awaited or read. */
function failureOf(error: unknown, serverName: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isOfTheirs = /^(UND_|HPE_|E[A-Z]{3}|ERR_)/.test(code);
  return isOfTheirs ? new FetchFailure(`${serverName} broke off: ${message}`) : error;
}

/** Ends what stalls or takes too long, and what nobody wants any more. */
class Watch {
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<never>();
  readonly #abort = new AbortController();
  readonly #whole: Timer;
  #stall: Timer;
  readonly #forget: () => void;

  constructor(clock: Clock, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#clock = clock;
    this.#ended.promise.catch(() => {});
    const abandon = () => this.#end(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    this.#forget = () => signal.removeEventListener('abort', abandon);
    this.#whole = clock.after(WHOLE_MS, () =>
      this.#end(new FetchFailure(`it was not here within ${WHOLE_MS / 1000} s`)),
    );
    this.#stall = this.#stallTimer();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** `wanted`, or the reason why it is not waited for any longer. */
  over<T>(wanted: Promise<T>): Promise<T> {
    return Promise.race([wanted, this.#ended.promise]);
  }

  heard(): void {
    this.#stall.cancel();
    this.#stall = this.#stallTimer();
  }

  close(): void {
    this.#forget();
    this.#whole.cancel();
    this.#stall.cancel();
  }

  #stallTimer(): Timer {
    return this.#clock.after(STALL_MS, () =>
      this.#end(new FetchFailure(`nothing came for ${STALL_MS / 1000} s`)),
    );
  }

  #end(reason: unknown): void {
    this.#ended.reject(reason);
    this.#abort.abort(reason);
  }
}
