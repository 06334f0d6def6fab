// The API of one CA (RFC 8555), spoken by acme-client over our own verified connections: signatures, nonces and the shape of
// requests are acme-client's; what is connected to, how long anything is waited for and what an error means is ours.
// `auto()` is not used: it knows neither profiles nor `replaces`, and looks names up by itself.

import { createRequire } from 'node:module';
import type { Client, Order } from 'acme-client';
import type { Clock } from '../clock/clock.ts';
import type { HttpsClient, HttpsResponse } from '../tls/https-client.ts';
import { type AcmeProblem, problemOf, readProblem } from './acme-problem.ts';
import { isObject } from './json-object.ts';
import { retryAfterMs } from './ledger.ts';
import {
  authorizationIn,
  chainIn,
  OrderFailed,
  orderIn,
  type StatedAuthorization,
  type StatedChallenge,
} from './stated.ts';
import { pause } from './waiting.ts';

/** A storm of refused nonces ends here; RFC 8555 section 6.5 has clients try again at least once. */
const BAD_NONCES_MAX = 10;
/** Between two looks at an order or an authorization, where the CA says nothing else. */
const POLL_MS = 2_000;
/** A CA that has not decided by then is asked again in the next attempt, for the same order. */
const DECIDED_WITHIN_MS = 300_000;

/** Of a problem inside an object that was had without one; an error of the request's own is never below this. */
const STATED_STATUS = 400;

const load = createRequire(import.meta.url);

export type AcmeClientPackage = typeof import('acme-client');

/** Loaded at first use: a server without ACME has no need of it, and a start none of the wait. */
export function acmeClient(): AcmeClientPackage {
  return load('acme-client') as AcmeClientPackage;
}

export interface Directory {
  readonly renewalInfo: string | null;
  /** Null: this CA has none. */
  readonly profiles: readonly string[] | null;
  /** Of its own answer, by the Date field; null: it sent none that can be read. */
  readonly dateMs: number | null;
}

export interface AcmeApiParts {
  /** URL of the CA's directory. */
  readonly directory: string;
  readonly account: { readonly keyPem: string; readonly url: string | null };
  readonly http: Pick<HttpsClient, 'request'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What acme-client's HttpClient is asked for, and gives. */
interface ClientResponse {
  readonly status: number;
  readonly headers: HttpsResponse['headers'];
  readonly data: unknown;
}

/** All methods reject with AcmeProblem, HttpsFailure or the signal's reason. */
export class AcmeApi {
  readonly #parts: AcmeApiParts;
  readonly #client: Client;
  /** Of the last answer. */
  #retryAfter: string | undefined;
  #badNonces = 0;

  constructor(parts: AcmeApiParts) {
    this.#parts = parts;
    const { directory, account } = parts;
    const client = new (acmeClient().Client)({
      directoryUrl: directory,
      accountKey: account.keyPem,
      ...(account.url === null ? {} : { accountUrl: account.url }),
    });
    // Its one way out. Its own, axios, would connect to names, retry for minutes and hide what went wrong.
    const { http } = client as unknown as {
      http: { request: unknown; maxBadNonceRetries: number };
    };
    http.request = (url: string, method: string, options: { data?: unknown } = {}) =>
      this.#request(url, method, options.data);
    http.maxBadNonceRetries = BAD_NONCES_MAX;
    this.#client = client;
  }

  /** Makes the account, or finds the one that the key has; resolves to its URL. */
  async register(email: string | null): Promise<string> {
    const contact = email === null ? {} : { contact: [`mailto:${email}`] };
    // The client's own createAccount would go on to change an account that is there already, to nothing, which CAs refuse.
    const { api } = this.#client as unknown as { api: { createAccount(account: object): Promise<unknown> } };
    await api.createAccount({ termsOfServiceAgreed: true, ...contact });
    return this.#client.getAccountUrl();
  }

  async createOrder(wanted: {
    readonly names: readonly string[];
    readonly profile: string | null;
    /** certificateIdOf() the one that it takes the place of (RFC 9773 section 5). */
    readonly replaces: string | null;
  }): Promise<Order> {
    const { names, profile, replaces } = wanted;
    const request = {
      identifiers: names.map((value) => ({ type: 'dns', value })),
      ...(profile === null ? {} : { profile }),
      ...(replaces === null ? {} : { replaces }),
    };
    return orderIn(await this.#client.createOrder(request));
  }

  async getOrder(url: string): Promise<Order> {
    return orderIn(await this.#client.getOrder({ url } as Order));
  }

  /** One after another: exchanges with a host are, and each has its own time. */
  async authorizationsOf({ authorizations }: Order): Promise<StatedAuthorization[]> {
    const stated: StatedAuthorization[] = [];
    for (const url of authorizations) stated.push(await this.#authorizationAt(url));
    return stated;
  }

  async #authorizationAt(url: string): Promise<StatedAuthorization> {
    const [stated] = await this.#client.getAuthorizations({ authorizations: [url] } as Order);
    return authorizationIn(stated);
  }

  keyAuthorizationOf(challenge: StatedChallenge): Promise<string> {
    return this.#client.getChallengeKeyAuthorization(challenge as never);
  }

  /** Tells the CA to look. */
  async complete(challenge: StatedChallenge): Promise<void> {
    await this.#client.completeChallenge(challenge as never);
  }

  /** The authorization once the CA has decided, or as it is when that takes too long. */
  decided(authorization: StatedAuthorization): Promise<StatedAuthorization> {
    return this.#poll(
      () => this.#authorizationAt(authorization.url),
      ({ status }) => status !== 'pending',
    );
  }

  /** Hands in the request for the certificate, and waits until it is made or refused. */
  async finalize(order: Order, csrPem: Uint8Array): Promise<Order> {
    const finalized = orderIn(await this.#client.finalizeOrder(order, Buffer.from(csrPem)));
    return isUnderWay(finalized) ? this.settled(order.url) : finalized;
  }

  /** The order once it is `valid` or `invalid`. */
  settled(orderUrl: string): Promise<Order> {
    return this.#poll(
      () => this.getOrder(orderUrl),
      (order) => !isUnderWay(order),
    );
  }

  /** The order once the CA has noticed that all its names are proven. */
  ready(orderUrl: string): Promise<Order> {
    return this.#poll(
      () => this.getOrder(orderUrl),
      ({ status }) => status !== 'pending',
    );
  }

  /** The chain of a valid order, PEM. */
  async certificateOf(order: Order): Promise<string> {
    return chainIn(await this.#client.getCertificate(order));
  }

  async #poll<T>(look: () => Promise<T>, isDone: (seen: T) => boolean): Promise<T> {
    const { clock } = this.#parts;
    const untilMs = clock.monotonic() + DECIDED_WITHIN_MS;
    for (let seen = await look(); ; seen = await look()) {
      if (isDone(seen) || clock.monotonic() >= untilMs) return seen;
      const askedMs = retryAfterMs(this.#retryAfter, clock.now().epochMs) ?? POLL_MS;
      const leftMs = untilMs - clock.monotonic(); // longer than that is for another attempt
      await pause(clock, Math.min(Math.max(askedMs, POLL_MS / 2), leftMs), this.#parts.signal);
    }
  }

  async #request(url: string, method: string, signed: unknown): Promise<ClientResponse> {
    const { http, signal } = this.#parts;
    const response = await http.request(
      {
        url,
        method: method.toUpperCase() as 'GET' | 'HEAD' | 'POST',
        ...(signed === undefined
          ? {}
          : { headers: { 'content-type': 'application/jose+json' }, body: JSON.stringify(signed) }),
      },
      signal,
    );
    const { status, headers } = response;
    this.#retryAfter = headers['retry-after'];
    if (status >= 400) this.#judge(readProblem(status, headers, response.body));
    else this.#badNonces = 0;
    if (status >= 300 && status < 400)
      throw new OrderFailed(
        `the CA answers with the HTTP status ${status}, and nobody is followed elsewhere`,
      );
    return { status, headers, data: contentOf(response) };
  }

  /** A refused nonce is acme-client's to try again, as long as that is not without end. */
  #judge(problem: AcmeProblem): void {
    if (problem.type !== 'badNonce') throw problem;
    this.#badNonces += 1;
    if (this.#badNonces > BAD_NONCES_MAX) throw problem;
  }
}

/** Asks for the directory alone: what the CA offers, and what time it has. @throws AcmeProblem, HttpsFailure */
export async function readDirectory(
  directory: string,
  http: Pick<HttpsClient, 'request'>,
  parseDate: (text: string) => number | null,
  signal: AbortSignal,
): Promise<Directory> {
  const response = await http.request({ url: directory, method: 'GET' }, signal);
  const { status } = response;
  if ([401, 403, 404, 405, 410].includes(status))
    throw new OrderFailed(
      `${directory} is no directory of an ACME CA (HTTP status ${status}); is its path right? step-ca has /acme/NAME/directory, Pebble /dir`,
    );
  if (status >= 400) throw readProblem(status, response.headers, response.body);
  const content = contentOf(response);
  if (typeof content === 'string' || typeof content.newOrder !== 'string')
    throw new OrderFailed(`what ${directory} answers is no directory of an ACME CA`);
  const meta = (content.meta ?? {}) as Record<string, unknown>;
  const textOf = (value: unknown) => (typeof value === 'string' ? value : null);
  return {
    renewalInfo: textOf(content.renewalInfo),
    profiles: typeof meta.profiles === 'object' && meta.profiles !== null ? Object.keys(meta.profiles) : null,
    dateMs: response.headers.date === undefined ? null : parseDate(response.headers.date),
  };
}

/** The problem that a challenge or an order carries (RFC 8555 sections 7.1.3 and 8). */
export function statedProblem(error: unknown): AcmeProblem {
  return problemOf(error, STATED_STATUS);
}

function isUnderWay({ status }: Order): boolean {
  return status === 'processing' || status === 'pending' || status === 'ready';
}

/** Text where it is PEM, else the object that it is: acme-client writes into what it is given. */
function contentOf({ body }: HttpsResponse): string | Record<string, unknown> {
  const text = Buffer.from(body).toString('utf8');
  if (text.startsWith('-----BEGIN ')) return text;
  try {
    const content: unknown = JSON.parse(text);
    return isObject(content) ? content : {};
  } catch {
    return {}; // whoever needs something of it says that it is not there
  }
}
