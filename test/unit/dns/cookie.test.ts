// Cookies against the examples of RFC 9018 appendix A, and at the borders of the times in its section 4.3.

import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { type CookieGround, responseCookie, serverCookieAge } from '../../../src/dns/cookie.ts';
import { sipHash } from '../../../src/dns/siphash.ts';

const SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf';
const octets = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (some: Uint8Array) => Buffer.from(some).toString('hex');

function ground(nowSeconds: number, client = '198.51.100.100', secret = SECRET): CookieGround {
  return { secret: octets(secret), client: Uint8Array.from(ipaddr.parse(client).toByteArray()), nowSeconds };
}

describe('the examples of RFC 9018', () => {
  it('A.1: a client without a server cookie learns one', () => {
    const learned = responseCookie(octets('2464c4abcf10c957'), ground(1_559_731_985));
    expect(hex(learned)).toBe('2464c4abcf10c957010000005cf79f111f8130c3eee29480');
  });

  it('A.2: forty minutes later it gets a fresh one', () => {
    const asked = octets('2464c4abcf10c957010000005cf79f111f8130c3eee29480');
    const later = ground(1_559_734_385);
    expect(serverCookieAge(asked, later)).toBe(2400);
    expect(hex(responseCookie(asked, later))).toBe('2464c4abcf10c957010000005cf7a871d4a564a1442aca77');
  });

  it('A.3: reserved octets are hashed as they came, and are zero in the fresh one', () => {
    const asked = octets('fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5');
    const then = ground(1_559_728_000, '203.0.113.203');
    expect(serverCookieAge(asked, then)).toBe(15);
    const now = ground(1_559_734_700, '203.0.113.203');
    expect(serverCookieAge(asked, now)).toBeNull(); // an hour and 52 minutes
    expect(hex(responseCookie(asked, now))).toBe('fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e');
  });

  it('A.4: over IPv6, and after the secret was replaced', () => {
    const asked = octets('22681ab97d52c298010000005cf7c57926556bd0934c72f8');
    const client = '2001:db8:220:1:59de:d0f4:8769:82b8';
    const before = ground(1_559_741_961, client, 'dd3bdf9344b678b185a6f5cb60fca715');
    expect(serverCookieAge(asked, before)).toBe(144);
    const after = ground(1_559_741_961, client, '445536bcd2513298075a5d379663c962');
    expect(serverCookieAge(asked, after)).toBeNull();
    expect(hex(responseCookie(asked, after))).toBe('22681ab97d52c298010000005cf7c609a6bb79d16625507a');
  });
});

describe('a server cookie', () => {
  const MADE_AT = 1_800_000_000;
  const asked = responseCookie(octets('0011223344556677'), ground(MADE_AT));

  it.each([
    [-301, null],
    [-300, -300],
    [0, 0],
    [1800, 1800],
    [3600, 3600],
    [3601, null],
    [-2_000_000_000, null],
    [2 ** 32, 0],
  ])('%i seconds after it was made has the age %s', (seconds, age) => {
    expect(serverCookieAge(asked, ground(MADE_AT + seconds))).toBe(age);
  });

  it('is given back as it is for half an hour, then a fresh one is', () => {
    expect(responseCookie(asked, ground(MADE_AT + 1800))).toBe(asked);
    const fresh = responseCookie(asked, ground(MADE_AT + 1801));
    expect(hex(fresh)).not.toBe(hex(asked));
    expect(serverCookieAge(fresh, ground(MADE_AT + 1801))).toBe(0);
  });

  it('counts across the end of 32 bits, in 2106', () => {
    const late = responseCookie(octets('0011223344556677'), ground(2 ** 32 - 10));
    expect(serverCookieAge(late, ground(2 ** 32 + 10))).toBe(20);
  });

  it('is not ours with any bit of it changed, nor cut, nor for another client or address', () => {
    for (let bit = 0; bit < asked.length * 8; bit += 1) {
      const changed = Uint8Array.from(asked);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(serverCookieAge(changed, ground(MADE_AT)), `bit ${bit}`).toBeNull();
    }
    for (const length of [8, 16, 23])
      expect(serverCookieAge(asked.subarray(0, length), ground(MADE_AT))).toBeNull();
    expect(serverCookieAge(asked, ground(MADE_AT, '198.51.100.101'))).toBeNull();
  });

  it('of another version is not ours, though its hash be right', () => {
    const foreign = Uint8Array.from(asked);
    foreign[8] = 2;
    const { secret, client } = ground(MADE_AT);
    foreign.set(sipHash(secret, Buffer.concat([foreign.subarray(0, 16), client])), 16);
    expect(serverCookieAge(foreign, ground(MADE_AT))).toBeNull();
  });

  it('that is not ours counts as none: its sender gets ours and its own cookie back', () => {
    for (const length of [16, 24, 40]) {
      const foreign = new Uint8Array(length).fill(7);
      const answered = responseCookie(foreign, ground(MADE_AT));
      expect(hex(answered.subarray(0, 8))).toBe('07'.repeat(8));
      expect(serverCookieAge(answered, ground(MADE_AT))).toBe(0);
    }
  });

  it('can be made at any time that a clock may say', () => {
    for (const nowSeconds of [-5_000_000_000, -1, 0, 1e15, Number.NaN, Number.POSITIVE_INFINITY])
      expect(responseCookie(octets('0011223344556677'), ground(nowSeconds))).toHaveLength(24);
  });
});
