// The Date of an HTTPS response as a time source (RFC 9110 section 6.6.1). A verified connection first, then one HEAD
// request, of which only the header fields are read; any status will do. Of several addresses the first that answers
// counts, so one host has one vote. While the clock is untrusted the connection is a relaxed one.

import type { Dispatcher } from 'undici';
import type { Clock } from '../clock/clock.ts';
import { HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import type { TlsConnector, TlsTarget, VerifiedSocket } from '../tls/connect.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { alternateFamilies, race } from '../tls/race.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import { HTTP_ALPN, undiciOver } from '../tls/undici-over.ts';
import { parseHttpDate } from './http-date.ts';
import { ANSWER_WITHIN_MS, MAX_DELAY_MS, type Sample, type TimeSource, TimeSourceFailure } from './source.ts';

/** Addresses of one host that are asked in one round. */
const MAX_ADDRESSES = 4;
/** A Date names a whole second, and the moment lies somewhere in it. */
const HALF_SECOND_MS = 500;
/**
 * Some servers keep the text of the Date and renew it once a second by a timer (fasthttp sleeps a second between
 * renewals, so it may be that old; RFC 9110 section 6.6.1 allows "any time during message origination"). The bound
 * allows for that, lest such a server veto an exact NTP. The middle does not: most servers are not late.
 */
const STALE_DATE_MS = 1000;
const SHOWN_CHARACTERS = 40;

export interface HttpsDateParts extends Pick<TimeSource, 'url' | 'leastPauseMs'> {
  /** The name, or address, that the certificate must carry. */
  readonly host: string;
  /** Addresses to connect to, never empty. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly path: string;
  readonly anchors: TrustAnchors;
  readonly pins: readonly string[];
  /** Null: the host has a vote of its own. */
  readonly operator: string | null;
  readonly prefer: boolean;
  readonly trusted: boolean;
  readonly tls: Pick<TlsConnector, 'connect' | 'connectRelaxed'>;
  readonly clock: Clock;
}

type Headers = Dispatcher.ResponseData['headers'];

/** The header fields of a response, and the monotonic instants before the request and after them. */
interface Head {
  readonly headers: Headers;
  readonly sentMs: number;
  readonly receivedMs: number;
}

export class HttpsDateSource implements TimeSource {
  readonly #parts: HttpsDateParts;
  readonly url: string;
  readonly peer: string;
  readonly vote: string;
  readonly isAuthenticated = true;
  readonly isNear = false;
  readonly isPreferred: boolean;
  readonly isTrusted: boolean;
  readonly leastPauseMs: number;

  constructor(parts: HttpsDateParts) {
    const { host, addresses } = parts;
    this.#parts = parts;
    this.url = parts.url;
    this.peer = addresses.includes(host) ? host : `${host} at ${addresses.join(', ')}`;
    this.vote = parts.operator ?? host;
    this.isPreferred = parts.prefer;
    this.isTrusted = parts.trusted;
    this.leastPauseMs = parts.leastPauseMs;
  }

  async sample(signal: AbortSignal): Promise<Sample> {
    signal.throwIfAborted();
    const { addresses, clock } = this.#parts;
    const ask = (address: string, lost: AbortSignal) => this.#ask(address, AbortSignal.any([signal, lost]));
    try {
      return await race(alternateFamilies(addresses).slice(0, MAX_ADDRESSES), clock, ask);
    } catch (error) {
      signal.throwIfAborted();
      throw failureOf(error as AggregateError);
    }
  }

  async #ask(address: string, signal: AbortSignal): Promise<Sample> {
    const verified = await this.#connect(address, signal);
    const { headers, sentMs, receivedMs } = await this.#head(verified.socket, signal);
    const delayMs = receivedMs - sentMs;
    return {
      utcMs: dateOf(headers) + HALF_SECOND_MS,
      atMs: sentMs + delayMs / 2,
      boundMs: HALF_SECOND_MS + STALE_DATE_MS + delayMs / 2,
      delayMs,
      isProvenAt: verified.isValidAt,
    };
  }

  #connect(address: string, signal: AbortSignal): Promise<VerifiedSocket> {
    const { host, port, anchors, pins, tls, clock } = this.#parts;
    const target: TlsTarget = {
      address,
      port,
      serverName: host,
      anchors,
      pins,
      alpn: HTTP_ALPN,
      timeoutMs: ANSWER_WITHIN_MS,
      signal,
    };
    // The hard floor and not the stamp, which may be wrong itself: two sources like this one can then withdraw it.
    // Whoever takes the sample judges the chain again, at the time that is agreed.
    return clock.status.state === 'untrusted'
      ? tls.connectRelaxed(target, HARD_FLOOR_MS)
      : tls.connect(target);
  }

  async #head(socket: VerifiedSocket['socket'], signal: AbortSignal): Promise<Head> {
    const { host, port, path, clock } = this.#parts;
    // Not undici's own signal, which a request heeds only once it has been sent.
    const { promise: ended, reject: end } = Promise.withResolvers<never>();
    const abort = () => end(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const timer = clock.after(MAX_DELAY_MS, () => end(tooSlow()));
    const over = () => end(new Error('it closed the connection'));
    const client = undiciOver(socket, { serverName: host, port }, over);
    const sentMs = clock.monotonic();
    const request = client.request({
      method: 'HEAD',
      path,
      headers: { 'cache-control': 'no-cache' }, // RFC 9111 section 5.2.1.4: no answer out of a cache
    });
    try {
      const { headers, body } = await Promise.race([request, ended]);
      const receivedMs = clock.monotonic();
      body.on('error', () => {}); // it is cut off unread
      if (receivedMs - sentMs > MAX_DELAY_MS) throw tooSlow();
      return { headers, sentMs, receivedMs };
    } finally {
      timer.cancel();
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  }
}

/**
 * Milliseconds since 1970.
 * @throws TimeSourceFailure
 */
function dateOf({ date, age }: Headers): number {
  if (age !== undefined && age !== '0') {
    throw new TimeSourceFailure('refused', `a cache answered in its place (Age: ${shown(age)})`);
  }
  if (date === undefined) throw new TimeSourceFailure('refused', 'it sent no Date');
  const epochMs = typeof date === 'string' ? parseHttpDate(date) : null;
  if (epochMs === null) {
    throw new TimeSourceFailure('refused', `its Date is no HTTP date: ${shown(date)}`);
  }
  return epochMs;
}

function tooSlow(): TimeSourceFailure {
  return new TimeSourceFailure('refused', `its answer took longer than ${MAX_DELAY_MS} ms`);
}

/** Of several addresses, one that answered and was refused tells most. */
function failureOf(error: AggregateError): TimeSourceFailure {
  const refused = error.errors.find((one) => one instanceof TimeSourceFailure);
  if (refused !== undefined) return refused;
  const { reason, isUntrusted } = describeConnectFailure(error);
  return new TimeSourceFailure(isUntrusted ? 'refused' : 'silent', reason);
}

function shown(value: string | string[]): string {
  return JSON.stringify(String(value).slice(0, SHOWN_CHARACTERS));
}
