// The date of an HTTP header field as an instant: IMF-fixdate (RFC 9110 section 5.6.7), "Sun, 06 Nov 1994 08:49:37 GMT".
// Strict: the two obsolete forms, a wrong weekday, a day that no month has and a leap second (":60") are no dates here.

const IMF_FIXDATE_OCTETS = 29;

/** Milliseconds since 1970, or null for anything but an IMF-fixdate. */
export function parseHttpDate(text: string): number | null {
  if (text.length !== IMF_FIXDATE_OCTETS) return null;
  const epochMs = Date.parse(text);
  // Date.parse is lenient. toUTCString writes exactly this form (ECMA-262, Date.prototype.toUTCString), so what does
  // not come back as it was is something else; NaN comes back as "Invalid Date".
  return new Date(epochMs).toUTCString() === text ? epochMs : null;
}
