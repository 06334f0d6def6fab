// The vocabulary that RDATA is described in: one codec per kind of field, text to octets and back.
// dns/rdata-types.ts puts them together into types. Formatting is strict, so that what it prints parses to the
// same octets; whatever does not fit throws, and dns/rdata-text.ts prints that in the generic form of RFC 3597.

import ipaddr from 'ipaddr.js';
import { formatName, type NameKey, nameOctets, parseName } from './names.ts';
import { octetsOf, quote, SAYS_ALL, TextSyntaxError, type Token } from './tokens.ts';

/** One field of RDATA. */
export interface Field {
  /** The octets of the tokens that it takes. @throws TextSyntaxError, NameSyntaxError */
  parse(tokens: TokenReader, origin: NameKey): Uint8Array;
  /** The text of the octets that it takes, '' for none. @throws RdataOctetsError */
  format(octets: OctetReader): string;
}

/** RDATA that its type does not allow. */
export class RdataOctetsError extends Error {
  readonly code = 'rdata-octets';
}

/** Takes tokens from the left. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at: number;

  constructor(tokens: readonly Token[], at = 0) {
    this.#tokens = tokens;
    this.#at = at;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** The next token, or undefined, without taking it. */
  peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  /** The next token's text. @throws TextSyntaxError naming what is missing */
  next(what: string): string {
    const token = this.peek();
    if (!token) throw new TextSyntaxError(`${what} is missing`);
    this.#at += 1;
    return token.text;
  }

  /** All that is left. */
  rest(): string[] {
    const left = this.#tokens.slice(this.#at).map((token) => token.text);
    this.#at = this.#tokens.length;
    return left;
  }
}

/** Takes octets from the left. */
export class OctetReader {
  readonly #octets: Uint8Array;
  #at = 0;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  get isEmpty(): boolean {
    return this.#at >= this.#octets.length;
  }

  /** @throws RdataOctetsError when fewer are left */
  take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#octets.length) throw new RdataOctetsError('RDATA ends early');
    const taken = this.#octets.subarray(this.#at, end);
    this.#at = end;
    return Buffer.from(taken.buffer, taken.byteOffset, taken.length);
  }

  rest(): Buffer {
    return this.take(this.#octets.length - this.#at);
  }

  /** An unsigned number of 1 to 4 octets. */
  uint(octets: number): number {
    return this.take(octets).readUIntBE(0, octets);
  }

  /** A name in wire form; a compression pointer is malformed here. */
  name(): string {
    let wire = '';
    for (let length = -1; length !== 0; ) {
      length = this.uint(1);
      if (length > 63) throw new RdataOctetsError('a label is over 63 octets long');
      wire += String.fromCharCode(length) + this.take(length).toString('latin1');
    }
    if (wire.length > 255) throw new RdataOctetsError('a name is over 255 octets long');
    return wire;
  }
}

/** A big-endian unsigned number as octets. */
export function uintOctets(value: number, octets: number): Buffer {
  const buffer = Buffer.alloc(octets);
  buffer.writeUIntBE(value, 0, octets);
  return buffer;
}

/** A decimal number of `octets` octets. `mnemonics` may stand for numbers when read; numbers are what is printed. */
export function uint(octets: number, what: string, mnemonics?: ReadonlyMap<string, number>): Field {
  const limit = 2 ** (8 * octets) - 1;
  return {
    parse: (tokens) => {
      const text = tokens.next(what);
      const value = mnemonics?.get(text.toUpperCase()) ?? (/^\d+$/.test(text) ? Number(text) : Number.NaN);
      if (!(value <= limit))
        throw new TextSyntaxError(`${what} "${text}" is not a number from 0 to ${limit}`);
      return uintOctets(value, octets);
    },
    format: (reader) => String(reader.uint(octets)),
  };
}

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Seconds of "3600" or "1h30m"; undefined for anything else. */
export function parseSeconds(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  if (!/^(?:\d+[smhdw])+$/i.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(\D)/g)) {
    seconds += Number(count) * SECONDS_OF_UNIT[unit!.toLowerCase()]!;
  }
  return seconds;
}

/** A span of time in seconds, 32 bits; units as in "1h30m" may be written. */
export function duration(what: string): Field {
  return {
    parse: (tokens) => {
      const text = tokens.next(what);
      const seconds = parseSeconds(text);
      if (seconds === undefined || seconds > 0xffff_ffff) {
        throw new TextSyntaxError(`${what} "${text}" is not a time such as 3600 or 1h`);
      }
      return uintOctets(seconds, 4);
    },
    format: (reader) => String(reader.uint(4)),
  };
}

/** A domain name, case kept, relative to the origin unless it ends in a dot. */
export function name(what: string): Field {
  return {
    parse: (tokens, origin) => {
      const text = tokens.next(what);
      // "www CNAME 192.168.1.20" would quietly become a name below the zone.
      if (ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)) {
        throw new TextSyntaxError(`${what} "${text}" is an address where a name belongs`);
      }
      return nameOctets(parseName(text, origin));
    },
    format: (reader) => formatName(reader.name()),
  };
}

export const ipv4: Field = {
  parse: (tokens) => parseIpv4(tokens.next('an IPv4 address')),
  format: (reader) => reader.take(4).join('.'),
};

export const ipv6: Field = {
  parse: (tokens) => parseIpv6(tokens.next('an IPv6 address')),
  format: (reader) => formatIpv6(reader.take(16)),
};

/** Four decimal parts and nothing else. @throws TextSyntaxError */
export function parseIpv4(text: string): Uint8Array {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text))
    throw new TextSyntaxError(`"${text}" is not an IPv4 address`);
  return Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray());
}

/** RFC 4291 section 2.2, without a scope. @throws TextSyntaxError */
export function parseIpv6(text: string): Uint8Array {
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) {
    throw new TextSyntaxError(`"${text}" is not an IPv6 address`);
  }
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** RFC 5952; an IPv4-mapped address with its IPv4 part in decimal (section 5). */
export function formatIpv6(octets: Uint8Array): string {
  const address = new ipaddr.IPv6([...octets]);
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address()}` : address.toRFC5952String();
}

/** A character-string of at most 255 octets (RFC 1035 section 3.3). */
export function text(what: string): Field {
  return {
    parse: (tokens) => lengthPrefixed(octetsOf(tokens.next(what)), what),
    format: (reader) => quote(reader.take(reader.uint(1))),
  };
}

/** One or more character-strings, to the end. */
export const texts: Field = {
  parse: (tokens) => {
    if (tokens.isEmpty) throw new TextSyntaxError('the text is missing');
    return Buffer.concat(tokens.rest().map((part) => lengthPrefixed(octetsOf(part), 'one string')));
  },
  format: (reader) => {
    const parts = [quote(reader.take(reader.uint(1)))];
    while (!reader.isEmpty) parts.push(quote(reader.take(reader.uint(1))));
    return parts.join(' ');
  },
};

/** One text without a length, to the end of the RDATA. */
export function longText(what: string): Field {
  return {
    parse: (tokens) => octetsOf(tokens.next(what)),
    format: (reader) => quote(reader.rest()),
  };
}

/** A property tag: ASCII letters and digits behind a length (RFC 8659 section 4.1). */
export const tag: Field = {
  parse: (tokens) => {
    const word = tokens.next('the tag');
    if (!/^[a-z0-9]+$/i.test(word)) throw new TextSyntaxError(`the tag "${word}" is not letters and digits`);
    return lengthPrefixed(Buffer.from(word), 'the tag');
  },
  format: (reader) => {
    const word = reader.take(reader.uint(1)).toString('latin1');
    if (!/^[a-z0-9]+$/i.test(word)) throw new RdataOctetsError('a tag is not letters and digits');
    return word;
  },
};

/** Octets behind one that counts them. @throws TextSyntaxError when over 255 */
export function lengthPrefixed(octets: Uint8Array, what: string): Uint8Array {
  if (octets.length > 255) throw new TextSyntaxError(`${what} is over 255 octets long`, SAYS_ALL);
  return Buffer.concat([uintOctets(octets.length, 1), octets]);
}

/** Base64 to the end, in one or more tokens, never empty. */
export function base64(what: string): Field {
  return {
    parse: (tokens) => parseBase64(tokens.rest().join(''), what),
    format: (reader) => present(reader.rest()).toString('base64'),
  };
}

/** Canonical base64 with its padding (RFC 4648 section 4). @throws TextSyntaxError */
export function parseBase64(encoded: string, what: string): Buffer {
  const octets = Buffer.from(encoded, 'base64');
  if (encoded === '') throw new TextSyntaxError(`${what} is missing`);
  if (octets.toString('base64') !== encoded) throw new TextSyntaxError(`${what} is not whole, padded base64`);
  return octets;
}

/** Hexadecimal to the end, in one or more tokens, never empty. */
export function hex(what: string): Field {
  return {
    parse: (tokens) => {
      const octets = parseHex(tokens.rest().join(''), what);
      if (octets.length === 0) throw new TextSyntaxError(`${what} is missing`);
      return octets;
    },
    format: (reader) => present(reader.rest()).toString('hex').toUpperCase(),
  };
}

/** @throws TextSyntaxError */
export function parseHex(digits: string, what: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits))
    throw new TextSyntaxError(`${what} is not pairs of hexadecimal digits`);
  return Buffer.from(digits, 'hex');
}

function present(octets: Buffer): Buffer {
  if (octets.length === 0) throw new RdataOctetsError('the last field is empty');
  return octets;
}

/** Hexadecimal pairs with hyphens between (RFC 7043). */
export function eui(octets: number): Field {
  return {
    parse: (tokens) => {
      const written = tokens.next('the identifier');
      if (!/^[0-9a-f]{2}(?:-[0-9a-f]{2})*$/i.test(written) || written.length !== octets * 3 - 1) {
        throw new TextSyntaxError(
          `"${written}" is not ${octets} pairs of hexadecimal digits with hyphens between`,
        );
      }
      return Buffer.from(written.replaceAll('-', ''), 'hex');
    },
    format: (reader) =>
      [...reader.take(octets)].map((octet) => octet.toString(16).padStart(2, '0')).join('-'),
  };
}
