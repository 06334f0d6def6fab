// File names of what is stored, made from names and URLs that may hold anything: one path component each, of harmless
// characters and bounded length, readable at its beginning and told apart by a digest at its end. Pure.

import { createHash } from 'node:crypto';
import { identifiersOf } from './ledger.ts';

/** What of a name is kept for people; file systems take 255 octets, and endings are added. */
const READABLE_MAX = 120;

/** 48 bits: nobody gains by a collision among his own names. */
const DIGEST_HEX_DIGITS = 12;

const STORAGE_ID = /^[a-z0-9_][a-z0-9._-]*$/;
const ID_MAX = READABLE_MAX + 1 + DIGEST_HEX_DIGITS;

/**
 * The id of the certificate for a set of names: "dns.example.com-0f3b…", "_wildcard.example.com-…". The same set has the
 * same id in any order and case; what is readable is its first name in the order of the alphabet.
 */
export function storageIdOf(names: readonly string[]): string {
  const identifiers = identifiersOf(names);
  const [first = ''] = identifiers.split(' ');
  return `${readable(first.replace(/^\*\./, '_wildcard.'))}-${digestOf(identifiers)}`;
}

/** For the account with the CA at a directory's URL: "acme-v02.api.letsencrypt.org-…". */
export function accountIdOf(directory: string): string {
  return `${readable(URL.parse(directory)?.host ?? '')}-${digestOf(directory)}`;
}

/** Whether it can be a component of a path, whoever made it. */
export function isStorageId(id: string): boolean {
  return id.length <= ID_MAX && STORAGE_ID.test(id);
}

function readable(text: string): string {
  const harmless = text
    .toLowerCase()
    .slice(0, READABLE_MAX)
    .replace(/[^a-z0-9._-]/g, '-')
    .replace(/^[.-]+/, '_'); // neither hidden nor an option
  return harmless || '_';
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_HEX_DIGITS);
}
