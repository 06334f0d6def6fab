// A writer of DER (X.690), as much of it as certificates need; the test PKI is built from it.
// By hand because the tests need certificates that no decent library agrees to make: version 1, broken dates,
// names with a NUL, MD5. It checks nothing.

/** One element: identifier octet, definite length, contents. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Uint8Array.of(tag, content.length), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | length.length, ...length), content]);
}

export const sequence = (...items: readonly Uint8Array[]) => tlv(0x30, ...items);
export const set = (...items: readonly Uint8Array[]) => tlv(0x31, ...items);
export const octetString = (content: Uint8Array) => tlv(0x04, content);
export const bitString = (content: Uint8Array, unusedBits = 0) =>
  tlv(0x03, Uint8Array.of(unusedBits), content);
export const boolean = (value: boolean) => tlv(0x01, Uint8Array.of(value ? 0xff : 0));
export const nullValue = () => tlv(0x05);
export const utf8String = (text: string) => tlv(0x0c, Buffer.from(text, 'utf8'));

/** A non-negative integer from a number or from big-endian octets. */
export function integer(value: number | Uint8Array): Uint8Array {
  const octets = typeof value === 'number' ? Buffer.from(evenHex(value), 'hex') : value;
  return tlv(0x02, octets[0]! & 0x80 ? Uint8Array.of(0, ...octets) : octets);
}

function evenHex(value: number): string {
  const hex = value.toString(16);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

export function objectIdentifier(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const octets = [first! * 40 + second!];
  for (const arc of rest) {
    const groups = [arc & 0x7f];
    for (let high = arc >>> 7; high > 0; high >>>= 7) groups.unshift((high & 0x7f) | 0x80);
    octets.push(...groups);
  }
  return tlv(0x06, Uint8Array.from(octets));
}

/**
 * A date as RFC 5280 §4.1.2.5 wants it: UTCTime up to 2049, GeneralizedTime from 2050.
 * A string is put into a UTCTime as it stands, so that a test can write a date that is none.
 */
export function time(date: Date | string): Uint8Array {
  if (typeof date === 'string') return tlv(0x17, Buffer.from(date, 'latin1'));
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const year = date.getUTCFullYear();
  if (year >= 1950 && year < 2050) return tlv(0x17, Buffer.from(digits.slice(2), 'latin1'));
  return tlv(0x18, Buffer.from(digits, 'latin1'));
}
