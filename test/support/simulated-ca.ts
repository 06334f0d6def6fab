// An ACME CA in this process that lives by a clock of the test's: it answers HTTP requests as values, believes every
// signature and every challenge, and issues real certificates with dates of that clock. For stories of months; what real
// CAs demand is shown by Pebble (peers/pebble.ts).

import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate as X509,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Clock } from '../../src/clock/clock.ts';
import type { HttpsRequest, HttpsResponse } from '../../src/tls/https-client.ts';
import { type Authority, makeAuthority, newKey } from '../../src/tls/local-ca-signing.ts';

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** RFC 5280 section 4.2.1.6. */
const SUBJECT_ALT_NAME = '2.5.29.17';
const HOST = 'https://ca.example';
const DAY_MS = 86_400_000;

export interface SimulatedOrder {
  readonly names: readonly string[];
  readonly replaces?: string;
  readonly profile?: string;
  /** Names that it has looked at. */
  readonly seen: Set<string>;
  status: string;
  certificate?: string;
}

export interface SimulatedCaOptions {
  readonly clock: Clock;
  readonly lifetimeMs?: number;
  /** Its Date field, milliseconds since 1970; default: that of the clock. Null: it sends none. */
  readonly dateMs?: () => number | null;
}

export class SimulatedCa {
  readonly directory = `${HOST}/directory`;
  readonly orders: SimulatedOrder[] = [];
  /** "POST newOrder", in the order they came. */
  readonly requests: string[] = [];
  /** Answers in its place where it gives something: a resource such as "newOrder". */
  refuse: (
    resource: string,
  ) => { status: number; type?: string; detail?: string; retryAfter?: string } | null = () => null;
  /** Names that it never finds proven. */
  readonly blindTo = new Set<string>();
  /** What it states of an authorization; a hostile one states something else. */
  authorization = (name: string, id: string): Record<string, unknown> => ({
    identifier: { type: 'dns', value: name.replace(/^\*\./, '') },
    wildcard: name.startsWith('*.'),
    challenges: [
      {
        type: 'http-01',
        url: `${HOST}/challenge/${id}`,
        status: 'pending',
        token: `a-token-of-22-letters-${id}`,
      },
    ],
  });
  /** The window that is recommended for whatever is asked about; null: the CA knows no renewal information. */
  window: { readonly start: string; readonly end: string } | null = null;
  readonly #options: SimulatedCaOptions;
  #authority: Authority | null = null;

  constructor(options: SimulatedCaOptions) {
    this.#options = options;
  }

  /** PEM of its root, once it has issued. */
  get rootPem(): string {
    return this.#authority!.certificate.toString();
  }

  async request({ url, method, body }: HttpsRequest): Promise<HttpsResponse> {
    const [resource = '', id = ''] = new URL(url).pathname.slice(1).split('/');
    this.requests.push(`${method} ${resource}`);
    const refusal = this.refuse(resource);
    if (refusal !== null) {
      const { status, type, detail = 'so it is', retryAfter } = refusal;
      const problem = { detail, ...(type ? { type: `urn:ietf:params:acme:error:${type}` } : {}) };
      return this.#reply(status, problem, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
    }
    const signed = body === undefined ? null : (JSON.parse(body) as { payload: string });
    const payload = signed?.payload ? JSON.parse(Buffer.from(signed.payload, 'base64url').toString()) : null;
    return this.#answer(resource, id, payload);
  }

  close(): void {}

  async #answer(
    resource: string,
    path: string,
    payload: Record<string, unknown> | null,
  ): Promise<HttpsResponse> {
    const [id, nth] = path.split('-').map(Number) as [number, number];
    const order = this.orders[id];
    const name = order?.names[nth] ?? '';
    switch (resource) {
      case 'directory':
        return this.#reply(200, {
          ...Object.fromEntries(
            ['newNonce', 'newAccount', 'newOrder'].map((name) => [name, `${HOST}/${name}`]),
          ),
          ...(this.window === null ? {} : { renewalInfo: `${HOST}/renewalInfo` }),
        });
      case 'renewalInfo':
        return this.#reply(200, { suggestedWindow: this.window }, { 'retry-after': '3600' });
      case 'newAccount':
        return this.#reply(201, { status: 'valid' }, { location: `${HOST}/account/1` });
      case 'newOrder': {
        const { identifiers, ...rest } = payload as { identifiers: { value: string }[] };
        const names = identifiers.map(({ value }) => value);
        this.orders.push({ ...rest, names, seen: new Set(), status: 'pending' });
        return this.#order(this.orders.length - 1, 201);
      }
      case 'order':
        return this.#order(id);
      case 'authorization': {
        const isBlind = this.blindTo.has(name);
        const status = !order!.seen.has(name) ? 'pending' : isBlind ? 'invalid' : 'valid';
        const stated = { status, ...this.authorization(name, path) };
        if (status !== 'invalid') return this.#reply(200, stated);
        const error = { type: 'urn:ietf:params:acme:error:unauthorized', detail: `nothing at ${name}` };
        const challenge = { type: 'http-01', url: `${HOST}/challenge/${path}`, status: 'invalid', error };
        return this.#reply(200, { ...stated, challenges: [challenge] });
      }
      case 'challenge':
        order!.seen.add(name);
        if (order!.seen.size === order!.names.length) order!.status = 'ready';
        return this.#reply(200, { type: 'http-01', status: 'processing' });
      case 'finalize':
        order!.certificate = await this.#issue(String(payload!.csr));
        order!.status = 'valid';
        return this.#order(id);
      case 'certificate':
        return this.#reply(200, order!.certificate!, { 'content-type': 'application/pem-certificate-chain' });
      default:
        return this.#reply(200, {});
    }
  }

  #order(id: number, status = 200): HttpsResponse {
    const content = {
      status: this.orders[id]!.status,
      authorizations: this.orders[id]!.names.map((_, nth) => `${HOST}/authorization/${id}-${nth}`),
      finalize: `${HOST}/finalize/${id}`,
      certificate: `${HOST}/certificate/${id}`,
    };
    return this.#reply(status, content, { location: `${HOST}/order/${id}` });
  }

  #reply(status: number, content: unknown, fields: Record<string, string> = {}): HttpsResponse {
    const { clock, dateMs = () => clock.now().epochMs } = this.#options;
    const date = dateMs();
    const headers = {
      ...{ 'content-type': 'application/json', 'replay-nonce': 'nonce' },
      ...(date === null ? {} : { date: new Date(date).toUTCString() }),
      ...fields,
    };
    const body = typeof content === 'string' ? content : JSON.stringify(content);
    return { status, headers, body: Buffer.from(body) };
  }

  async #issue(csr: string): Promise<string> {
    const { clock, lifetimeMs = 90 * DAY_MS } = this.#options;
    const nowMs = clock.now().epochMs;
    const long = { notBeforeMs: nowMs - DAY_MS, notAfterMs: nowMs + 20 * 365 * DAY_MS };
    this.#authority ??= await makeAuthority('simulated', newKey(), long);
    const issuer = new X509(this.#authority.certificate.raw);
    const request = new Pkcs10CertificateRequest(Buffer.from(csr, 'base64url'));
    const names = request.getExtension(SUBJECT_ALT_NAME)!.rawData;
    const leaf = await X509CertificateGenerator.create({
      subject: 'CN=simulated',
      issuer: issuer.subjectName,
      publicKey: request.publicKey.rawData,
      signingKey: createPrivateKey(this.#authority.key.export({ type: 'pkcs8', format: 'pem' })).toCryptoKey(
        ECDSA_P256,
        false,
        ['sign'],
      ),
      signingAlgorithm: ECDSA_P256,
      notBefore: new Date(nowMs),
      notAfter: new Date(nowMs + lifetimeMs),
      extensions: [
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ],
    });
    return new X509Certificate(Buffer.from(leaf.rawData)).toString() + this.rootPem;
  }
}
