// What leaves the house, and which replies are taken for it.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Query } from '../../../src/dns/query.ts';
import {
  buildUpstreamQuery,
  deservesSecondOpinion,
  layoutOfReply,
  probeQuery,
} from '../../../src/upstream/upstream-query.ts';
import { anyOctets, brokenMessage, plainName, SEED, uint16 } from '../../support/arbitrary-messages.ts';
import {
  aRecord,
  ask,
  extendedError,
  FLAG,
  OPTION,
  queryBytes,
  type ReplyParts,
  replyTo,
  see,
  soaRecord,
} from '../../support/messages.ts';

const BLOCK = 128;

describe('a query of ours', () => {
  it('has the question in lower case, RD and AD, and nothing else of the client', () => {
    const options = [
      { code: OPTION.CLIENT_SUBNET, data: Buffer.of(0, 1, 24, 0, 192, 0, 2) },
      { code: OPTION.COOKIE, data: Buffer.alloc(8, 7) },
      { code: 65_001, data: Buffer.from('secret') },
    ];
    const query = ask('wWw.ExAmPlE', 'AAAA', {
      id: 4711,
      flags: FLAG.TC,
      edns: { payloadOctets: 4096, options },
    });
    const sent = see(buildUpstreamQuery(query));
    expect(sent).toMatchObject({
      id: 0,
      question: 'www.example AAAA',
      flags: 'RD AD',
      answers: [],
      authorities: [],
      additionals: [],
    });
    expect(sent.opt!.options.map(({ code }) => code)).toEqual([OPTION.PADDING]);
    expect(sent.opt!.dnssecOk).toBe(false);
  });

  it('carries CD and DO on', () => {
    const sent = see(
      buildUpstreamQuery(ask('www.example', 'A', { flags: FLAG.CD, edns: { dnssecOk: true } })),
    );
    expect(sent).toMatchObject({ flags: 'RD AD CD', opt: { dnssecOk: true } });
  });

  it('keeps the octets of its type, which are no letters', () => {
    expect(see(buildUpstreamQuery(ask('www.example', 'UNKNOWN_65'))).question).toBe('www.example UNKNOWN_65');
  });

  it('is a multiple of 128 octets, whatever the name (RFC 8467 section 4.1)', () => {
    fc.assert(
      fc.property(plainName, (name) => {
        const header = Buffer.concat([uint16(1), uint16(FLAG.RD), uint16(1), Buffer.alloc(6)]);
        const sent = buildUpstreamQuery(new Query(Buffer.concat([header, name, uint16(1), uint16(1)])));
        expect(sent.length % BLOCK).toBe(0);
        expect(new Query(sent)).toMatchObject({ isMalformed: false, edns: { asksForPadding: true } });
      }),
      { seed: SEED },
    );
    const longest = ask(`${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(63)}.${'x'.repeat(61)}`);
    expect(buildUpstreamQuery(longest)).toHaveLength(3 * BLOCK);
  });

  it('that probes asks for the root', () => {
    expect(see(probeQuery())).toMatchObject({ question: '. NS', flags: 'RD AD' });
    expect(probeQuery()).toHaveLength(BLOCK);
  });
});

describe('a reply', () => {
  const sent = Buffer.from(buildUpstreamQuery(ask('www.example', 'UNKNOWN_65')));
  const good = replyTo(sent, { answers: [aRecord('www.example')], edns: {} });

  it('is taken with any ID and in any letters', () => {
    expect(layoutOfReply(good, sent)).not.toBeNull();
    expect(layoutOfReply(replyTo(queryBytes('WWW.example', 'UNKNOWN_65', { id: 99 })), sent)).not.toBeNull();
  });

  it.each<[string, Buffer]>([
    ['is a query', sent],
    ['is shorter than a header', good.subarray(0, 11)],
    ['is cut', good.subarray(0, -1)],
    ['has another opcode', withFlags(good, 0x8000 | (4 << 11))],
    ['has TC, which no stream needs', withFlags(good, 0x8200)],
    ['is to another name', replyTo(queryBytes('www.examplf', 'UNKNOWN_65'))],
    ['is to a name above it', replyTo(queryBytes('example', 'UNKNOWN_65'))],
    ['is to a name below it', replyTo(queryBytes('a.www.example', 'UNKNOWN_65'))],
    ['is to another type', replyTo(queryBytes('www.example', 'A'))],
    ['is to a type whose number differs as letters do', replyTo(queryBytes('www.example', 'UNKNOWN_97'))],
    ['has no question', withoutQuestion(good)],
    ['has octets behind it', Buffer.concat([good, Buffer.of(0)])],
  ])('is not taken when it %s (RFC 5452 section 9.1)', (_, reply) => {
    expect(layoutOfReply(reply, sent)).toBeNull();
  });

  it('of any octets is judged without a throw', () => {
    fc.assert(
      fc.property(anyOctets, (octets) => void layoutOfReply(octets, sent)),
      { seed: SEED, numRuns: 1000 },
    );
  });
});

describe('a second opinion', () => {
  const opinion = (parts: ReplyParts) => deservesSecondOpinion(replyTo(queryBytes('www.example'), parts));

  it.each<[string, boolean, ReplyParts]>([
    ['an answer', false, { answers: [aRecord('www.example')] }],
    ['NXDOMAIN', false, { rcode: 3, authorities: [soaRecord('example')] }],
    ['SERVFAIL', true, { rcode: 2 }],
    ['REFUSED', true, { rcode: 5, edns: {} }],
    ['FORMERR', true, { rcode: 1 }],
    ['BADVERS, which the header does not show', true, { edns: { extendedRcode: 1 } }],
    ['nothing', false, { authorities: [soaRecord('example')], edns: {} }],
    ['SERVFAIL for an unreachable authority', true, { rcode: 2, edns: { options: [extendedError(22)] } }],
    ['SERVFAIL for bogus signatures', false, { rcode: 2, edns: { options: [extendedError(6)] } }],
    [
      'SERVFAIL for expired signatures, said second',
      false,
      { rcode: 2, edns: { options: [extendedError(22), extendedError(7)] } },
    ],
  ])('on %s is wanted: %s', (_, wanted, parts) => {
    expect(opinion(parts)).toBe(wanted);
  });

  it('on any reply that is taken is decided without a throw', () => {
    fc.assert(
      fc.property(brokenMessage, (wire) => {
        if (wire.length >= 12) void deservesSecondOpinion(wire);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

function withFlags(reply: Buffer, flags: number): Buffer {
  const copy = Buffer.from(reply);
  copy.writeUInt16BE(flags, 2);
  return copy;
}

function withoutQuestion(reply: Buffer): Buffer {
  const copy = Buffer.from(reply);
  copy.writeUInt16BE(0, 4);
  return copy;
}
