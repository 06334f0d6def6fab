// UUIDs that follow from what they name, so that the same profile made twice is the same to a device: version 8 of
// RFC 9562 (section 5.8), its 122 free bits being the first of SHA-256 over name and content.

import { createHash } from 'node:crypto';
import type { PlistValue } from './plist.ts';

/** In capital letters, as Apple's uuidgen writes them. */
export function uuidOf(name: string, content: PlistValue): string {
  const octets = createHash('sha256')
    .update(JSON.stringify([name, plain(content)]))
    .digest()
    .subarray(0, 16);
  octets[6] = (octets[6]! & 0x0f) | 0x80; // version
  octets[8] = (octets[8]! & 0x3f) | 0x80; // variant
  const digits = octets.toString('hex').toUpperCase();
  return [0, 8, 12, 16, 20].map((from, at, all) => digits.slice(from, all[at + 1])).join('-');
}

/** Octets in a form that JSON has. */
function plain(value: PlistValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]));
}
