// What a server may do over one connection to it (reliability row 11, the other way round), beside what limits.ts says of either
// side: a bound on everything that it can make us keep or repeat, each with where its number is from. Octets beyond what
// our requests are worth are for tls/octet-credit.ts.

/**
 * Streams before the server has said how many it takes. One that takes fewer than we open refuses the rest, and the standard
 * (RFC 9113 section 6.5.2) lets it take very few; one is what it is there for.
 */
export const STREAMS_BEFORE_SETTINGS = 1;
/** Of one stream, padding included: more than any DNS message, so that one that is too long is seen, and none needs a WINDOW_UPDATE. */
export const STREAM_WINDOW_OCTETS = 2 ** 17;
/** Of a connection, as browsers have it, roughly: a hundred answers of the greatest length in a few round trips. */
export const CONNECTION_WINDOW_OCTETS = 2 ** 20;
/** Interim responses (RFC 9110 section 15.2) to one request; a DoH server has no use for any, and each costs as a request. */
export const INTERIM_RESPONSES = 8;
/**
 * Frames that are no part of a response (PING, SETTINGS, WINDOW_UPDATE, empty DATA, whatever is on streams that are over, and so
 * on), legal in any number: as many as nghttp2 lets wait of replies to them (CVE-2019-9512, 9515, 9517, 9518) ...
 */
export const UNASKED_FRAMES = 1000;
/** ... and some more with each response. Usual are a WINDOW_UPDATE or two, and a PING now and then. */
export const RESPONSE_EARNS_FRAMES = 16;
