// What a path of the admin listener answers, as plain values, and the fields that every answer carries. No answer is framed,
// sniffed or handed to another origin, none but scripts and style is stored, and a page may load nothing but those two,
// from here.

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Beside those that every answer carries, or instead of them. */
  readonly fields?: Readonly<Record<string, string>>;
}

/** An answer that goes on for as long as somebody listens. */
export interface AdminStream {
  readonly type: string;
  /**
   * Begins to send; what it returns ends that. `send` is false when the listener is too slow to be sent more; `fail` ends
   * it all for a mistake of ours.
   */
  readonly begin: (send: (text: string) => boolean, fail: (error: unknown) => void) => () => void;
}

export const JSON_TYPE = 'application/json';
const HTML_TYPE = 'text/html; charset=utf-8';

/** `same-origin`, as a page elsewhere has nothing to embed here. */
export const COMMON_FIELDS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': contentPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin', // with no-referrer, a form of ours would come with Origin: null (Fetch section 3.1)
  'x-content-type-options': 'nosniff',
};

/** `imagesFrom`: a source of images besides this server. */
function contentPolicy(imagesFrom = ''): string {
  return `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:${imagesFrom === '' ? '' : ` ${imagesFrom}`}; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

/** A sentence as an answer. */
export function textAnswer(
  status: number,
  message: string,
  fields: Readonly<Record<string, string>> = {},
): AdminAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${message}\n`, fields };
}

export function jsonAnswer(value: unknown, status = 200): AdminAnswer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(value, null, 2)}\n` };
}

export function htmlAnswer(body: string, status = 200, imagesFrom = ''): AdminAnswer {
  const answer = { status, type: HTML_TYPE, body };
  if (imagesFrom === '') return answer;
  return { ...answer, fields: { 'content-security-policy': contentPolicy(imagesFrom) } };
}

/** Go there instead, by GET (RFC 9110 section 15.4.4). */
export function seeOther(target: string, fields: Readonly<Record<string, string>> = {}): AdminAnswer {
  return { ...textAnswer(303, `see ${target}`), fields: { ...fields, location: target } };
}

export function isStream(answer: AdminAnswer | AdminStream): answer is AdminStream {
  return 'begin' in answer;
}
