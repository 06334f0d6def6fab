// What a reply is worth: the arithmetic of RFC 5905 section 8, and each ground for refusing one.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NtpReply } from '../../../src/timesync/ntp-packet.ts';
import { sampleOf } from '../../../src/timesync/ntp-sample.ts';
import { MAX_BOUND_MS, TimeSourceFailure } from '../../../src/timesync/source.ts';

const SEED = 20261122;
const NOON_MS = Date.UTC(2027, 0, 1, 12);
const NO_ADDRESSES: readonly string[] = [];
const ALLOWANCE_MS = 1;
const HONEST: NtpReply = {
  leap: 0,
  stratum: 2,
  precisionMs: 0,
  rootDelayMs: 0,
  rootDispersionMs: 0,
  refid: Uint8Array.from([192, 0, 2, 7]),
  receiveMs: NOON_MS,
  transmitMs: NOON_MS,
};

const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

function judge(fields: Partial<NtpReply>, tookMs = 0, own = NO_ADDRESSES) {
  return sampleOf({ reply: { ...HONEST, ...fields }, sentAtMs: 1000, receivedAtMs: 1000 + tookMs }, own);
}

function failureOf(fields: Partial<NtpReply>, tookMs = 0, own = NO_ADDRESSES): TimeSourceFailure {
  try {
    judge(fields, tookMs, own);
  } catch (error) {
    expect(error).toBeInstanceOf(TimeSourceFailure);
    return error as TimeSourceFailure;
  }
  throw new Error('it was not refused');
}

describe('a sample', () => {
  it('is the middle of the two halves of the exchange, with all that may be wrong as its bound', () => {
    const fields = { transmitMs: NOON_MS + 10, precisionMs: 3, rootDelayMs: 40, rootDispersionMs: 50 };
    expect(judge(fields, 110)).toEqual({
      utcMs: NOON_MS + 5,
      atMs: 1055,
      delayMs: 100,
      boundMs: 50 + 20 + 50 + 3 + ALLOWANCE_MS,
      isProvenAt: null,
    });
  });

  it('of an honest server holds the true time, however unequal the two ways are', () => {
    const way = fc.double({ min: 0, max: 490, noNaN: true });
    fc.assert(
      fc.property(way, way, way, (outMs, heldMs, backMs) => {
        const receiveMs = NOON_MS + outMs;
        const tookMs = outMs + heldMs + backMs;
        const { utcMs, atMs, boundMs } = judge({ receiveMs, transmitMs: receiveMs + heldMs }, tookMs);
        return Math.abs(utcMs - (NOON_MS + atMs - 1000)) <= boundMs;
      }),
      { seed: SEED },
    );
  });

  it('comes from a server that names its reference clock', () => {
    expect(judge({ stratum: 1, refid: ascii('GPS\0') }).utcMs).toBe(NOON_MS);
  });

  it('has no delay below zero where the timestamps of the server are coarse', () => {
    const sample = judge({ transmitMs: NOON_MS + 15, precisionMs: 16 }, 1);
    expect(sample).toMatchObject({ delayMs: 0, boundMs: 16 + ALLOWANCE_MS });
  });
});

describe('a reply is refused', () => {
  it.each<[string, Partial<NtpReply>, number, RegExp]>([
    ['leap indicator 3', { leap: 3 }, 0, /it says that it is not synchronised/],
    [
      'stratum 0 without a kiss code',
      { stratum: 0, refid: Uint8Array.of(0, 0, 0, 0) },
      0,
      /not synchronised/,
    ],
    ['stratum 15', { stratum: 15 }, 0, /its stratum is 15/],
    ['stratum 16', { stratum: 16 }, 0, /its stratum is 16/],
    ['no receive timestamp', { receiveMs: null }, 0, /timestamps is empty/],
    ['no transmit timestamp', { transmitMs: null }, 0, /timestamps is empty/],
    ['an answer before the question', { transmitMs: NOON_MS - 0.001 }, 0, /left before the question came/],
    ['more time than there was', { transmitMs: NOON_MS + 20 }, 10, /longer than the answer took/],
    ['a delay over 1 s', {}, 1001, /its answer took 1001 ms, more than 1000 ms/],
    [
      'half its root delay',
      { rootDelayMs: 3002 },
      0,
      /its own time may be wrong by 1501 ms, more than 1500 ms/,
    ],
    ['its root dispersion', { rootDispersionMs: 1501 }, 0, /its own time may be wrong by 1501 ms/],
    ['a bound over 5 s', { precisionMs: 8000 }, 0, /may be wrong by 8001 ms, more than 5000 ms/],
  ])('for %s, in words', (_what, fields, tookMs, words) => {
    const failure = failureOf(fields, tookMs);
    expect(failure).toMatchObject({ code: 'refused', kiss: null });
    expect(failure.message).toMatch(words);
  });

  it('no earlier than at those limits', () => {
    expect(judge({ rootDelayMs: 1000, rootDispersionMs: 1000 }, 1000).boundMs).toBeLessThan(MAX_BOUND_MS);
    expect(judge({ stratum: 14 }).utcMs).toBe(NOON_MS);
  });

  it('for any octet of precision that makes its bound too wide', () => {
    expect(failureOf({ precisionMs: 1000 * 2 ** 127 }).code).toBe('refused');
  });

  it.each([
    ['RATE', /it asks to be asked less often \(kiss code RATE\)/],
    ['DENY', /it does not serve this host \(kiss code DENY\)/],
    ['RSTR', /it does not serve this host/],
    ['INIT', /it has only just started/],
    ['X\0\0\0', /it refuses \(kiss code X\)/],
    ['toSt', /it refuses \(kiss code toSt\)/],
  ])('with the kiss of death %s', (code, words) => {
    const failure = failureOf({ leap: 3, stratum: 0, refid: ascii(code) });
    expect(failure).toMatchObject({ code: 'kiss', kiss: code.replaceAll('\0', '') });
    expect(failure.message).toMatch(words);
  });
});

describe('a server that takes its time from this host is refused', () => {
  const own = ['203.0.113.5', 'fe80::1%eth0', '2001:db8::1'];

  it.each([
    ['an IPv4 address', '203.0.113.5', [203, 0, 113, 5]],
    // The head of what md5sum says of the 16 octets.
    ['an IPv6 address', '2001:db8::1', [0x39, 0xab, 0x9b, 0x37]],
    ['an IPv6 address with a scope', 'fe80::1%eth0', [0x89, 0xe5, 0x30, 0x1f]],
  ])('when it names %s of ours', (_what, address, refid) => {
    const failure = failureOf({ refid: Uint8Array.from(refid) }, 0, own);
    expect(failure.code).toBe('refused');
    expect(failure.message).toBe(`it takes its time from this very host (${address})`);
  });

  it('but not for a reference clock whose name looks like one of ours', () => {
    expect(judge({ stratum: 1, refid: Uint8Array.of(203, 0, 113, 5) }, 0, own).utcMs).toBe(NOON_MS);
    expect(judge({ stratum: 2, refid: Uint8Array.of(203, 0, 113, 6) }, 0, own).utcMs).toBe(NOON_MS);
  });
});
