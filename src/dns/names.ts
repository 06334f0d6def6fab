// Domain names in their three forms: text as people write it, wire octets (RFC 1035 section 3.1), and NameKey.
// A NameKey is the uncompressed wire form with ASCII letters in lower case, one character per octet: equal names
// have equal keys (RFC 4343), it holds any octet, it works in a Map, and its parent is a slice of it.
// No compression here; dns/wire.ts follows pointers.

import { domainToASCII } from 'node:url';

/** An uncompressed name in wire form, lower case, as a latin1 string; the root is "\0". */
export type NameKey = string;

export const ROOT: NameKey = '\0';
const IN_ADDR_ARPA: NameKey = '\x07in-addr\x04arpa\0';
const IP6_ARPA: NameKey = '\x03ip6\x04arpa\0';
const MAX_LABEL_OCTETS = 63;
const MAX_NAME_OCTETS = 255;
/** How much of a wrong name its error repeats. */
const SHOWN_CHARACTERS = 80;

/** A name that does not fit the rules; the message says which rule. */
export class NameSyntaxError extends Error {
  readonly code = 'name-syntax';
}

/**
 * Text to a name in wire form, one character per octet and case kept. `@` is the origin; a name without a dot at its end
 * is relative to `origin`. Escapes `\.` and `\DDD` as in RFC 1035 section 5.1.
 * @throws NameSyntaxError
 */
export function parseName(text: string, origin: string = ROOT): string {
  if (text === '@') return origin;
  if (text === '.') return ROOT;
  let wire = '';
  let label = '';
  const endLabel = () => {
    if (label === '') throw new NameSyntaxError(`${shown(text)} has an empty label`);
    if (label.length > MAX_LABEL_OCTETS)
      throw new NameSyntaxError(`${shown(text)} has a label of over 63 octets`);
    wire += String.fromCharCode(label.length) + label;
    label = '';
  };
  if (text === '') throw new NameSyntaxError('the name is empty');
  let absolute = false;
  for (let at = 0; at < text.length; ) {
    absolute = text[at] === '.';
    if (absolute) {
      endLabel();
      at += 1;
      continue;
    }
    const { octet, length } = readCharacter(text, at, text);
    label += octet;
    at += length;
  }
  if (!absolute) endLabel();
  wire += absolute ? ROOT : origin;
  if (wire.length > MAX_NAME_OCTETS) throw new NameSyntaxError(`${shown(text)} is over 255 octets long`);
  return wire;
}

/** One octet of text at `at`: a plain character, `\X` or `\DDD` (RFC 1035 section 5.1), and how many characters it took. */
function readCharacter(text: string, at: number, whole: string): { octet: string; length: number } {
  const escaped = text[at] === '\\';
  const octet = String.fromCodePoint(text.codePointAt(escaped ? at + 1 : at) ?? 0);
  if (escaped && at + 1 >= text.length) throw new NameSyntaxError(`${shown(whole)} ends in a lone backslash`);
  if (octet > '\u007f') {
    throw new NameSyntaxError(
      `${shown(whole)} holds the non-ASCII character "${octet}"; write its IDNA form${idnaForm(whole)}`,
    );
  }
  if (!escaped) return { octet, length: 1 };
  if (!/\d/.test(octet)) return { octet, length: 2 };
  const digits = text.slice(at + 1, at + 4);
  if (!/^\d{3}$/.test(digits) || Number(digits) > 255) {
    throw new NameSyntaxError(`${shown(whole)} has the escape \\${digits}, which is not \\000 to \\255`);
  }
  return { octet: String.fromCharCode(Number(digits)), length: 4 };
}

/** A name for a message, cut: it may be a megabyte that somebody sent. */
function shown(text: string): string {
  return `"${text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text}"`;
}

/** The end of a sentence. Characters that mean something in a URL would lead domainToASCII astray. */
function idnaForm(text: string): string {
  const ascii = text.length > SHOWN_CHARACTERS || /[\\/?#%@:]/.test(text) ? '' : domainToASCII(text);
  return ascii === '' ? ' (xn--…)' : `, "${ascii}"`;
}

/** A NameKey from text; see parseName. */
export function nameKey(text: string, origin?: NameKey): NameKey {
  return lowerName(parseName(text, origin));
}

/** ASCII letters to lower case and nothing else: an octet above 127 has no case (RFC 4343). */
export function lowerName(wire: string): NameKey {
  return wire.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Text of a name in wire form, with a dot at its end, special and unprintable octets escaped. */
export function formatName(wire: string): string {
  if (wire === ROOT) return '.';
  return labelsOf(wire)
    .map((label) => `${label.replace(/[^!#-'*-:<-[\]-~]|\./g, escapeOctet)}.`)
    .join('');
}

/** The same without the dot at its end, as people and configurations write it; "" for the root. */
export function formatWithoutDot(wire: string): string {
  return formatName(wire).slice(0, -1);
}

function escapeOctet(octet: string): string {
  return octet > ' ' && octet < '\u007f'
    ? `\\${octet}`
    : `\\${octet.charCodeAt(0).toString().padStart(3, '0')}`;
}

/** The labels of a name in wire form, leftmost first, without the root. */
export function labelsOf(wire: string): string[] {
  const labels: string[] = [];
  for (let at = 0; wire.charCodeAt(at) > 0; at += 1 + wire.charCodeAt(at)) {
    labels.push(wire.slice(at + 1, at + 1 + wire.charCodeAt(at)));
  }
  return labels;
}

/** The name without its first label; the root has none and answers itself. */
export function parentOf(key: NameKey): NameKey {
  return key === ROOT ? ROOT : key.slice(1 + key.charCodeAt(0));
}

/** Is `key` the name `ancestor` or below it? */
export function isAtOrBelow(key: NameKey, ancestor: NameKey): boolean {
  for (let name = key; name.length >= ancestor.length; name = parentOf(name)) {
    if (name === ancestor) return true;
    if (name === ROOT) return false;
  }
  return false;
}

/** The octets of a name in wire form. */
export function nameOctets(wire: string): Uint8Array {
  return Buffer.from(wire, 'latin1');
}

/** The name that a PTR record for an address stands at (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseNameKey(addressOctets: Uint8Array): NameKey {
  const isIpv4 = addressOctets.length === 4;
  const parts = isIpv4
    ? [...addressOctets].map(String)
    : [...addressOctets].flatMap((octet) => [(octet >> 4).toString(16), (octet & 15).toString(16)]);
  const labels = parts.reverse().map((part) => String.fromCharCode(part.length) + part);
  return labels.join('') + (isIpv4 ? IN_ADDR_ARPA : IP6_ARPA);
}
