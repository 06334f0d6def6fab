// What each admin path answers, as plain values, and the fields that every answer carries. No answer is stored, framed,
// sniffed or handed to another origin, and the page may load nothing but its own style.

import { isIP } from 'node:net';
import { typeNumber } from '../dns/codes.ts';
import { type NameKey, NameSyntaxError, nameKey, parseName } from '../dns/names.ts';
import type { Explained, ExplainQuestion } from '../resolver/explained.ts';
import { METRICS_TYPE, metricsText } from '../status/metrics.ts';
import type { Status } from '../status/status.ts';
import { REFRESH_SECONDS, statusPage } from '../web/status-page.ts';
import { STYLE_HASH } from '../web/status-page-style.ts';
import type { AdminRoute } from './admin-request.ts';
import { certificateName, type Renew } from './renewals.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Beside those that every answer carries. */
  readonly fields?: Readonly<Record<string, string>>;
}

export interface AdminSubject {
  readonly status: () => Status;
  /** Forgets the stamp; resolves with a sentence that says what that means. */
  readonly forgetStamp: () => Promise<string>;
  /** Forgets the answers to a name, with `below` those to all names under it as well; null: all. How many they were. */
  readonly flushCache: (name: NameKey | null, below: boolean) => number;
  /** Orders a new certificate from its CA, or rehearses that; resolves with what came of it, perhaps after minutes. */
  readonly renewCertificate: Renew;
  /** Asks the real chain, and says who answered. */
  readonly explainName: (question: ExplainQuestion) => Promise<Explained>;
}

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json';

/** On every answer. `same-origin`, as a page elsewhere has nothing to embed here. */
export const COMMON_FIELDS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src '${STYLE_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** A sentence as an answer. */
export function textAnswer(
  status: number,
  message: string,
  fields: Readonly<Record<string, string>> = {},
): AdminAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${message}\n`, fields };
}

/** `query`: what follows the question mark; `accept`: the field, as it was sent. */
export async function answerAdmin(
  route: AdminRoute,
  { query, accept }: { readonly query: string; readonly accept: string },
  subject: AdminSubject,
): Promise<AdminAnswer> {
  const { status, forgetStamp } = subject;
  switch (route) {
    case 'health':
      return textAnswer(200, 'ok');
    case 'ready':
      return readiness(status().notReady, accept);
    case 'status':
      return jsonAnswer(status());
    case 'metrics':
      return { status: 200, type: METRICS_TYPE, body: metricsText(status()) };
    case 'explain':
      return explain(new URLSearchParams(query), subject);
    case 'flush-cache':
      return flush(new URLSearchParams(query), subject);
    case 'renew-certificate':
      return renew(new URLSearchParams(query), subject);
    case 'forget-stamp':
      return textAnswer(200, await forgetStamp());
    case 'page': {
      const isStill = query === 'still';
      const fields: Record<string, string> = isStill ? {} : { refresh: String(REFRESH_SECONDS) };
      return { status: 200, type: HTML, body: statusPage(status(), isStill), fields };
    }
  }
}

function jsonAnswer(value: unknown): AdminAnswer {
  return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(value, null, 2)}\n` };
}

/** `name`, `type` (A unless given) and `client` (this host unless given). */
async function explain(params: URLSearchParams, { explainName }: AdminSubject): Promise<AdminAnswer> {
  const name = nameIn(params, parseName);
  const type = typeNumber(params.get('type') ?? 'A');
  const client = params.get('client') ?? '127.0.0.1';
  if (name === null) return textAnswer(400, '`name` needs a domain name');
  if (type === undefined) return textAnswer(400, '`type` needs a record type, such as AAAA');
  if (isIP(client) === 0) return textAnswer(400, '`client` needs an address');
  return jsonAnswer(await explainName({ name, type, client }));
}

/** `name`, with `below` or without; or `all`, and never both by mistake. */
function flush(params: URLSearchParams, { flushCache }: AdminSubject): AdminAnswer {
  const name = nameIn(params, nameKey);
  const isAll = params.has('all');
  if (isAll === params.has('name') || isAll !== (name === null))
    return textAnswer(400, 'either `name` with a domain name or `all` is needed');
  return jsonAnswer({ flushed: flushCache(name, params.has('below')) });
}

/** `name` or none, and `dry-run` or not; an empty name is a mistake of a script, and means no other certificate. */
async function renew(params: URLSearchParams, { renewCertificate }: AdminSubject): Promise<AdminAnswer> {
  const name = nameIn(params, certificateName);
  if (name === null && params.has('name'))
    return textAnswer(400, '`name` needs a name of a certificate, or is left out');
  return jsonAnswer(await renewCertificate({ name, isDryRun: params.has('dry-run') }));
}

/** Null where there is none or it is malformed. */
function nameIn(params: URLSearchParams, parse: (text: string) => string): string | null {
  const text = params.get('name');
  try {
    return text === null ? null : parse(text);
  } catch (error) {
    if (error instanceof NameSyntaxError) return null;
    throw error;
  }
}

function readiness(reasons: readonly string[], accept: string): AdminAnswer {
  const isReady = reasons.length === 0;
  const status = isReady ? 200 : 503;
  if (accept.toLowerCase().includes(JSON_TYPE))
    return { status, type: JSON_TYPE, body: `${JSON.stringify({ ready: isReady, reasons })}\n` };
  return textAnswer(status, isReady ? 'ready' : reasons.join('\n'));
}
