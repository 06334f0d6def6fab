// Fields that only DNSSEC types use: instants of signatures (RFC 4034 section 3.2), type bitmaps (RFC 4034
// section 4.1.2), the salt and hashed owner of NSEC3 (RFC 5155 section 3.3), and algorithm numbers. Nothing is verified.

import { typeName, typeNumber } from './codes.ts';
import {
  type Field,
  lengthPrefixed,
  type OctetReader,
  parseHex,
  RdataOctetsError,
  uint,
  uintOctets,
} from './rdata-fields.ts';
import { TextSyntaxError } from './tokens.ts';

// IANA "DNS Security Algorithm Numbers": what signers write in place of the number.
const ALGORITHMS = new Map([
  ['RSASHA1', 5],
  ['NSEC3RSASHA1', 7],
  ['RSASHA256', 8],
  ['RSASHA512', 10],
  ['ECDSAP256SHA256', 13],
  ['ECDSAP384SHA384', 14],
  ['ED25519', 15],
  ['ED448', 16],
]);

export const algorithm = uint(1, 'the algorithm', ALGORITHMS);

/** A type by mnemonic or TYPEn. */
export const typeCovered: Field = {
  parse: (tokens) => uintOctets(readType(tokens.next('the type covered')), 2),
  format: (reader) => typeName(reader.uint(2)),
};

function readType(text: string): number {
  const type = typeNumber(text);
  if (type === undefined) throw new TextSyntaxError(`"${text}" is not a record type`);
  return type;
}

/** Seconds since 1970 in 32 bits, printed as YYYYMMDDHHmmSS; read in that form or as a number. */
export function instant(what: string): Field {
  return {
    parse: (tokens) => {
      const text = tokens.next(what);
      const seconds = /^\d{14}$/.test(text)
        ? secondsOfDate(text)
        : /^\d{1,10}$/.test(text)
          ? Number(text)
          : -1;
      if (!(seconds >= 0 && seconds <= 0xffff_ffff)) {
        throw new TextSyntaxError(`${what} "${text}" is not a time such as 20300101000000`);
      }
      return uintOctets(seconds, 4);
    },
    format: (reader) => dateOfSeconds(reader.uint(4)),
  };
}

function dateOfSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 19).replace(/\D/g, '');
}

/** NaN or -1 for a date that does not exist. */
function secondsOfDate(text: string): number {
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z');
  const seconds = Date.parse(iso) / 1000;
  // The 31st of a shorter month would roll over.
  return Number.isNaN(seconds) || dateOfSeconds(seconds) !== text ? -1 : seconds;
}

/** The types that stand at a name, to the end; may be empty. */
export const typeBitmap: Field = {
  parse: (tokens) => bitmapOctets(tokens.rest().map(readType)),
  format: (reader) => {
    const octets = reader.rest();
    const types = typesOfBitmap(octets);
    if (!bitmapOctets(types).equals(octets))
      throw new RdataOctetsError('the type bitmap is not in its shortest form');
    return types.map(typeName).join(' ');
  },
};

const BITMAP_MAX_OCTETS = 32;

function bitmapOctets(types: readonly number[]): Buffer {
  const windows = new Map<number, Buffer>();
  for (const type of types.toSorted((a, b) => a - b)) {
    const bits = windows.get(type >> 8) ?? Buffer.alloc(BITMAP_MAX_OCTETS);
    bits[(type & 0xff) >> 3]! |= 0x80 >> (type & 7);
    windows.set(type >> 8, bits);
  }
  return Buffer.concat(
    [...windows].map(([window, bits]) => {
      const length = bits.findLastIndex((octet) => octet !== 0) + 1;
      return Buffer.concat([Buffer.of(window, length), bits.subarray(0, length)]);
    }),
  );
}

function typesOfBitmap(octets: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 2 <= octets.length; at += 2 + octets[at + 1]!) {
    const bits = octets.subarray(at + 2, at + 2 + octets[at + 1]!);
    for (let bit = 0; bit < bits.length * 8; bit += 1) {
      if (bits[bit >> 3]! & (0x80 >> (bit & 7))) types.push((octets[at]! << 8) | bit);
    }
  }
  return types;
}

/** Hexadecimal behind a length; "-" is none. */
export const salt: Field = {
  parse: (tokens) => {
    const text = tokens.next('the salt');
    return lengthPrefixed(text === '-' ? Buffer.alloc(0) : parseHex(text, 'the salt'), 'the salt');
  },
  format: (reader) => takeCounted(reader).toString('hex').toUpperCase() || '-',
};

function takeCounted(reader: OctetReader): Buffer {
  return reader.take(reader.uint(1));
}

const BASE32HEX = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** Base32 with the extended hex alphabet, unpadded (RFC 4648 section 7), behind a length. */
export const hashedOwner: Field = {
  parse: (tokens) => {
    const text = tokens.next('the next hashed owner').toUpperCase();
    const bits = [...text].map((digit) => BASE32HEX.indexOf(digit));
    const octets = regroup(bits, 5, 8).slice(0, Math.floor((bits.length * 5) / 8));
    if (bits.includes(-1) || text === '' || base32hex(octets) !== text) {
      throw new TextSyntaxError(`the next hashed owner "${text}" is not base32hex`);
    }
    return lengthPrefixed(Uint8Array.from(octets), 'the next hashed owner');
  },
  format: (reader) => {
    const octets = takeCounted(reader);
    if (octets.length === 0) throw new RdataOctetsError('the next hashed owner is empty');
    return base32hex([...octets]);
  },
};

function base32hex(octets: readonly number[]): string {
  return regroup(octets, 8, 5)
    .map((value) => BASE32HEX[value])
    .join('');
}

/** The same bits in groups of another size, the last one filled up with zeros. */
function regroup(values: readonly number[], from: number, to: number): number[] {
  const bits = values.map((value) => value.toString(2).padStart(from, '0')).join('');
  return (bits.match(new RegExp(`.{1,${to}}`, 'g')) ?? []).map((group) =>
    Number.parseInt(group.padEnd(to, '0'), 2),
  );
}
