// A message by POST, and what its status is worth: 2xx is delivered; what a server refuses for good (RFC 9110 section 15.5) is
// given up with what to do about it, at once or after some minutes; everything else is tried again. Webhook and ntfy share
// this; they differ in the form.

import { loadApiToken } from '../acme/dns/api-token-file.ts';
import type { NotifyUrlConfig } from '../config/config.ts';
import type { Delivery } from './channel.ts';
import { type Posted, type PostParts, post } from './http-post.ts';

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests: later is another matter. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);
/** 403 Forbidden, 404 Not Found, 410 Gone: what a proxy says as well while whoever stands behind it starts. */
const PERHAPS_PASSING: ReadonlySet<number> = new Set([403, 404, 410]);
/** However long a server wants to be left alone. */
const RETRY_AFTER_MAX_MS = 3_600_000;

export interface HttpDeliveryParts extends PostParts {
  readonly to: NotifyUrlConfig;
  /** Where that is written: "notify[0]". */
  readonly place: string;
}

/** @throws the signal's reason */
export async function deliver(
  { to, place, ...parts }: HttpDeliveryParts,
  form: { readonly headers: Readonly<Record<string, string>>; readonly body: string },
  signal: AbortSignal,
): Promise<Delivery> {
  try {
    const token = to.tokenFile === null ? null : await loadApiToken(to.tokenFile);
    const authorization: Readonly<Record<string, string>> =
      token === null ? {} : { authorization: `Bearer ${token}` };
    const headers = { ...form.headers, ...authorization };
    return judge(await post(to, { headers, body: form.body }, parts, signal), to, place);
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', reason: (error as Error).message };
  }
}

function judge({ status, retryAfterMs }: Posted, to: NotifyUrlConfig, place: string): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const reason = `it answers with the HTTP status ${status}`;
  if (status < 300 || status >= 500 || LATER.has(status))
    return {
      ...{ kind: 'failed', reason },
      ...(retryAfterMs === null ? {} : { retryAfterMs: Math.min(retryAfterMs, RETRY_AFTER_MAX_MS) }),
    };
  return {
    ...{ kind: 'refused', reason, doThis: `${advice(status, to, place)}; then \`noonmark notify test\`` },
    ...(PERHAPS_PASSING.has(status) ? { isPerhapsPassing: true } : {}),
  };
}

function advice(status: number, { tokenFile }: NotifyUrlConfig, place: string): string {
  if (status < 400) return `redirects are not followed: write the URL that it leads to in ${place}`;
  if (status === 401 || status === 403)
    return tokenFile === null
      ? `it wants to know who sends: write a token into a file, and \`token_file\` in ${place}`
      : `look whether the token of ${place} is still good, and good for this`;
  if (status === 404 || status === 410)
    return `look whether the URL in ${place} is whole, and whether what it means is still there`;
  return `look at the URL in ${place}, and at what that server expects`;
}
