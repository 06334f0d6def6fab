// What Cloudflare's API v4 answers, pure: the envelope { success, errors, result, result_info } read with care, and what
// is wrong in words for the owner (https://developers.cloudflare.com/fundamentals/api/reference/).
// All of it is the network's, so it is bounded, and no word of it is taken for anything but what it must be.

import { printable } from '../../config/value-error.ts';
import type { HttpsResponse } from '../../tls/https-client.ts';
import { isObject } from '../json-object.ts';

const ERRORS_MAX = 3;
const MESSAGE_CHARACTERS_MAX = 200;
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;
const TOO_MANY_REQUESTS = 429;
/** "Invalid request headers": an Authorization that Cloudflare takes for no token at all. */
const NO_TOKEN = 6003;
/** Zones and records are known by 32 hexadecimal digits. */
const ID = /^[\da-f]{32}$/;

export interface CloudflareError {
  /** 0 where there is none. */
  readonly code: number;
  /** Printable, at most 200 characters. */
  readonly message: string;
}

export interface CloudflareReply {
  readonly isSuccess: boolean;
  readonly status: number;
  /** At most three. */
  readonly errors: readonly CloudflareError[];
  /** Of a list, one for each object in it; of a single object, that one. */
  readonly results: readonly Readonly<Record<string, unknown>>[];
  /** Of a list; 1 where nothing is said. */
  readonly pages: number;
}

/** Null when it is not what the API documents: no JSON, or JSON of something else. */
export function readCloudflareReply({
  status,
  body,
}: Pick<HttpsResponse, 'status' | 'body'>): CloudflareReply | null {
  const envelope = objectOf(parsed(body));
  if (envelope === null || typeof envelope.success !== 'boolean') return null;
  const { errors, result, result_info: info } = envelope;
  const { total_count: total, per_page: perPage } = objectOf(info) ?? {};
  const pages = typeof total === 'number' && typeof perPage === 'number' ? Math.ceil(total / perPage) : 1;
  return {
    isSuccess: envelope.success && status >= 200 && status < 300,
    status,
    errors: (Array.isArray(errors) ? errors : []).slice(0, ERRORS_MAX).map(errorOf),
    results: (Array.isArray(result) ? result : [result]).map(objectOf).filter((one) => one !== null),
    pages: pages > 1 ? pages : 1,
  };
}

/** Part of a sentence that begins with "Cloudflare"; of a reply that is no success. */
export function cloudflareProblem(reply: CloudflareReply, tokenFile: string): string {
  const { status, errors } = reply;
  const said =
    errors.map(({ code, message }) => `${message} (${code})`).join(', ') || `HTTP status ${status}`;
  if (status === TOO_MANY_REQUESTS) {
    return `wants fewer requests for a while: ${said}; this is tried again later`;
  }
  if (status === UNAUTHORIZED || status === FORBIDDEN || errors.some(({ code }) => code === NO_TOKEN)) {
    return `refuses the API token in ${tokenFile}: ${said}; make one with the permissions Zone:Read and DNS:Edit for this zone`;
  }
  return `says: ${said}`;
}

export function hasError({ errors }: CloudflareReply, codes: ReadonlySet<number>): boolean {
  return errors.some(({ code }) => codes.has(code));
}

/** Null where it is no ID, and may not become a part of a path. */
export function idOf({ id }: Readonly<Record<string, unknown>>): string | null {
  return typeof id === 'string' && ID.test(id) ? id : null;
}

/** The reason of "Invalid request headers" and its like stands one level below. */
function errorOf(value: unknown): CloudflareError {
  const { code, message, error_chain: chain } = objectOf(value) ?? {};
  const below = objectOf(Array.isArray(chain) ? chain[0] : null)?.message;
  const words = [message, below].filter((one) => typeof one === 'string').join(': ');
  return {
    code: typeof code === 'number' ? code : 0,
    message: printable(words.slice(0, MESSAGE_CHARACTERS_MAX)) || 'no reason is given',
  };
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return null;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return isObject(value) ? value : null;
}
