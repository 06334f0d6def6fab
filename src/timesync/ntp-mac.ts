// The MAC behind an NTP packet that a symmetric key makes (RFC 5905 section 7.3, RFC 8573): its number, then a digest.
// MD5, SHA1 and SHA256 digest key and packet one after the other; AES128 and AES256 make a CMAC (RFC 4493).
// Digests are cut to 20 octets, as chrony and ntpd cut them in version 4, because RFC 7822 tells a longer MAC from an
// extension field by its length alone. Where keys come from is ntp-key-file.ts.

import { createCipheriv, createHash, timingSafeEqual } from 'node:crypto';
import type { TimeKey, TimeKeyType } from '../config/config.ts';
import { readUint32 } from '../dns/wire.ts';

export interface NtpKey extends Pick<TimeKey, 'id' | 'type'> {
  readonly secret: Uint8Array;
}

const KEY_ID_OCTETS = 4;
const MAX_DIGEST_OCTETS = 20;
const BLOCK_OCTETS = 16;
const ZERO_BLOCK = Buffer.alloc(BLOCK_OCTETS);
/** What a bit shifted out of a block comes back as (RFC 4493 section 2.3). */
const CMAC_RB = 0x87;

type Digest = (secret: Uint8Array, octets: Uint8Array) => Buffer;

const DIGESTS: Readonly<Record<TimeKeyType, Digest>> = {
  MD5: keyedHash('md5'),
  SHA1: keyedHash('sha1'),
  SHA256: keyedHash('sha256'),
  AES128: cmac('aes-128-cbc'),
  AES256: cmac('aes-256-cbc'),
};

/** The packet with its MAC behind it. */
export function withMac(header: Uint8Array, key: NtpKey): Buffer {
  return Buffer.concat([header, macOf(header, key)]);
}

/** Is what follows the header the MAC of this key, and nothing else? */
export function hasRightMac(packet: Uint8Array, headerOctets: number, key: NtpKey): boolean {
  const expected = macOf(packet.subarray(0, headerOctets), key);
  const found = packet.subarray(headerOctets);
  return found.length === expected.length && timingSafeEqual(found, expected);
}

/** A MAC of the number 0 alone: the server could not verify ours (RFC 5905, crypto-NAK). Anybody can write that. */
export function isCryptoNak(packet: Uint8Array, headerOctets: number): boolean {
  return packet.length === headerOctets + KEY_ID_OCTETS && readUint32(packet, headerOctets) === 0;
}

function macOf(header: Uint8Array, { id, type, secret }: NtpKey): Buffer {
  const number = Buffer.alloc(KEY_ID_OCTETS);
  number.writeUInt32BE(id);
  return Buffer.concat([number, DIGESTS[type](secret, header).subarray(0, MAX_DIGEST_OCTETS)]);
}

function keyedHash(algorithm: string): Digest {
  return (secret, octets) => createHash(algorithm).update(secret).update(octets).digest();
}

/** RFC 4493 section 2.4: CBC from a zero block, the last block masked; the cipher's last block is the digest. */
function cmac(algorithm: string): Digest {
  return (secret, octets) => {
    const encrypt = (blocks: Uint8Array) =>
      createCipheriv(algorithm, secret, ZERO_BLOCK).setAutoPadding(false).update(blocks);
    const oneMask = doubled(encrypt(ZERO_BLOCK));
    const isWhole = octets.length > 0 && octets.length % BLOCK_OCTETS === 0;
    const blocks = isWhole ? Buffer.from(octets) : padded(octets);
    const mask = isWhole ? oneMask : doubled(oneMask);
    const last = blocks.length - BLOCK_OCTETS;
    for (const [index, octet] of mask.entries()) blocks[last + index]! ^= octet;
    return encrypt(blocks).subarray(last);
  };
}

/** Filled up to whole blocks with one set bit and zeros. */
function padded(octets: Uint8Array): Buffer {
  const blocks = Buffer.alloc((Math.floor(octets.length / BLOCK_OCTETS) + 1) * BLOCK_OCTETS);
  blocks.set(octets);
  blocks[octets.length] = 0x80;
  return blocks;
}

/** The block times two in the field of RFC 4493 section 2.3. */
function doubled(block: Uint8Array): Buffer {
  const result = Buffer.alloc(BLOCK_OCTETS);
  for (let index = 0; index < BLOCK_OCTETS; index += 1) {
    result[index] = (block[index]! << 1) | ((block[index + 1] ?? 0) >> 7);
  }
  if (block[0]! & 0x80) result[BLOCK_OCTETS - 1]! ^= CMAC_RB;
  return result;
}
