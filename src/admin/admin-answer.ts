// What each admin path answers, as plain values, and the fields that every answer carries. No answer is stored, framed,
// sniffed or handed to another origin, and the page may load nothing but its own style.

import type { AdminRoute } from './admin-request.ts';
import type { Status } from './status.ts';
import { REFRESH_SECONDS, statusPage } from './status-page.ts';
import { STYLE_HASH } from './status-page-style.ts';

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
  { status, forgetStamp }: AdminSubject,
): Promise<AdminAnswer> {
  switch (route) {
    case 'health':
      return textAnswer(200, 'ok');
    case 'ready':
      return readiness(status().notReady, accept);
    case 'status':
      return { status: 200, type: JSON_TYPE, body: `${JSON.stringify(status(), null, 2)}\n` };
    case 'forget-stamp':
      return textAnswer(200, await forgetStamp());
    case 'page': {
      const isStill = query === 'still';
      const fields: Record<string, string> = isStill ? {} : { refresh: String(REFRESH_SECONDS) };
      return { status: 200, type: HTML, body: statusPage(status(), isStill), fields };
    }
  }
}

function readiness(reasons: readonly string[], accept: string): AdminAnswer {
  const isReady = reasons.length === 0;
  const status = isReady ? 200 : 503;
  if (accept.toLowerCase().includes(JSON_TYPE))
    return { status, type: JSON_TYPE, body: `${JSON.stringify({ ready: isReady, reasons })}\n` };
  return textAnswer(status, isReady ? 'ready' : reasons.join('\n'));
}
