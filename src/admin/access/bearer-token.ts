// The bearer token of scripts and scrapers (RFC 6750 section 2.1), compared in a time that says nothing of it. What a token may
// look like is config/admin-secrets.ts.

import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether an Authorization field has the token; null: it has none. `token` null: none is right. */
export function isTokenRight(authorization: string, token: string | null): boolean | null {
  const sent = /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (sent === undefined) return null;
  return token !== null && timingSafeEqual(digestOf(sent), digestOf(token));
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest();
}
