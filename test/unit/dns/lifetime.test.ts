// How long an answer may be kept: RFC 2308 for negative ones, RFC 2181 section 8 for odd TTLs.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { ttlOf } from '../../../src/dns/lifetime.ts';
import {
  aRecord,
  cnameRecord,
  queryBytes,
  type ReplyParts,
  replyTo,
  soaRecord,
} from '../../support/messages.ts';

const NAME = 'www.example';
const A = aRecord(NAME, '192.0.2.1', 300);
const CNAME = cnameRecord(NAME, 'elsewhere.example', 300);

function lifetime(parts: ReplyParts, type = 'A'): number {
  return Answer.fromMessage(replyTo(queryBytes(NAME, type), parts))!.lifetimeSeconds;
}

describe('an answer', () => {
  it.each<[string, number, ReplyParts]>([
    ['its TTL', 300, { answers: [A] }],
    ['the least of its TTLs', 20, { answers: [A], additionals: [aRecord('ns.example', '192.0.2.2', 20)] }],
    ['a day at most', 86_400, { answers: [aRecord(NAME, '192.0.2.1', 604_800)] }],
    ['no time for a TTL of 0', 0, { answers: [aRecord(NAME, '192.0.2.1', 0)] }],
    ['no time for a TTL with its top bit set', 0, { answers: [aRecord(NAME, '192.0.2.1', 0x80000001)] }],
    ['its TTL behind a CNAME', 30, { answers: [CNAME, aRecord('elsewhere.example', '192.0.2.1', 30)] }],
  ])('is kept for %s', (_, seconds, parts) => {
    expect(lifetime(parts)).toBe(seconds);
  });

  it('to a question for the CNAME itself is none of the negative ones', () => {
    expect(lifetime({ answers: [CNAME] }, 'CNAME')).toBe(300);
  });
});

describe('a negative answer', () => {
  it.each<[string, number, ReplyParts]>([
    ["the SOA's minimum", 60, { rcode: 3, authorities: [soaRecord('example', 900, 60)] }],
    ["the SOA's TTL where that is less", 40, { rcode: 3, authorities: [soaRecord('example', 40, 60)] }],
    ['three hours at most', 10_800, { rcode: 3, authorities: [soaRecord('example', 99_999, 99_999)] }],
    ['the minimum where it is NODATA', 60, { authorities: [soaRecord('example', 900, 60)] }],
    [
      'the minimum behind a CNAME',
      60,
      { answers: [CNAME], rcode: 3, authorities: [soaRecord('example', 900, 60)] },
    ],
    [
      'three hours behind a CNAME that leads to NODATA',
      10_800,
      {
        answers: [cnameRecord(NAME, 'elsewhere.example', 99_999)],
        authorities: [soaRecord('example', 99_999, 99_999)],
      },
    ],
    [
      "the CNAME's TTL where that is least",
      5,
      {
        answers: [cnameRecord(NAME, 'elsewhere.example', 5)],
        rcode: 3,
        authorities: [soaRecord('example', 900, 60)],
      },
    ],
  ])('is kept for %s (RFC 2308 section 5)', (_, seconds, parts) => {
    expect(lifetime(parts)).toBe(seconds);
  });

  it.each<[string, ReplyParts]>([
    ['NXDOMAIN without a SOA', { rcode: 3 }],
    [
      'NODATA without a SOA, as a referral is',
      { authorities: [{ type: 'NS', name: 'example', ttl: 300, data: 'ns.example' }] },
    ],
    ['a CNAME without what it leads to and without a SOA', { answers: [CNAME] }],
    ['SERVFAIL', { rcode: 2, answers: [A] }],
    ['REFUSED', { rcode: 5, authorities: [soaRecord('example')] }],
    ['NOERROR with an extended RCODE', { answers: [A], edns: { extendedRcode: 1 } }],
  ])('is not kept when it is %s', (_, parts) => {
    expect(lifetime(parts)).toBe(0);
  });
});

it('a TTL is 31 bits, and anything above counts as 0', () => {
  expect(ttlOf(Buffer.of(0x7f, 0xff, 0xff, 0xff), 0)).toBe(0x7fffffff);
  expect(ttlOf(Buffer.of(0x80, 0, 0, 0), 0)).toBe(0);
});
