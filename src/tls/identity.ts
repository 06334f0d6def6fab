// The parts of judging an identity that do not depend on who parsed the certificate: what a host name looks like,
// whether a pinned key was seen, and how to tell a person whom a certificate is for.

import { X509Certificate } from 'node:crypto';
import { type Finding, fails, holds } from './verdict.ts';

/** RFC 1035 section 2.3.4: octets of a label and of a name in text form. */
const HOST_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i;
const NAME_LIMIT_OCTETS = 253;

/** Names in a message; a certificate may carry a hundred. */
const SHOWN_NAMES_LIMIT = 3;

/**
 * Whether this may be given to OpenSSL as a host: A-labels without an empty one.
 * OpenSSL takes a leading dot for "any name below", and would stop reading at a NUL.
 */
export function isHostName(name: string): boolean {
  return name.length <= NAME_LIMIT_OCTETS && HOST_NAME.test(name);
}

/** Whether one of the keys seen is one of the keys pinned ("sha256/BASE64"); holds where nothing is pinned. */
export function judgePins(seen: readonly string[], pinned: readonly string[]): Finding {
  if (pinned.length === 0 || seen.some((pin) => pinned.includes(pin))) return holds;
  return fails(`no key of its chain is pinned (its certificate's is ${seen[0]})`);
}

/**
 * "the certificate is for a.example and b.example, not dns.example": for people, no judgement reads it.
 * A certificate that nobody trusts can say anything, so its words are cut short and made harmless.
 */
export function describeWrongName(der: Uint8Array, wanted: string): string {
  const names = readNames(der);
  const notFor = makeHarmless(wanted);
  if (names.length === 0) return `the certificate names no host, and ${notFor} was wanted`;
  const shown = names.slice(0, SHOWN_NAMES_LIMIT).map(makeHarmless);
  if (names.length > shown.length) shown.push(`${names.length - shown.length} more`);
  const last = shown.pop();
  return `the certificate is for ${shown.length > 0 ? `${shown.join(', ')} and ${last}` : last}, not ${notFor}`;
}

function readNames(der: Uint8Array): string[] {
  try {
    const entries = new X509Certificate(der).subjectAltName?.split(', ') ?? [];
    return entries.flatMap((entry) => /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1] ?? []);
  } catch {
    return [];
  }
}

function makeHarmless(name: string): string {
  return name.slice(0, NAME_LIMIT_OCTETS).replace(/[^\x21-\x7e]/g, '?');
}
