// Fetches one list over HTTPS: a verified connection to an address, one GET, and on to where it redirects (RFC 9110
// section 15.4), each host verified anew. Conditional where there are validators. Nothing is taken on trust: length, pace
// and end of the body are bounded here, and a body that is not whole is a failure.
// What the octets mean, and what becomes of them, is the caller's.

import {
  type HttpsAnswer,
  HttpsConnection,
  HttpsFailure,
  type HttpsParts,
  Watch,
} from '../tls/https-connection.ts';
import type { Validators } from './kept-list.ts';
import { LIST_OCTETS_MAX } from './list-file.ts';

/** Releases on GitHub take one or two. Only https, so nobody on the way can send us elsewhere. */
const REDIRECTS_MAX = 3;
/** Nothing came for so long, be it a header or a piece of the body. */
const STALL_MS = 15_000;
/** For all of it, redirects included: 64 MiB at 2 Mbit/s. */
const WHOLE_MS = 300_000;
/** Of a validator; a longer one is not kept. */
const VALIDATOR_CHARACTERS_MAX = 1_024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const OK = 200;
const NOT_MODIFIED = 304;

export interface FetchParts extends HttpsParts {
  readonly url: string;
  /** Of the version that is here; null: there is none. */
  readonly validators: Validators | null;
  readonly signal: AbortSignal;
  /** Takes the body, piece by piece and in order; what it throws ends the fetch. */
  readonly take: (octets: Uint8Array) => Promise<void>;
}

export type Fetched =
  | { readonly kind: 'unchanged' }
  /** All of the body has been taken. */
  | { readonly kind: 'whole'; readonly validators: Validators };

/** @throws HttpsFailure, what `take` throws, or the signal's reason */
export async function fetchList(parts: FetchParts): Promise<Fetched> {
  const watch = new Watch({
    clock: parts.clock,
    signal: parts.signal,
    whole: { ms: WHOLE_MS, problem: `it was not here within ${WHOLE_MS / 1000} s` },
    stall: { ms: STALL_MS, problem: `nothing came for ${STALL_MS / 1000} s` },
  });
  try {
    let url = new URL(parts.url);
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
      const result = await ask(url, parts, watch);
      if (result.kind !== 'redirect') return result;
      url = result.to;
    }
    throw new HttpsFailure(`it redirects more than ${REDIRECTS_MAX} times`);
  } finally {
    watch.close();
  }
}

type Result = Fetched | { readonly kind: 'redirect'; readonly to: URL };

async function ask(url: URL, parts: FetchParts, watch: Watch): Promise<Result> {
  const connection = await HttpsConnection.open(url, parts, watch);
  try {
    const path = url.pathname + url.search;
    const headers = requestHeaders(parts.validators);
    const answer = await connection.request({ method: 'GET', path, headers }, watch);
    const verdict = judge(answer, url, parts.validators);
    if (verdict.kind === 'whole') await connection.read(answer.body, bounded(parts.take), watch);
    return verdict;
  } finally {
    connection.close();
  }
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

/** What the head says; where that is `whole`, the body is still to come. */
function judge({ statusCode, headers }: HttpsAnswer, url: URL, validators: Validators | null): Result {
  if (REDIRECTS.has(statusCode)) return { kind: 'redirect', to: redirectOf(headers, url) };
  if (statusCode === NOT_MODIFIED) {
    if (validators !== null) return { kind: 'unchanged' };
    throw new HttpsFailure('it says that nothing has changed, and nothing was fetched before');
  }
  if (statusCode !== OK) throw new HttpsFailure(`it answers with the HTTP status ${statusCode}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new HttpsFailure('it is compressed, which was not asked for');
  if (Number(headers['content-length'] ?? 0) > LIST_OCTETS_MAX) throw tooLong();
  return { kind: 'whole', validators: validatorsOf(headers) };
}

function bounded(take: FetchParts['take']): FetchParts['take'] {
  let octets = 0;
  return (piece) => {
    octets += piece.length;
    if (octets > LIST_OCTETS_MAX) throw tooLong();
    return take(piece);
  };
}

function redirectOf({ location }: HttpsAnswer['headers'], from: URL): URL {
  const to = typeof location === 'string' && URL.canParse(location, from) ? new URL(location, from) : null;
  if (to === null) throw new HttpsFailure('it redirects to nowhere');
  if (to.protocol !== 'https:' || to.username !== '' || to.password !== '') {
    throw new HttpsFailure(`it redirects to ${to.protocol}//${to.host}, and only https:// is followed`);
  }
  return to;
}

function validatorsOf({ etag, 'last-modified': lastModified }: HttpsAnswer['headers']): Validators {
  return { etag: validator(etag), lastModified: validator(lastModified) };
}

function validator(value: string | string[] | undefined): string | null {
  const isUsable =
    typeof value === 'string' && value.length <= VALIDATOR_CHARACTERS_MAX && /^[ -~]+$/.test(value);
  return isUsable ? value : null;
}

function tooLong(): HttpsFailure {
  return new HttpsFailure(`it is longer than ${LIST_OCTETS_MAX} octets`);
}
