// What a peer may do over one connection of HTTP/2 (reliability row 11): a bound on everything that it can make us keep or
// repeat, each with where its number is from. Floods of frames that are legal in any number and cost us nothing but their
// octets are not judged here: tls/octet-credit.ts is for those.

/** By its name in the log and the status. */
export type Http2Limit =
  | 'http2_octets'
  | 'http2_header_octets'
  | 'http2_header_list'
  | 'http2_settings'
  | 'http2_unread'
  | 'http2_refused'
  | 'http2_breaches'
  | 'http2_resets';

/** Names, values and 32 octets for each field (RFC 9113 section 6.5.2): what HTTP/1.1 may bring here, as Node has it. */
export const HEADER_LIST_OCTETS = 16_384;
/** A browser sends about twenty, a DoH client of its own seven; an HPACK bomb has thousands (CVE-2016-6581). */
export const HEADER_FIELDS = 64;
/** RFC 7541 section 4.1 and RFC 9113 section 6.5.2 count so many on top of each field. */
export const FIELD_OVERHEAD_OCTETS = 32;
/** Of a header block as it comes: a list that is as long as it may be, written out in full, twice over. */
export const HEADER_BLOCK_OCTETS = 2 * HEADER_LIST_OCTETS;
/** Of one block, as nghttp2 has it; empty ones cost its octets nothing (CVE-2024-27316). */
export const CONTINUATIONS = 8;
/** RFC 9113 section 6.5.1 has six settings, extensions three more. */
export const SETTINGS_A_FRAME = 16;
/** Acknowledgements and resets that wait for a client to read, as nghttp2 has it (CVE-2019-9512, 9515). */
export const UNREAD_REPLIES = 1000;
/** Bodies and answers that wait; while it is more, new streams are refused. A fifth of Node's own 10 MB. */
export const HELD_OCTETS = 2 * 2 ** 20;
/** Streams that are refused before the connection ends, as Node has it: a client that minds our SETTINGS has few. */
export const REFUSED_STREAMS = 100;
/** Frames for which we have to reset a stream (CVE-2025-8671) before the connection ends; a right client sends none. */
export const BREACHES = 100;
/** Streams that we have reset: what was on its way meanwhile is known by its number, and thrown away. */
export const RESETS_REMEMBERED = 128;
/**
 * Streams that a client may reset at once, and each second from then on (CVE-2023-44487). A client resets what it no longer
 * waits for: so many, or all streams that it may have, four times over; the rate is that of nghttp2.
 */
const RESETS = 500;
const RESETS_PER_STREAM = 4;
export const RESETS_A_SECOND = 33;

export function resetsAtOnce(maxStreams: number): number {
  return Math.max(RESETS, RESETS_PER_STREAM * maxStreams);
}
