// ACME Renewal Information (RFC 9773): the name of a certificate in it (section 4.1), the window that a CA suggests
// (section 4.2), and when to ask again (section 4.3). Pure: whoever asks brings the octets, and renewal.ts judges
// whether the window makes sense for the certificate.

import { X509Certificate } from 'node:crypto';
import { parseRfc3339 } from '../clock/rfc3339.ts';
import { isObject } from './json-object.ts';

/** The time in which the CA would like a certificate to be renewed. */
export interface RenewalWindow {
  /** Milliseconds since 1970, as is `endMs`, which is later. */
  readonly startMs: number;
  readonly endMs: number;
  /** A page of the CA's for people, http or https; null: none was named. */
  readonly explanationUrl: string | null;
}

/** There is no window to be had. The message is the rest of a sentence about the renewal information. */
export class RenewalInfoUnusable extends Error {
  override readonly name = 'RenewalInfoUnusable';
  readonly code = 'acme-renewal-info';
}

/** Of a RenewalInfo object, which takes about 200. */
export const RENEWAL_INFO_OCTETS_MAX = 16_384;
const URL_CHARACTERS_MAX = 500;

/** RFC 9773 section 4.3.2: shorter and longer pauses than these are a mistake of the server's. */
const RETRY_AFTER_MIN_MS = 60_000;
const RETRY_AFTER_MAX_MS = 24 * 3_600_000;
/** RFC 9773 section 4.3.3: after an answer without Retry-After, and after errors that last. */
const RETRY_AFTER_DEFAULT_MS = 6 * 3_600_000;

/**
 * The unique identifier of a certificate, "AKI.SERIAL" (RFC 9773 section 4.1).
 * @param pem the certificate, or a chain that begins with it
 * @throws RenewalInfoUnusable
 */
export function certificateIdOf(pem: string): string {
  const { serial, authorityKeyId } = identifiersIn(pem);
  if (authorityKeyId === undefined) {
    throw new RenewalInfoUnusable(
      'it cannot be asked for: the certificate does not name the key of its issuer',
    );
  }
  return `${authorityKeyId.toString('base64url')}.${serial.toString('base64url')}`;
}

/**
 * A RenewalInfo object, as the CA sent it.
 * @throws RenewalInfoUnusable
 */
export function parseRenewalInfo(body: Uint8Array): RenewalWindow {
  if (body.length > RENEWAL_INFO_OCTETS_MAX) {
    throw new RenewalInfoUnusable(`it is longer than ${RENEWAL_INFO_OCTETS_MAX} octets`);
  }
  const info = parseObject(body);
  const { suggestedWindow: window, explanationURL: explanation } = info;
  if (!isObject(window)) throw new RenewalInfoUnusable('it has no "suggestedWindow"');
  const startMs = dateOf(window, 'start');
  const endMs = dateOf(window, 'end');
  if (endMs <= startMs) throw new RenewalInfoUnusable('its window does not end after it begins');
  return { startMs, endMs, explanationUrl: linkOf(explanation) };
}

/**
 * Milliseconds until the renewal information is asked for again.
 * @param retryAfterMs what the last answer's Retry-After said; null: nothing
 * @param failuresInARow 0 after an answer that could be used
 */
export function nextCheckMs(retryAfterMs: number | null, failuresInARow: number): number {
  const askedMs = retryAfterMs === null || Number.isNaN(retryAfterMs) ? RETRY_AFTER_DEFAULT_MS : retryAfterMs;
  // A server in trouble may ask for more patience, never for less.
  const leastMs = failuresInARow > 0 ? RETRY_AFTER_DEFAULT_MS : RETRY_AFTER_MIN_MS;
  return Math.min(Math.max(askedMs, leastMs), RETRY_AFTER_MAX_MS);
}

function parseObject(body: Uint8Array): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    if (isObject(value)) return value;
  } catch {
    // the same sentence for what is no text, no JSON and no object
  }
  throw new RenewalInfoUnusable('it is no JSON object');
}

function dateOf(window: Record<string, unknown>, key: 'start' | 'end'): number {
  const text = window[key];
  const epochMs = typeof text === 'string' ? parseRfc3339(text) : null;
  if (epochMs === null) throw new RenewalInfoUnusable(`the "${key}" of its window is no date of RFC 3339`);
  return epochMs;
}

/** Only for people, so one that is no link costs the window nothing. */
function linkOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > URL_CHARACTERS_MAX) return null;
  return /^https?:\/\/[!-~]+$/.test(value) && URL.canParse(value) ? value : null;
}

const INTEGER = 0x02;
/** [3] EXPLICIT Extensions of a TBSCertificate (RFC 5280 section 4.1). */
const EXTENSIONS = 0xa3;
/** [0] IMPLICIT KeyIdentifier of an AuthorityKeyIdentifier (RFC 5280 section 4.2.1.1). */
const KEY_IDENTIFIER = 0x80;
/** 2.5.29.35, id-ce-authorityKeyIdentifier, as an OBJECT IDENTIFIER's contents. */
const AUTHORITY_KEY_IDENTIFIER = Buffer.of(0x55, 0x1d, 0x23);

/** The contents of both as they stand in the DER: node:crypto has no key identifier and drops the serial's first zero. */
function identifiersIn(pem: string): { serial: Buffer; authorityKeyId: Buffer | undefined } {
  try {
    const certificate = elements(new X509Certificate(pem).raw)[0]!.content;
    const fields = elements(elements(certificate)[0]!.content);
    const serial = fields.find(({ tag }) => tag === INTEGER)!.content;
    const extensions = fields.find(({ tag }) => tag === EXTENSIONS)?.content;
    const list = extensions === undefined ? [] : elements(elements(extensions)[0]!.content);
    const own = list
      .map(({ content }) => elements(content))
      .find(([name]) => name!.content.equals(AUTHORITY_KEY_IDENTIFIER));
    if (own === undefined) return { serial, authorityKeyId: undefined };
    const value = own.at(-1)!.content; // after a "critical" perhaps
    const parts = elements(elements(value)[0]!.content);
    return { serial, authorityKeyId: parts.find(({ tag }) => tag === KEY_IDENTIFIER)?.content };
  } catch {
    throw new RenewalInfoUnusable('it cannot be asked for: the certificate cannot be read');
  }
}

/** The elements of DER (X.690 section 8.1), one after another; throws where they do not fill `octets` exactly. */
function elements(octets: Buffer): { readonly tag: number; readonly content: Buffer }[] {
  const found: { tag: number; content: Buffer }[] = [];
  let at = 0;
  while (at < octets.length) {
    const tag = octets.readUInt8(at);
    const first = octets.readUInt8(at + 1);
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
    const from = at + 2 + lengthOctets;
    const end = from + (lengthOctets === 0 ? first : octets.readUIntBE(at + 2, lengthOctets));
    if (end > octets.length) throw new RangeError('an element reaches beyond its end');
    found.push({ tag, content: octets.subarray(from, end) });
    at = end;
  }
  return found;
}
