// What a client of HTTP/2 may do to the DoH listener, as node:http2 and nghttp2 below it can hold it (reliability row 11). Set here
// on purpose, even where it is their default, so that another version of theirs does not move it unseen. Floods of
// frames that are legal in any number are not theirs to judge: octet-credit.ts is for those.

import type { ServerSessionOptions } from 'node:http2';
import type { Limits } from '../config/config.ts';

/** Of a body, before we have taken any of it (RFC 9113 section 6.9.2): a DNS message fits into it. */
export const HTTP2_WINDOW_OCTETS = 65_535;
/** Names, values and 32 octets for each field (RFC 9113 section 6.5.2): what HTTP/1.1 may bring here, as Node has it. */
const HEADER_LIST_OCTETS = 16_384;
/** A browser sends about twenty, a DoH client of its own seven; an HPACK bomb has thousands (CVE-2016-6581). */
const HEADER_FIELDS = 64;
/** RFC 9113 section 6.5.1 has six settings, extensions three more; a longer frame ends its connection. */
const SETTINGS_A_FRAME = 16;
/**
 * In MB: streams, tables and answers that wait for the client to read. While it is more, new streams are refused: a client
 * with many connections and windows of nothing is held to a fifth of Node's own 10.
 */
const SESSION_MEMORY_MB = 2;
/** Streams so refused before the connection ends; Node's default. */
const REFUSED_STREAMS = 100;
/** Frames for which we have to reset a stream (CVE-2025-8671) before the connection ends; a right client sends none. */
const INVALID_FRAMES = 100;
/**
 * Streams that a client may reset at once, and each second from then on (CVE-2023-44487). A client resets what it no longer
 * waits for: so many, or all streams that it may have, four times over; the rate is Node's default.
 */
const RESETS = 500;
const RESETS_PER_STREAM = 4;
const RESETS_A_SECOND = 33;

export function http2Limits({ queriesPerConnection }: Pick<Limits, 'queriesPerConnection'>) {
  return {
    settings: {
      maxConcurrentStreams: queriesPerConnection,
      initialWindowSize: HTTP2_WINDOW_OCTETS,
      maxHeaderListSize: HEADER_LIST_OCTETS,
      enablePush: false,
    },
    maxHeaderListPairs: HEADER_FIELDS,
    maxSettings: SETTINGS_A_FRAME,
    maxSessionMemory: SESSION_MEMORY_MB,
    maxSessionRejectedStreams: REFUSED_STREAMS,
    maxSessionInvalidFrames: INVALID_FRAMES,
    streamResetBurst: Math.max(RESETS, RESETS_PER_STREAM * queriesPerConnection),
    streamResetRate: RESETS_A_SECOND,
  } satisfies ServerSessionOptions;
}
