// What an HTTP response of a DoH server is worth (RFC 8484 section 4.2), pure: is it a DNS message at all, and how old.
// Whether that message replies to the query is upstream-query.ts.

import { ttlOf } from '../dns/lifetime.ts';
import { type MessageLayout, writeUint32 } from '../dns/wire.ts';

export const DNS_MESSAGE = 'application/dns-message';
const OK = 200;
/** The content coding that is none (RFC 9110 section 8.4.1 and 12.5.3). */
const IDENTITY = 'identity';
const HINTS: Readonly<Record<number, string>> = {
  400: '; check its path',
  401: '; it serves only those whom it knows',
  403: '; it serves only those whom it knows',
  404: '; check its path',
  405: '; it does not take POST there, check its path',
  429: '; it has been asked too often',
};

/** Part of a sentence about the upstream, or null where its response promises a DNS message. */
export function problemOfHead(
  status: number,
  contentType: string | undefined,
  contentEncoding: string | undefined,
): string | null {
  if (status === OK && contentType === DNS_MESSAGE && contentEncoding === undefined) return null; // as nearly always
  if (status >= 300 && status < 400) {
    return `answered with the HTTP status ${status}, and redirects are not followed; check its path`;
  }
  if (status !== OK) return `answered with the HTTP status ${status}${HINTS[status] ?? ''}`;
  const coding = contentEncoding ?? IDENTITY;
  if (coding.trim().toLowerCase() !== IDENTITY) return `answered in a compressed form, which is not read`;
  const [mediaType] = (contentType ?? '').split(';', 1) as [string];
  if (mediaType.trim().toLowerCase() === DNS_MESSAGE) return null;
  return `answered with something else than ${DNS_MESSAGE}; check its path`;
}

/** Seconds that the response has spent in caches of HTTP (RFC 9111 section 5.1); 0 where nothing valid is said. */
export function ageOf(age: string | undefined): number {
  return age !== undefined && /^\d{1,9}$/.test(age) ? Number(age) : 0;
}

/** Takes the age of the response off every TTL, in place (RFC 8484 section 5.1). */
export function ageReply(reply: Uint8Array, { ttlOffsets }: MessageLayout, ageSeconds: number): void {
  if (ageSeconds === 0) return;
  for (const at of ttlOffsets) {
    writeUint32(reply, at, Math.max(0, ttlOf(reply, at) - ageSeconds));
  }
}
