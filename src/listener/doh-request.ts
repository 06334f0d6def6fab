// What an HTTP request asks of a DoH server (RFC 8484 section 4.1), judged without touching a socket.
// A request is a query in octets, a body to be read first, or a status with a sentence for whoever debugs a client.
// The parameter `dns` asks for a message, `name` for JSON (doh-json-request.ts), whatever the Accept field says.

import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { DNS_JSON } from './doh-json.ts';
import { JsonQueryError, readJsonQuery } from './doh-json-request.ts';

export const DNS_MESSAGE = 'application/dns-message';
export const DOH_PATH = '/dns-query';
/** From the fields of a request to the end of its body. */
export const BODY_TIMEOUT_MS = 10_000;
/** A client whose connection ends while it sends is given this long to read why; a few round trips around the world. */
export const FAREWELL_MS = 500;
/** A body that is over the limit and announced as no longer than this is read to its end, so that the connection lives. */
const MAX_DISCARDED_OCTETS = 1 << 20;

export interface Refusal {
  readonly status: 400 | 404 | 405 | 408 | 413 | 415;
  readonly message: string;
  /** Said as JSON; else as plain text. */
  readonly asJson?: true;
}

export type DohRequest =
  | { readonly query: Uint8Array; readonly answerAs: AnswerForm }
  | { readonly readBody: true }
  | Refusal;

export type AnswerForm = 'message' | 'json';

export const MEDIA_TYPES: Readonly<Record<AnswerForm, string>> = { message: DNS_MESSAGE, json: DNS_JSON };

export interface RequestHead {
  readonly method: string;
  /** Path and query string, in HTTP/1.1 perhaps behind the origin. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly contentLength: string | undefined;
  /** A request of HTTP/1.1 must have one (RFC 9112 section 3.2). */
  readonly lacksHost?: boolean;
}

export const TOO_LARGE: Refusal = {
  status: 413,
  message: `a DNS message has at most ${MAX_MESSAGE_OCTETS} octets`,
};
export const TOO_SLOW: Refusal = { status: 408, message: 'the body did not arrive in time' };

/** Is there no hope of reading the body, which has `leftOctets` as far as one knows, to its end? */
export function isEndless({ status }: Refusal, leftOctets: number): boolean {
  return status === 408 || (status === 413 && leftOctets > MAX_DISCARDED_OCTETS);
}

/** Fields of a response that refuses, but for the Date. */
export function refusalFields({ status, asJson }: Refusal, bodyOctets: number): [string, string][] {
  const fields: [string, string][] = [
    ['content-type', asJson ? DNS_JSON : 'text/plain; charset=utf-8'],
    ['content-length', String(bodyOctets)],
  ];
  if (status === 405) fields.push(['allow', 'GET, HEAD, POST']);
  return fields;
}

/** Scheme and authority, which a server takes and a proxy needs (RFC 9112 section 3.2.2). */
const ORIGIN = /^https?:\/\/[^/?]*/i;

export function judgeRequest(head: RequestHead): DohRequest {
  if (head.lacksHost) return { status: 400, message: 'the request has no Host field (RFC 9112 section 3.2)' };
  const target = head.target.startsWith('/') ? head.target : head.target.replace(ORIGIN, '');
  const pathEnd = target.indexOf('?');
  const path = pathEnd < 0 ? target : target.slice(0, pathEnd);
  if (path !== DOH_PATH) return { status: 404, message: `queries go to ${DOH_PATH}` };
  if (head.method === 'GET' || head.method === 'HEAD')
    return queryInUrl(pathEnd < 0 ? '' : target.slice(pathEnd + 1));
  if (head.method !== 'POST') return { status: 405, message: 'use GET, HEAD or POST' };
  const [mediaType] = (head.contentType ?? '').split(';', 1) as [string];
  if (mediaType.trim().toLowerCase() !== DNS_MESSAGE)
    return { status: 415, message: `send content-type: ${DNS_MESSAGE}` };
  return Number(head.contentLength ?? 0) > MAX_MESSAGE_OCTETS ? TOO_LARGE : { readBody: true };
}

function queryInUrl(search: string): DohRequest {
  const parameter = search.split('&').find((pair) => pair.startsWith('dns='));
  if (parameter !== undefined) return encodedQuery(parameter.slice('dns='.length));
  const parameters = new URLSearchParams(search);
  if (parameters.has('name')) return writtenQuery(parameters);
  return {
    status: 400,
    message: 'the URL lacks ?dns=, the query in base64url, or ?name= for an answer in JSON',
  };
}

function writtenQuery(parameters: URLSearchParams): DohRequest {
  try {
    return { query: readJsonQuery(parameters), answerAs: 'json' };
  } catch (error) {
    if (!(error instanceof JsonQueryError)) throw error;
    return { status: 400, message: error.message, asJson: true };
  }
}

/** Base64url without padding (RFC 8484 section 6). */
function encodedQuery(encoded: string): DohRequest {
  if (!/^[A-Za-z0-9_-]+$/.test(encoded) || encoded.length % 4 === 1) {
    return {
      status: 400,
      message: 'the parameter dns is not base64url without padding (RFC 4648 section 5)',
    };
  }
  const query = Buffer.from(encoded, 'base64url');
  return query.length > MAX_MESSAGE_OCTETS ? TOO_LARGE : { query, answerAs: 'message' };
}
