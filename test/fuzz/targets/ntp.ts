// NTP replies (src/timesync/ntp-packet.ts, ntp-sample.ts, ntp-mac.ts): a packet is a stray one, or a reply with real
// numbers, whose sample is refused in words or lies within the bounds; instants are those that were written, by another
// arithmetic than ours.

import fc from 'fast-check';
import { hasRightMac, isCryptoNak, withMac } from '../../../src/timesync/ntp-mac.ts';
import {
  buildQuestion,
  HEADER_OCTETS,
  NONCE_OCTETS,
  readReply,
  StrayReply,
} from '../../../src/timesync/ntp-packet.ts';
import { sampleOf } from '../../../src/timesync/ntp-sample.ts';
import { MAX_BOUND_MS, MAX_DELAY_MS, TimeSourceFailure } from '../../../src/timesync/source.ts';
import { type FuzzTarget, must, mustEqual, unlessRefused } from '../target.ts';

export interface NtpStory {
  readonly packet: Buffer;
  /** `ours`: its nonce is that of the question, its mode a server's. `other`: its nonce is not. */
  readonly kind: 'ours' | 'other' | 'any';
  /** Its timestamps are this date, and its numbers small. */
  readonly epochSeconds: number | null;
  readonly waitMs: number;
  readonly key: Buffer;
  readonly at: number;
}

const NONCE = Buffer.from('0011223344556677', 'hex');
const OWN_ADDRESSES = ['192.0.2.1', '2001:db8::1'];
const SECONDS_1900_TO_1970 = 2_208_988_800n;
const ERA_SECONDS = 2n ** 32n;
const AT = { first: 0, stratum: 1, precision: 3, numbers: 4, origin: 24, receive: 32, transmit: 40 } as const;
const SYNCHRONISED_SERVER = 0x24;

export const ntp: FuzzTarget<NtpStory> = {
  name: 'ntp',
  oracle: 'instants in whole numbers, bounds of RFC 5905, and no MAC with a changed octet',
  runs: 3000,
  input: fc.record({
    packet: fc.uint8Array({ maxLength: 80 }).map((octets) => Buffer.from(octets)),
    kind: fc.constantFrom('ours', 'ours', 'other', 'any'),
    epochSeconds: fc.option(fc.integer({ min: 1_600_000_000, max: 3_800_000_000 }), { nil: null }),
    waitMs: fc.oneof(fc.nat(2000), fc.double({ min: 0, max: 5000, noNaN: true })),
    key: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => Buffer.from(octets)),
    at: fc.nat(200),
  }),
  holds({ packet, kind, epochSeconds, waitMs, key, at }) {
    const ready = kind === 'any' ? packet : asOurs(packet, epochSeconds);
    if (kind === 'other') ready[AT.origin + (at % NONCE_OCTETS)]! ^= 1 + (at >> 3);
    mustKnowItsMac(ready, key, at);
    const reply = unlessRefused(() => readReply(ready, NONCE), StrayReply);
    mustEqual(reply !== null, isReply(ready), 'a reply to our question');
    if (reply === null) return;
    for (const number of [reply.precisionMs, reply.rootDelayMs, reply.rootDispersionMs])
      must(Number.isFinite(number) && number >= 0, 'numbers of a reply');
    if (kind === 'ours' && epochSeconds !== null)
      mustEqual(reply.transmitMs, epochSeconds * 1000, 'the instant that was written');
    const exchange = { reply, sentAtMs: 1000, receivedAtMs: 1000 + waitMs };
    const sample = unlessRefused(() => sampleOf(exchange, OWN_ADDRESSES), TimeSourceFailure);
    if (sample === null) return;
    const { utcMs, boundMs, delayMs, atMs } = sample;
    must(Number.isFinite(utcMs) && atMs >= 1000 && atMs <= 1000 + waitMs, 'an instant within the exchange');
    must(
      boundMs > 0 && boundMs <= MAX_BOUND_MS && delayMs >= 0 && delayMs <= MAX_DELAY_MS,
      'a sample within the bounds',
    );
    must(boundMs >= delayMs / 2, 'a bound holds the way of the packet');
  },
};

function asOurs(packet: Buffer, epochSeconds: number | null): Buffer {
  const ready = Buffer.concat([packet, Buffer.alloc(Math.max(0, HEADER_OCTETS - packet.length))]);
  ready[AT.first] = SYNCHRONISED_SERVER;
  NONCE.copy(ready, AT.origin);
  if (epochSeconds === null) return ready;
  ready[AT.stratum] = 1 + (ready[AT.stratum]! % 14);
  ready[AT.precision] = 0xe8;
  ready.fill(0, AT.numbers, AT.numbers + 8);
  const seconds = Number((BigInt(epochSeconds) + SECONDS_1900_TO_1970) % ERA_SECONDS);
  for (const at of [AT.receive, AT.transmit]) {
    ready.writeUInt32BE(seconds, at);
    ready.writeUInt32BE(0, at + 4);
  }
  return ready;
}

/** RFC 5905 section 7.3, as a client of version 3 or 4 must see it. */
function isReply(packet: Buffer): boolean {
  if (packet.length < HEADER_OCTETS) return false;
  const version = (packet[AT.first]! >> 3) & 7;
  return (
    (packet[AT.first]! & 7) === 4 &&
    [3, 4].includes(version) &&
    packet.subarray(AT.origin, AT.origin + NONCE_OCTETS).equals(NONCE)
  );
}

function mustKnowItsMac(packet: Buffer, secret: Buffer, at: number): void {
  const header = packet.length < HEADER_OCTETS ? buildQuestion(NONCE) : packet.subarray(0, HEADER_OCTETS);
  const key = { id: 1 + (at % 100), type: at % 2 === 0 ? 'AES128' : 'SHA1', secret } as const;
  const signed = withMac(header, key);
  must(
    hasRightMac(signed, HEADER_OCTETS, key) && !isCryptoNak(signed, HEADER_OCTETS),
    'a MAC is known again',
  );
  signed[at % signed.length]! ^= 1;
  must(!hasRightMac(signed, HEADER_OCTETS, key), 'a changed packet has no right MAC');
}
