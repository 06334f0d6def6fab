// The judge of a soak: each thing that must not be is seen.

import { describe, expect, test } from 'vitest';
import { judge, SOAK_ZONE, trueReply } from '../../soak/oracle.ts';
import type { Sample } from '../../soak/samples.ts';
import { complaintsOverTime, type SoakReport } from '../../soak/verdict.ts';
import { makeQuery } from '../../support/dns-message.ts';

const SAMPLES = 50;
const QUIET: Sample = {
  at: 0,
  rssMb: 120,
  descriptors: 60,
  cacheEntries: 1000,
  asked: 100,
  answered: 100,
  wrong: [],
  medianMs: 3,
  p99Ms: 50,
  idle: 0.33,
  floodPerSecond: 500,
};

/** A quiet soak, but for what `odd` says of each sample by its place, 0 to 1. */
function reportOf(odd: (share: number) => Partial<Sample>, more: Partial<SoakReport> = {}): SoakReport {
  const samples = Array.from({ length: SAMPLES }, (_, at) => ({ ...QUIET, at, ...odd(at / SAMPLES) }));
  const rest = { descriptorsBefore: 36, descriptorsAfter: 36, isAlive: true, failures: [], disturbances: [] };
  return { samples, ...rest, ...more };
}

describe('A soak', () => {
  test('in which nothing happens holds, however much a cache grows in the warm-up', () => {
    const warming = (share: number) => ({ rssMb: share < 0.2 ? 100 + 100 * share : 120 });
    expect(complaintsOverTime(reportOf(warming))).toEqual([]);
  });

  test.each([
    [
      'memory has grown in the end',
      reportOf((share) => ({ rssMb: share > 0.95 ? 160 : 120 })),
      /memory grew by 40 MB/,
    ],
    ['memory creeps', reportOf((share) => ({ rssMb: 120 + 28 * share })), /memory: 128/],
    ['descriptors leak', reportOf((share) => ({ descriptors: 60 + 150 * share })), /descriptors: /],
    ['descriptors stay behind', reportOf(() => ({}), { descriptorsAfter: 50 }), /14 descriptors were left/],
    ['answers get slower', reportOf((share) => ({ medianMs: 3 + 5 * share })), /median: /],
    ['some answers get slower', reportOf((share) => ({ p99Ms: 50 + 60 * share })), /99th percentile: /],
    [
      'answers are missing',
      reportOf((share) => ({ answered: share < 0.5 ? 100 : 95 })),
      /4875 of 5000 answered/,
    ],
    [
      'one answer is wrong',
      reportOf((share) => ({ wrong: share === 0.5 ? ['a: A 6.6.6.6'] : [] })),
      /1 wrong .*6\.6\.6\.6/,
    ],
    ['the server ends', reportOf(() => ({}), { isAlive: false }), /has ended/],
    ['a reload never comes', reportOf(() => ({}), { failures: ['SIGHUP: late'] }), /SIGHUP/],
  ])('in which %s does not hold', (_what, report, complaint) => {
    expect(complaintsOverTime(report)).toEqual([expect.stringMatching(complaint)]);
  });
});

describe('The truth about a name', () => {
  const question = { name: `hot1.${SOAK_ZONE}`, type: 'A' as const };
  const query = makeQuery(question.name, 'A');

  test('is right', () => {
    expect(judge(trueReply(query), question)).toBe('right');
  });

  test.each([
    ['the truth about another name', trueReply(makeQuery(`hot2.${SOAK_ZONE}`, 'A')), /answered hot2/],
    ['another address', withLastOctet(trueReply(query)), /hot1\S* A: hot1\S* A 44/],
    ['a longer TTL', withTtl(trueReply(query), 3600), /a TTL of 3600 s/],
    ['no such name', withRcode(trueReply(query), 3), /NXDOMAIN instead of NOERROR/],
  ])('is not %s', (_what, reply, wrong) => {
    expect(judge(reply, question)).toEqual({ wrong: expect.stringMatching(wrong) });
  });

  test('is not told by SERVFAIL', () => {
    expect(judge(withRcode(trueReply(query), 2), question)).toBe('no answer');
  });
});

/** The address is the end of the message, its length and the TTL stand before it. */
function withLastOctet(reply: Buffer): Buffer {
  reply[reply.length - 1]! ^= 1;
  return reply;
}

function withTtl(reply: Buffer, seconds: number): Buffer {
  reply.writeUInt32BE(seconds, reply.length - 10);
  return reply;
}

function withRcode(reply: Buffer, rcode: number): Buffer {
  reply[3] = (reply[3]! & 0xf0) | rcode;
  return reply;
}
