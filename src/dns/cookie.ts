// DNS cookies (RFC 7873) as RFC 9018 has servers make them, pure: the COOKIE option of a response from that of its query.
// A server cookie is 16 octets: version, three reserved ones, the time in seconds, SipHash-2-4 over all that and the
// client's cookie and address. One that is stale or not ours counts as none: its sender gets a fresh one and its answer.

import { timingSafeEqual } from 'node:crypto';
import { sipHash } from './siphash.ts';
import { readUint32, writeUint32 } from './wire.ts';

const CLIENT_OCTETS = 8;
const SERVER_OCTETS = 16;
/** What others may make of a server cookie (RFC 7873 section 4.2). */
const LEAST_SERVER_OCTETS = 8;
const MOST_SERVER_OCTETS = 32;

const VERSION = 1;
/** Offsets within a server cookie. */
const TIME_AT = 4;
const HASH_AT = 8;

/** RFC 9018 section 4.3: an hour back and five minutes ahead, and a fresh one after half an hour. */
const MAX_AGE_SECONDS = 3600;
const MAX_AHEAD_SECONDS = 300;
const RENEW_AFTER_SECONDS = 1800;

/** Does a COOKIE option of this length have the right form (RFC 7873 section 5.2.2)? */
export function isCookieLength(octets: number): boolean {
  const serverOctets = octets - CLIENT_OCTETS;
  return serverOctets === 0 || (serverOctets >= LEAST_SERVER_OCTETS && serverOctets <= MOST_SERVER_OCTETS);
}

/** What a server cookie is bound to beside the client's own cookie. */
export interface CookieGround {
  /** Our secret, 16 octets. */
  readonly secret: Uint8Array;
  /** The client's address, 4 or 16 octets. */
  readonly client: Uint8Array;
  /** Seconds since 1970, by whatever clock; only their low 32 bits count. */
  readonly nowSeconds: number;
}

/**
 * The content of the COOKIE option for the response: the client's cookie and a server cookie, its own one while that is
 * good and young. `asked` is the option of the query, of a length that isCookieLength allows.
 */
export function responseCookie(asked: Uint8Array, ground: CookieGround): Uint8Array {
  const ageSeconds = serverCookieAge(asked, ground);
  if (ageSeconds !== null && ageSeconds <= RENEW_AFTER_SECONDS) return asked;
  const cookie = new Uint8Array(CLIENT_OCTETS + SERVER_OCTETS);
  cookie.set(asked.subarray(0, CLIENT_OCTETS));
  cookie[CLIENT_OCTETS] = VERSION;
  writeUint32(cookie, CLIENT_OCTETS + TIME_AT, ground.nowSeconds);
  cookie.set(hashOf(cookie, ground), CLIENT_OCTETS + HASH_AT);
  return cookie;
}

/** Seconds since we made the server cookie in `asked`, a little below 0 included; null when it is stale or not ours. */
export function serverCookieAge(asked: Uint8Array, ground: CookieGround): number | null {
  if (asked.length !== CLIENT_OCTETS + SERVER_OCTETS || asked[CLIENT_OCTETS] !== VERSION) return null;
  // Serial number arithmetic (RFC 1982), as section 4.3 wants it: the 32 bits run over in 2106.
  const ageSeconds = (ground.nowSeconds - readUint32(asked, CLIENT_OCTETS + TIME_AT)) | 0;
  if (ageSeconds > MAX_AGE_SECONDS || ageSeconds < -MAX_AHEAD_SECONDS) return null;
  return timingSafeEqual(asked.subarray(CLIENT_OCTETS + HASH_AT), hashOf(asked, ground)) ? ageSeconds : null;
}

/** Reserved octets go in as they came (RFC 9018 section 4.2). */
function hashOf(cookie: Uint8Array, { secret, client }: CookieGround): Uint8Array {
  const hashed = new Uint8Array(CLIENT_OCTETS + HASH_AT + client.length);
  hashed.set(cookie.subarray(0, CLIENT_OCTETS + HASH_AT));
  hashed.set(client, CLIENT_OCTETS + HASH_AT);
  return sipHash(secret, hashed);
}
