// Octets of NTP headers: what our question shows of us, what a reply says, and that no octets can upset the reader.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildQuestion, HEADER_OCTETS, readReply, StrayReply } from '../../../src/timesync/ntp-packet.ts';
import { type NtpFields, writeReply } from '../../support/ntp-server.ts';

const SEED = 20261122;
const NONCE = Buffer.from('0123456789abcdef', 'hex');
const HONEST: NtpFields = {
  leap: 1,
  version: 4,
  mode: 4,
  stratum: 3,
  precision: -10,
  rootDelaySeconds: 0.25,
  rootDispersionSeconds: 1.5,
  refid: Buffer.from([192, 0, 2, 7]),
  origin: NONCE,
  receiveMs: Date.UTC(2027, 0, 1),
  transmitMs: Date.UTC(2027, 0, 1) + 0.5,
  key: null,
};

const timestampOf = (epochMs: number) => {
  const { transmitMs } = readReply(writeReply({ ...HONEST, transmitMs: epochMs }), NONCE);
  return transmitMs;
};

describe('a question', () => {
  it('is a client header of version 4 with the nonce where the transmit timestamp stands, and zeros', () => {
    const expected = Buffer.alloc(HEADER_OCTETS);
    expected[0] = 0b00_100_011;
    expected.set(NONCE, 40);
    expect(buildQuestion(NONCE)).toEqual(expected);
  });
});

describe('a reply', () => {
  it('is read field by field', () => {
    expect(readReply(writeReply(HONEST), NONCE)).toEqual({
      leap: 1,
      stratum: 3,
      precisionMs: 1000 / 1024,
      rootDelayMs: 250,
      rootDispersionMs: 1500,
      refid: Uint8Array.from([192, 0, 2, 7]),
      receiveMs: HONEST.receiveMs,
      transmitMs: HONEST.transmitMs,
    });
  });

  it('has no time where a timestamp is zero', () => {
    const reply = readReply(writeReply({ ...HONEST, receiveMs: null, transmitMs: null }), NONCE);
    expect(reply).toMatchObject({ receiveMs: null, transmitMs: null });
  });

  it.each([
    ['the epoch, which a rebooted server says', Date.UTC(1970, 0, 1, 0, 0, 5)],
    ['the year 2015', Date.UTC(2015, 5, 30)],
    ['the last second of era 0', Date.UTC(2036, 1, 7, 6, 28, 15)],
    ['the first half-second of era 1', Date.UTC(2036, 1, 7, 6, 28, 16) + 500],
    ['the year 2045, in era 1', Date.UTC(2045, 0, 1)],
  ])('says %s', (_what, epochMs) => {
    expect(timestampOf(epochMs)).toBe(epochMs);
  });

  it('means the era nearest to this release, at any instant of 68 years around it', () => {
    const years = fc.integer({ min: Date.UTC(1960), max: Date.UTC(2090) });
    fc.assert(
      fc.property(years, (epochMs) => Math.abs(timestampOf(epochMs)! - epochMs) < 0.001),
      { seed: SEED },
    );
  });

  it('is not ours when it is too short, of another mode or version, or repeats another nonce', () => {
    const strays = [
      writeReply(HONEST).subarray(0, HEADER_OCTETS - 1),
      writeReply({ ...HONEST, mode: 3 }),
      writeReply({ ...HONEST, mode: 5 }),
      writeReply({ ...HONEST, version: 2 }),
      writeReply({ ...HONEST, version: 5 }),
      writeReply({ ...HONEST, origin: Buffer.from('0123456789abcdee', 'hex') }),
      writeReply({ ...HONEST, origin: Buffer.alloc(8) }),
    ];
    for (const stray of strays) expect(() => readReply(stray, NONCE)).toThrow(StrayReply);
  });

  it('of version 3 is taken', () => {
    expect(readReply(writeReply({ ...HONEST, version: 3 }), NONCE).stratum).toBe(3);
  });
});

describe('any octets', () => {
  const anyPacket = fc.uint8Array({ maxLength: 120 });
  /** Random octets almost never repeat the nonce, so half of them are helped past that check. */
  const almost = fc.uint8Array({ minLength: HEADER_OCTETS, maxLength: 120 }).map((octets) => {
    octets[0] = (octets[0]! & 0xc0) | 0x24;
    octets.set(NONCE, 24);
    return octets;
  });

  it('are read, or refused as a stray reply and never in another way', () => {
    fc.assert(
      fc.property(fc.oneof(anyPacket, almost), (octets) => {
        try {
          const reply = readReply(octets, NONCE);
          return [reply.precisionMs, reply.rootDelayMs, reply.rootDispersionMs].every(
            (ms) => Number.isFinite(ms) && ms >= 0,
          );
        } catch (error) {
          return error instanceof StrayReply;
        }
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});
