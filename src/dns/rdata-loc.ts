// LOC, the place of a thing on earth (RFC 1876): version, size and precisions as mantissa and exponent, latitude and
// longitude in thousandths of an arc second from 2^31, altitude in centimetres from 100 km below the ellipsoid.

import {
  type Field,
  type OctetReader,
  RdataOctetsError,
  type TokenReader,
  uintOctets,
} from './rdata-fields.ts';
import { TextSyntaxError } from './tokens.ts';

const EQUATOR = 2 ** 31;
const MS_PER_DEGREE = 3_600_000;
const ALTITUDE_BASE_CM = 10_000_000;
// RFC 1876 section 3: 1 m, 10 km and 10 m where nothing is written.
const DEFAULT_SIZES_CM = [100, 1_000_000, 1_000];
const MAX_SIZE_CM = 9e9;

export const loc: Field = { parse, format };

function parse(tokens: TokenReader): Uint8Array {
  const latitude = parseAngle(tokens, 'the latitude', 90, 'N', 'S');
  const longitude = parseAngle(tokens, 'the longitude', 180, 'E', 'W');
  const altitude = parseMetres(tokens.next('the altitude'), 'the altitude') + ALTITUDE_BASE_CM;
  if (altitude < 0 || altitude > 0xffff_ffff) {
    throw new TextSyntaxError('the altitude is not from -100000.00m to 42849672.95m');
  }
  const sizes = DEFAULT_SIZES_CM.map((defaultCm) => {
    const centimetres = tokens.isEmpty
      ? defaultCm
      : parseMetres(tokens.next('a size'), 'a size or precision');
    if (centimetres < 0 || centimetres > MAX_SIZE_CM) {
      throw new TextSyntaxError('a size or precision is not from 0 to 90000000.00m');
    }
    return packSize(centimetres);
  });
  const version = 0;
  return Buffer.concat([
    Buffer.of(version, ...sizes),
    uintOctets(EQUATOR + latitude, 4),
    uintOctets(EQUATOR + longitude, 4),
    uintOctets(altitude, 4),
  ]);
}

/** "42 21 54.5 N" in thousandths of an arc second; minutes and seconds may be left out. */
function parseAngle(tokens: TokenReader, what: string, limit: number, plus: string, minus: string): number {
  const parts: string[] = [];
  let sign: string;
  for (sign = ''; sign === ''; ) {
    const text = tokens.next(`${plus} or ${minus} after ${what}`).toUpperCase();
    if (text === plus || text === minus) sign = text;
    else parts.push(text);
  }
  const [degrees = '', minutes = '0', seconds = '0'] = parts;
  const [, whole = '', thousandths = ''] = /^(\d{1,2})(?:\.(\d{1,3}))?$/.exec(seconds) ?? [];
  const fits = /^\d{1,3}$/.test(degrees) && /^\d{1,2}$/.test(minutes) && whole !== '' && parts.length <= 3;
  const angle =
    Number(degrees) * MS_PER_DEGREE +
    Number(minutes) * 60_000 +
    Number(whole) * 1000 +
    Number(thousandths.padEnd(3, '0'));
  if (!fits || Number(minutes) > 59 || Number(whole) > 59 || angle > limit * MS_PER_DEGREE) {
    throw new TextSyntaxError(
      `${what} "${parts.join(' ')}" is not degrees, minutes and seconds up to ${limit}`,
    );
  }
  return sign === plus ? angle : -angle;
}

/** "-24.5m" in centimetres. */
function parseMetres(text: string, what: string): number {
  const match = /^(-?)(\d{1,8})(?:\.(\d{1,2}))?m?$/i.exec(text);
  if (!match) throw new TextSyntaxError(`${what} "${text}" is not metres such as 24.50m`);
  const centimetres = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'));
  return match[1] === '-' ? -centimetres : centimetres;
}

/** One digit and a power of ten; lower digits are dropped, as the reference code in RFC 1876 appendix A does. */
function packSize(centimetres: number): number {
  let mantissa = centimetres;
  let exponent = 0;
  for (; mantissa > 9; exponent += 1) mantissa = Math.floor(mantissa / 10);
  return (mantissa << 4) | exponent;
}

function format(reader: OctetReader): string {
  if (reader.uint(1) !== 0) throw new RdataOctetsError('the version of LOC is unknown');
  const sizes = [reader.uint(1), reader.uint(1), reader.uint(1)].map(formatSize);
  const latitude = formatAngle(reader.uint(4) - EQUATOR, 90, 'N', 'S');
  const longitude = formatAngle(reader.uint(4) - EQUATOR, 180, 'E', 'W');
  const altitude = ((reader.uint(4) - ALTITUDE_BASE_CM) / 100).toFixed(2);
  return [latitude, longitude, `${altitude}m`, ...sizes].join(' ');
}

function formatAngle(angle: number, limit: number, plus: string, minus: string): string {
  const size = Math.abs(angle);
  if (size > limit * MS_PER_DEGREE) throw new RdataOctetsError(`an angle is over ${limit} degrees`);
  const degrees = Math.floor(size / MS_PER_DEGREE);
  const minutes = Math.floor((size % MS_PER_DEGREE) / 60_000);
  const seconds = ((size % 60_000) / 1000).toFixed(3);
  return `${degrees} ${minutes} ${seconds} ${angle < 0 ? minus : plus}`;
}

function formatSize(packed: number): string {
  const mantissa = packed >> 4;
  const exponent = packed & 15;
  const centimetres = mantissa * 10 ** exponent;
  if (mantissa > 9 || exponent > 9 || packSize(centimetres) !== packed) {
    throw new RdataOctetsError('a size is not one digit and a power of ten');
  }
  return centimetres % 100 === 0 ? `${centimetres / 100}m` : `${(centimetres / 100).toFixed(2)}m`;
}
