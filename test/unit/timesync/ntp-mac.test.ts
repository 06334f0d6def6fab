// MACs against published vectors, and that nothing but the right one is taken. A real chronyd judges them all in
// test/e2e/ntp.test.ts.

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimeKeyType } from '../../../src/config/config.ts';
import { hasRightMac, isCryptoNak, type NtpKey, withMac } from '../../../src/timesync/ntp-mac.ts';

const SEED = 20261122;
const HEADER_OCTETS = 48;
const MESSAGE = Buffer.from(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  'hex',
);
const AES128 = key('AES128', '2b7e151628aed2a6abf7158809cf4f3c');
const AES256 = key('AES256', '603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4');
const KEYS = [key('MD5', '01'), key('SHA1', '0203'), key('SHA256', '040506'), AES128, AES256];

function key(type: TimeKeyType, hex: string): NtpKey {
  return { id: 7, type, secret: Buffer.from(hex, 'hex') };
}

const digestOf = (octets: Uint8Array, key: NtpKey) => withMac(octets, key).subarray(octets.length + 4);

describe('a CMAC', () => {
  it.each([
    [0, 'bb1d6929e95937287fa37d129b756746'],
    [16, '070a16b46b4d4144f79bdd9dd04a287c'],
    [40, 'dfa66747de9ae63030ca32611497c827'],
    [64, '51f0bebf7e3b9d92fc49741779363cfe'],
  ])('of AES128 over %i octets is that of RFC 4493 section 4', (octets, expected) => {
    expect(digestOf(MESSAGE.subarray(0, octets), AES128).toString('hex')).toBe(expected);
  });

  it.each([
    [0, '028962f61b7bf89efc6b551f4667d983'],
    [16, '28a7023f452e8f82bd4bf28d8c37c35c'],
    [40, 'aaf3d8f1de5640c232f5b169b9c911e6'],
    [64, 'e1992190549f6ed5696a2c056c315410'],
  ])('of AES256 over %i octets is that of NIST SP 800-38B', (octets, expected) => {
    expect(digestOf(MESSAGE.subarray(0, octets), AES256).toString('hex')).toBe(expected);
  });
});

describe('a keyed digest', () => {
  it.each([
    ['MD5', 16],
    ['SHA1', 20],
    ['SHA256', 20],
  ] as const)('of %s is the hash over key and packet, %i octets of it', (type, octets) => {
    const hash = createHash(type)
      .update(Buffer.concat([Buffer.from('tulip'), MESSAGE]))
      .digest();
    const secret = Buffer.from('tulip');
    expect(digestOf(MESSAGE, { id: 1, type, secret })).toEqual(hash.subarray(0, octets));
  });
});

describe('a MAC', () => {
  const header = MESSAGE.subarray(0, HEADER_OCTETS);

  it('begins with the number of the key, all 32 bits of it', () => {
    const packet = withMac(header, { ...AES128, id: 0xfedcba98 });
    expect(packet.readUInt32BE(HEADER_OCTETS)).toBe(0xfedcba98);
  });

  it('is right as it was made, and wrong with any octet changed, added or left out', () => {
    fc.assert(
      fc.property(fc.constantFrom(...KEYS), fc.nat(), fc.integer({ min: 1, max: 255 }), (key, at, change) => {
        const packet = withMac(header, key);
        expect(hasRightMac(packet, HEADER_OCTETS, key)).toBe(true);
        packet[at % packet.length]! ^= change;
        expect(hasRightMac(packet, HEADER_OCTETS, key)).toBe(false);
        packet[at % packet.length]! ^= change;
        expect(hasRightMac(Buffer.concat([packet, Buffer.of(change)]), HEADER_OCTETS, key)).toBe(false);
        expect(hasRightMac(packet.subarray(0, -1), HEADER_OCTETS, key)).toBe(false);
      }),
      { seed: SEED },
    );
  });

  it('of another key with the same number is wrong', () => {
    const other = { ...AES128, secret: Buffer.alloc(16, 1) };
    expect(hasRightMac(withMac(header, other), HEADER_OCTETS, AES128)).toBe(false);
  });

  it('is missing from a packet that ends with its header', () => {
    expect(hasRightMac(header, HEADER_OCTETS, AES128)).toBe(false);
  });
});

describe('a crypto-NAK', () => {
  const nak = Buffer.concat([MESSAGE.subarray(0, HEADER_OCTETS), Buffer.alloc(4)]);

  it('is a key number of zero and nothing behind it', () => {
    expect(isCryptoNak(nak, HEADER_OCTETS)).toBe(true);
    expect(isCryptoNak(withMac(nak.subarray(0, HEADER_OCTETS), AES128), HEADER_OCTETS)).toBe(false);
    expect(isCryptoNak(nak.subarray(0, HEADER_OCTETS), HEADER_OCTETS)).toBe(false);
    const numbered = Buffer.concat([nak.subarray(0, -1), Buffer.of(AES128.id)]);
    expect(isCryptoNak(numbered, HEADER_OCTETS)).toBe(false);
  });
});
