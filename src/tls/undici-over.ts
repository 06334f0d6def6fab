// An undici Client over one verified connection: HTTP/2 or HTTP/1.1, as its peer chose (ALPN, RFC 7301).
// It never opens another, so what is sent and where stays its owner's to decide. No time-out of undici's own is on and
// no body is bounded: whoever asks keeps to a deadline by the Clock, and stops reading. It follows no redirect, keeps
// no cookie and sends no User-Agent.

import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import type { Client } from 'undici';
import type { TlsTarget, VerifiedSocket } from './connect.ts';

/** More header fields than this are not read, in either version (64 KiB is also Node's own limit for HTTP/2). */
const MAX_HEADER_OCTETS = 65_535;
/** An idle connection is closed after this, if its peer does not do so before (10 minutes, undici's own most). */
const IDLE_MS = 600_000;
/** Requests in flight over HTTP/2; RFC 9113 section 6.5.2 advises servers to allow at least this many. */
export const MAX_STREAMS = 100;
const load = createRequire(import.meta.url);
/** Two protocols to offer when connecting. */
export const HTTP_ALPN = ['h2', 'http/1.1'] as const;

/**
 * `onOver`: the connection has ended, or its peer takes nothing new on it (GOAWAY, RFC 9113 section 6.8), and a request
 * waits that has not been sent, or may be sent again. Nothing more becomes of it; requests on their way go on.
 */
export function undiciOver(
  socket: VerifiedSocket['socket'],
  { serverName, port }: Pick<TlsTarget, 'serverName' | 'port'>,
  onOver: () => void,
): Client {
  // Loaded at first use: it takes a third of a start, and whoever has neither DoH upstreams nor HTTPS sources needs none.
  const undici = load('undici') as typeof import('undici');
  let isTaken = false;
  const host = isIPv6(serverName) ? `[${serverName}]` : serverName;
  return new undici.Client(`https://${host}:${port}`, {
    connect(_options, callback) {
      // Not at once: undici overlooks the request that made it connect when it is called back from within.
      queueMicrotask(() => {
        if (isTaken || socket.destroyed) {
          onOver(); // and no error to undici, which would try again without a pause as long as other requests run
          return;
        }
        isTaken = true;
        callback(null, socket);
      });
    },
    allowH2: true,
    h2Options: { maxConcurrentStreams: MAX_STREAMS, pingInterval: 0 },
    maxHeaderSize: MAX_HEADER_OCTETS,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
  });
}
