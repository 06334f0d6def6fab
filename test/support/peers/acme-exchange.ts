// One request at the ACME front and its answer, as plain values: which resource it is for, what its JWS says,
// problem documents (RFC 8555 section 6.7), and the way through to Pebble.

import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { Pebble } from './pebble.ts';

/** Resources by Pebble's paths; those with a last slash go on with an id. */
const RESOURCES = {
  '/dir': 'directory',
  '/nonce-plz': 'newNonce',
  '/sign-me-up': 'newAccount',
  '/my-account/': 'account',
  '/order-plz': 'newOrder',
  '/my-order/': 'order',
  '/authZ/': 'authorization',
  '/chalZ/': 'challenge',
  '/finalize-order/': 'finalize',
  '/certZ/': 'certificate',
  '/revoke-cert': 'revokeCert',
  '/rollover-account-key': 'keyChange',
  '/renewal-info/': 'renewalInfo',
} as const;

export type AcmeResource = (typeof RESOURCES)[keyof typeof RESOURCES];
export const RENEWAL_INFO_PATH = '/renewal-info';
const NEW_NONCE_PATH = '/nonce-plz';

export const ACME_ERROR_PREFIX = 'urn:ietf:params:acme:error:';
/** Types of RFC 8555 section 6.7, RFC 9773 and draft-aaron-acme-profiles, with a status that suits each. */
export const ACME_ERRORS = {
  accountDoesNotExist: 400,
  alreadyReplaced: 409,
  alreadyRevoked: 400,
  badCSR: 400,
  badNonce: 400,
  badPublicKey: 400,
  badRevocationReason: 400,
  badSignatureAlgorithm: 400,
  caa: 403,
  compound: 400,
  connection: 400,
  dns: 400,
  externalAccountRequired: 400,
  incorrectResponse: 400,
  invalidContact: 400,
  invalidProfile: 400,
  malformed: 400,
  orderNotReady: 403,
  rateLimited: 429,
  rejectedIdentifier: 400,
  serverInternal: 500,
  tls: 400,
  unauthorized: 403,
  unsupportedContact: 400,
  unsupportedIdentifier: 400,
  userActionRequired: 403,
} as const;
export type AcmeErrorType = keyof typeof ACME_ERRORS;

export interface Problem {
  /** Absent: no problem document, but a page such as a proxy before a CA sends. */
  readonly type?: AcmeErrorType;
  /** Default: what suits the type; 503 without one. */
  readonly status?: number;
  readonly detail?: string;
  /** The header, as it stands: seconds or an HTTP date. */
  readonly retryAfter?: string;
  /** More members of the document: `subproblems`, `instance`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly resource: AcmeResource | undefined;
  /** The Host header, or `:authority`: from it Pebble builds its URLs, and the JWS names it. */
  readonly host: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Reply {
  status: number;
  headers: Record<string, string | readonly string[]>;
  body: Buffer;
}

export function resourceOf(path: string): AcmeResource | undefined {
  const found = Object.entries(RESOURCES).find(([own]) =>
    own.endsWith('/') ? path.startsWith(own) : path === own,
  );
  return found?.[1];
}

/** The last part of a URL or path: the same for an order and for its finalization. */
export function idOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

/** The payload of a JWS, unverified; undefined where it is none, or empty as in POST-as-GET. */
export function payloadOf(asked: Asked): Record<string, unknown> | undefined {
  try {
    const { payload } = JSON.parse(asked.body.toString());
    return JSON.parse(Buffer.from(payload, 'base64url').toString());
  } catch {
    return undefined;
  }
}

export function jsonReply(value: unknown, status = 200, type = 'application/json'): Reply {
  return { status, headers: { 'content-type': type }, body: Buffer.from(JSON.stringify(value)) };
}

export function problemReply({ type, status, detail = 'So the test wills it.', ...rest }: Problem): Reply {
  const code = status ?? (type === undefined ? 503 : ACME_ERRORS[type]);
  const document = { type: `${ACME_ERROR_PREFIX}${type}`, detail, status: code, ...rest.more };
  const reply =
    type === undefined
      ? {
          status: code,
          headers: { 'content-type': 'text/html' },
          body: Buffer.from(`<html>${detail}</html>`),
        }
      : jsonReply(document, code, 'application/problem+json');
  if (rest.retryAfter === undefined) return reply;
  return { ...reply, headers: { ...reply.headers, 'retry-after': rest.retryAfter } };
}

/** A JSON body changed in place; anything else stays as it is. */
export function editJson(reply: Reply, edit: (body: Record<string, unknown>) => void): void {
  if (!String(reply.headers['content-type']).includes('json')) return;
  const body = JSON.parse(reply.body.toString());
  edit(body);
  reply.body = Buffer.from(JSON.stringify(body));
}

/** Headers about a connection, which is another one on each side of the front. */
const OF_THE_CONNECTION =
  /^(?::.*|connection|keep-alive|transfer-encoding|content-length|host|date|te|upgrade)$/;

export interface Passage {
  forward(asked: Asked): Promise<Reply>;
  freshNonce(): Promise<string>;
  close(): void;
}

/** The way to Pebble: HTTP/1.1, under the host that the client named. */
export function passageTo({ port, apiCaFile }: Pick<Pebble, 'port' | 'apiCaFile'>): Passage {
  const agent = new Agent({ keepAlive: true, ca: readFileSync(apiCaFile) });
  const forward = ({ method, path, host, headers, body }: Asked) =>
    new Promise<Reply>((resolve, reject) => {
      const outgoing = request({
        agent,
        host: '127.0.0.1',
        // SNI has no place for an address; without one Node would send what the Host header says.
        servername: '',
        port,
        method,
        path,
        headers: { ...ofTheMessage(headers), host, 'content-length': body.length },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const { statusCode = 502, headers } = response;
          resolve({ status: statusCode, headers: ofTheMessage(headers), body: Buffer.concat(chunks) });
        });
      });
      outgoing.end(body);
    });
  return {
    forward,
    freshNonce: async () => {
      const asked = {
        method: 'HEAD',
        path: NEW_NONCE_PATH,
        host: 'front',
        headers: {},
        body: Buffer.alloc(0),
      };
      const { headers } = await forward({ ...asked, resource: 'newNonce' });
      return String(headers['replay-nonce']);
    },
    close: () => agent.destroy(),
  };
}

function ofTheMessage(headers: IncomingHttpHeaders): Record<string, string | readonly string[]> {
  const kept = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.test(name));
  return Object.fromEntries(kept) as Record<string, string | readonly string[]>;
}
