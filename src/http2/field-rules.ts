// Rules for single header fields of either side's messages (RFC 9113 section 8.2, RFC 9110 section 8.6); what breaks one makes
// its whole list malformed. Which fields a message may have is for request-fields.ts and response-fields.ts.

/** Section 8.2.1, and a token of RFC 9110 section 5.1 without capitals. */
const NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/;
const NO_VALUE = /[\0\r\n]|^[ \t]|[ \t]$/;
const LENGTH = /^\d{1,15}$/;
/** Section 8.2.2: what concerns a connection has no place in HTTP/2. */
const OF_CONNECTION = new Set([
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'],
]);

/** Of a field that is no pseudo-header field. */
export function isRightName(name: string): boolean {
  return NAME.test(name) && !OF_CONNECTION.has(name);
}

export function isRightValue(value: string): boolean {
  return !NO_VALUE.test(value);
}

/** -1: it is malformed, or says something else than `before` did (-1: nothing did). */
export function contentLength(value: string, before: number): number {
  const length = LENGTH.test(value) ? Number(value) : -1;
  return before >= 0 && before !== length ? -1 : length;
}
