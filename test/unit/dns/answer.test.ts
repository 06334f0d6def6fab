// What a client gets to see of an answer: read back by dns-packet, for any client and any transport.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer, DROP, type RenderLimits, renderAnswer, renderBound } from '../../../src/dns/answer.ts';
import { Query } from '../../../src/dns/query.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { brokenMessage, plainName, SEED, soundMessage, uint16 } from '../../support/arbitrary-messages.ts';
import {
  aRecord,
  ask,
  cnameRecord,
  DOT_LIMITS,
  extendedError,
  FLAG,
  OPTION,
  type ReplyParts,
  render,
  replyTo,
  see,
  soaRecord,
  UDP_LIMITS,
} from '../../support/messages.ts';

const NAME = 'www.example';
const PADDED = { edns: { options: [{ code: OPTION.PADDING, data: Buffer.alloc(0) }] } };
const KEEPALIVE = { edns: { options: [{ code: OPTION.KEEPALIVE, data: Buffer.alloc(0) }] } };

function answerOf(parts: ReplyParts): Answer {
  return Answer.fromMessage(replyTo(ask(NAME).bytes, parts))!;
}

describe('an answer from a message', () => {
  it('has records, their TTLs, the RCODE and the extended errors', () => {
    const answer = answerOf({
      rcode: 3,
      authorities: [soaRecord('example', 900)],
      additionals: [aRecord('ns.example', '192.0.2.3', 80)],
      edns: { extendedRcode: 1, options: [extendedError(6, 'bogus')] },
    });
    expect(answer).toMatchObject({
      rcode: 19,
      answers: 0,
      authorities: 1,
      additionals: 1,
      lifetimeSeconds: 0,
    });
    expect(answer.errors).toEqual([{ code: 6, text: 'bogus' }]);
  });

  it('is none where the message is malformed', () => {
    expect(Answer.fromMessage(replyTo(ask(NAME).bytes).subarray(0, -1))).toBeNull();
  });

  it('does not share octets with the message, which may be a buffer that is used again', () => {
    const message = replyTo(ask(NAME).bytes, { answers: [aRecord(NAME, '192.0.2.1')] });
    const answer = Answer.fromMessage(message)!;
    message.fill(0xff);
    expect(see(render(answer, ask(NAME))).answers).toEqual([`${NAME} 300 A 192.0.2.1`]);
  });

  it('without records is not kept', () => {
    expect(Answer.ofRcode(2).lifetimeSeconds).toBe(0);
  });
});

describe('a rendered answer', () => {
  const one = answerOf({ flags: FLAG.AD | FLAG.AA, answers: [aRecord(NAME)] });

  it("has the client's ID, spelling, RD and CD, and RA of ours", () => {
    const seen = see(render(one, ask('wWw.ExAmPlE', 'A', { id: 0xabcd, flags: FLAG.RD | FLAG.CD })));
    expect(seen).toMatchObject({ id: 0xabcd, question: 'wWw.ExAmPlE A', flags: 'QR AA RD RA CD' });
    expect(see(render(one, ask(NAME, 'A', { flags: 0 }))).flags).toBe('QR AA RA');
  });

  it.each([
    ['with AD', { flags: FLAG.RD | FLAG.AD }, true],
    ['with DO', { edns: { dnssecOk: true } }, true],
    ['with neither', { edns: {} }, false],
  ])('gives AD to who asked %s as RFC 6840 section 5.8 has it', (_, parts, isGiven) => {
    expect(see(render(one, ask(NAME, 'A', parts))).flags.includes('AD')).toBe(isGiven);
  });

  it('never gives AD where the source did not', () => {
    const plain = answerOf({ answers: [aRecord(NAME)] });
    expect(see(render(plain, ask(NAME, 'A', { flags: FLAG.AD }))).flags).toBe('QR RA');
  });

  it('has its age taken off every TTL, and never below zero', () => {
    const answer = answerOf({
      answers: [aRecord(NAME, '192.0.2.1', 300), aRecord(NAME, '192.0.2.2', 50)],
      authorities: [soaRecord('example', 100)],
    });
    const { answers, authorities } = see(render(answer.aged(60), ask(NAME)));
    expect(answers).toEqual([`${NAME} 240 A 192.0.2.1`, `${NAME} 0 A 192.0.2.2`]);
    expect(authorities[0]).toMatch(/^example 40 SOA/);
    expect(see(render(answer, ask(NAME))).answers[0]).toBe(`${NAME} 300 A 192.0.2.1`);
  });

  it('has an OPT record for who sent one, and none for who did not (RFC 6891 section 6.1.1)', () => {
    expect(see(render(one, ask(NAME))).opt).toBeNull();
    const seen = see(render(one, ask(NAME, 'A', { edns: { dnssecOk: true } })));
    expect(seen.opt).toEqual({ version: 0, dnssecOk: true, options: [] });
  });

  it('has the extended errors, all of them, for who sent an OPT record', () => {
    const failed = Answer.ofRcode(2, { code: 22, text: 'nobody answers' }).withError({ code: 13, text: '' });
    expect(see(render(failed, ask(NAME, 'A', { edns: {} }))).errors).toEqual(['22 nobody answers', '13']);
    expect(see(render(failed, ask(NAME)))).toMatchObject({ rcode: 2, errors: [] });
  });

  it('has an RCODE above 15 in two parts, and as SERVFAIL where there is no OPT record for the upper one', () => {
    const badVersion = Answer.ofRcode(16);
    expect(see(render(badVersion, ask(NAME, 'A', { edns: { version: 1 } }))).rcode).toBe(16);
    expect(see(render(badVersion, ask(NAME))).rcode).toBe(2);
  });

  it('echoes no question and keeps the opcode where there is no single question', () => {
    const update = ask(NAME);
    update.bytes[2] = 5 << 3;
    const bytes = render(Answer.ofRcode(4), new Query(update.bytes));
    expect(bytes).toHaveLength(12);
    expect(bytes[2]).toBe(0x80 | (5 << 3));
    expect(see(bytes)).toMatchObject({ question: '', rcode: 4 });
  });

  it('tells the idle time-out to who asked, where there is one', () => {
    const codes = (limits: RenderLimits, query: Query) =>
      see(render(one, query, limits)).opt?.options.map((o) => o.code);
    expect(codes(DOT_LIMITS, ask(NAME, 'A', KEEPALIVE))).toEqual([OPTION.KEEPALIVE]);
    expect(codes(DOT_LIMITS, ask(NAME, 'A', { edns: {} }))).toEqual([]);
    expect(codes(UDP_LIMITS, ask(NAME, 'A', KEEPALIVE))).toEqual([]);
  });

  it('is padded to 468 octets for who padded, and for nobody else (RFC 8467 section 4)', () => {
    expect(render(one, ask(NAME, 'A', PADDED))).toHaveLength(468);
    expect(render(one, ask(NAME, 'A', { edns: {} })).length).toBeLessThan(100);
    expect(render(one, ask(NAME, 'A', PADDED), UDP_LIMITS).length).toBeLessThan(100);
  });

  it('is written at an offset as it would be at the start, padding included', () => {
    const query = ask(NAME, 'A', PADDED);
    const target = Buffer.alloc(2 + renderBound(one.aged(7), query, DOT_LIMITS));
    const end = renderAnswer(one.aged(7), query, DOT_LIMITS, target, 2);
    expect(target.subarray(2, end)).toEqual(render(one.aged(7), query));
  });
});

describe('an answer that does not fit', () => {
  const many = answerOf({ answers: Array.from({ length: 60 }, (_, at) => aRecord(NAME, `192.0.2.${at}`)) });
  const small = { ...UDP_LIMITS, maxOctets: 512 };

  it('is cut to its question with TC set, its OPT record kept (RFC 2181 section 9, RFC 6891 section 7)', () => {
    expect(see(render(many, ask(NAME, 'A', { edns: {} }), small))).toMatchObject({
      flags: 'QR TC RD RA',
      question: `${NAME} A`,
      answers: [],
      opt: { options: [] },
    });
  });

  it('leaves its extended errors behind, so that what is cut fits (RFC 8914 section 3)', () => {
    const wordy = [1, 2, 3].reduce((one, code) => one.withError({ code, text: 'x'.repeat(250) }), many);
    const bytes = render(wordy, ask(NAME, 'A', { edns: {} }), small);
    expect(bytes.length).toBeLessThanOrEqual(512);
    expect(see(bytes)).toMatchObject({ flags: 'QR TC RD RA', errors: [] });
  });

  it('when padded is sent without padding', () => {
    const plain = render(many, ask(NAME, 'A', { edns: {} }));
    const bytes = render(many, ask(NAME, 'A', PADDED), { ...DOT_LIMITS, maxOctets: plain.length + 10 });
    expect(bytes).toEqual(plain);
  });

  it('by one octet is cut, and exactly at the limit is whole', () => {
    const query = ask(NAME);
    const octets = render(many, query).length;
    expect(see(render(many, query, { ...UDP_LIMITS, maxOctets: octets })).answers).toHaveLength(60);
    expect(see(render(many, query, { ...UDP_LIMITS, maxOctets: octets - 1 })).flags).toContain('TC');
  });
});

describe('whatever the answer and whoever asks', () => {
  const client = fc.record({
    flags: fc.constantFrom(0, FLAG.RD, FLAG.AD, FLAG.CD | FLAG.RD),
    edns: fc.option(
      fc.record({
        payloadOctets: fc.nat(0xffff),
        dnssecOk: fc.boolean(),
        options: fc.subarray([PADDED.edns.options[0]!, KEEPALIVE.edns.options[0]!]),
      }),
      { nil: undefined },
    ),
  });
  const limits: fc.Arbitrary<RenderLimits> = fc.constantFrom(UDP_LIMITS, DOT_LIMITS, {
    ...UDP_LIMITS,
    maxOctets: 512,
  });
  const errors = fc.array(fc.record({ code: fc.nat(30), text: fc.string({ maxLength: 300 }) }), {
    maxLength: 2,
  });

  it('the response can be read, fits, has TC exactly when cut, and is padded when asked', () => {
    fc.assert(
      fc.property(
        soundMessage,
        client,
        limits,
        errors,
        fc.nat(400_000),
        (message, parts, limit, added, age) => {
          const answer = added
            .reduce((one, error) => one.withError(error), Answer.fromMessage(message.wire)!)
            .aged(age);
          const query = queryFor(message.question, parts);
          const bytes = render(answer, query, limit);
          const layout = layoutOf(bytes)!;
          const seen = see(withOpaqueTypes(bytes, layout.ttlOffsets));
          const isCut = seen.flags.includes('TC');

          expect(bytes.length).toBeLessThanOrEqual(limit.maxOctets);
          expect(bytes.subarray(12, layout.questionEnd)).toEqual(message.question);
          const [answers, authorities, additionals] = message.sections;
          expect([seen.answers.length, seen.authorities.length, seen.additionals.length]).toEqual(
            isCut ? [0, 0, 0] : [answers, authorities, additionals],
          );
          expect(seen.opt === null).toBe(parts.edns === undefined);
          const isPadded = seen.opt?.options.some(({ code }) => code === OPTION.PADDING) ?? false;
          const asked = parts.edns?.options.some(({ code }) => code === OPTION.PADDING) ?? false;
          expect(isPadded).toBe(asked && limit.padToOctets > 0);
          if (isPadded) expect(bytes.length % 468).toBe(0);
          if (limit === DOT_LIMITS) expect(isCut).toBe(false);
        },
      ),
      { seed: SEED, numRuns: 500 },
    );
  });

  it('a broken message gives no answer, or one that is rendered without a throw', () => {
    fc.assert(
      fc.property(brokenMessage, fc.nat(1000), (wire, age) => {
        const layout = layoutOf(wire);
        if (layout === null) {
          expect(Answer.fromMessage(wire)).toBeNull();
          return;
        }
        const query = queryFor(wire.subarray(12, layout.questionEnd), { flags: 0, edns: { options: [] } });
        const bytes = render(Answer.fromMessage(wire)!, query);
        expect(layoutOf(bytes)).not.toBeNull();
        render(Answer.fromMessage(wire)!.aged(age), query);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });

  it('the letters of the question are those of this client', () => {
    fc.assert(
      fc.property(plainName, fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }), (name, flips) => {
        const asked = Buffer.from(name);
        // No length is a letter: 0x41 to 0x7a are label types that do not exist.
        for (const [at, octet] of asked.entries()) {
          const isLetter = (octet | 0x20) >= 0x61 && (octet | 0x20) <= 0x7a;
          if (isLetter && flips[at % flips.length]) asked[at] = octet ^ 0x20;
        }
        const [first, second] = [name, asked].map((one) =>
          queryFor(Buffer.concat([one, uint16(1), uint16(1)]), {}),
        );
        const answer = Answer.fromMessage(
          Buffer.concat([second!.bytes.subarray(0, 2), Buffer.of(0x80, 0), first!.bytes.subarray(4)]),
        )!;
        expect(render(answer, second!).subarray(12)).toEqual(second!.bytes.subarray(12));
        expect(second!.cacheKey).toBe(first!.cacheKey);
      }),
      { seed: SEED },
    );
  });
});

describe('an answer with other TTLs', () => {
  const whole = answerOf({
    flags: FLAG.AD | FLAG.AA,
    answers: [cnameRecord(NAME, 'there.example', 500), aRecord('there.example', '192.0.2.1', 40)],
    authorities: [soaRecord('example', 900, 60)],
    additionals: [aRecord('ns.example', '192.0.2.3', 0x80000000)],
  });
  const ttlsOf = (answer: Answer) => {
    const seen = see(render(answer, ask(NAME)));
    return [...seen.answers, ...seen.authorities, ...seen.additionals].map((text) => text.split(' ')[1]);
  };

  it('has in every section what is left of each, limited, and so its lifetime', () => {
    const limited = whole.aged(10).withTtls((ttl) => Math.min(ttl, 60));
    expect(ttlsOf(limited)).toEqual(['60', '30', '60', '0']);
    expect(limited).toMatchObject({ ageSeconds: 0, lifetimeSeconds: 0 });
    expect(ttlsOf(limited.aged(25))).toEqual(['35', '5', '35', '0']);
  });

  it('may have a longer one than was left, where nothing was', () => {
    const stale = whole.aged(100_000).withTtls(() => 30);
    expect(ttlsOf(stale)).toEqual(['30', '30', '30', '30']);
    expect(stale).toMatchObject({ ageSeconds: 0, lifetimeSeconds: 30 });
  });

  it('has no AD, even for who asks for it, and keeps AA', () => {
    const client = ask(NAME, 'A', { flags: FLAG.RD | FLAG.AD });
    expect(see(render(whole, client)).flags).toBe('QR AA RD RA AD');
    expect(
      see(
        render(
          whole.withTtls((ttl) => ttl),
          client,
        ),
      ).flags,
    ).toBe('QR AA RD RA');
  });

  it('is another answer: the first one is as it was', () => {
    const before = ttlsOf(whole);
    whole.withTtls(() => 1);
    expect(ttlsOf(whole)).toEqual(before);
  });

  it('of any sound message differs in its TTLs and in nothing else', () => {
    fc.assert(
      fc.property(soundMessage, fc.nat(0x7fffffff), fc.nat(200_000), (message, ttl, age) => {
        const answer = Answer.fromMessage(message.wire)!;
        const changed = Buffer.from(answer.aged(age).withTtls(() => ttl).body);
        const ttlOffsets = Array.from({ length: answer.records }, (_, record) => answer.ttlOffset(record));
        for (const at of ttlOffsets) expect(changed.readUInt32BE(at)).toBe(ttl);
        const original = Buffer.from(answer.body);
        for (const at of ttlOffsets) original.copy(changed, at, at, at + 4);
        expect(changed).toEqual(original);
      }),
      { seed: SEED },
    );
  });
});

it('DROP is one value, told by identity', () => {
  expect(DROP).not.toBe(Answer.ofRcode(0));
  expect(DROP.answers).toBe(0);
});

function queryFor(question: Uint8Array, parts: NonNullable<Parameters<typeof ask>[2]>): Query {
  const model = Buffer.from(ask('.', 'A', parts).bytes);
  const rootQuestionEnd = 12 + 1 + 4;
  return new Query(Buffer.concat([model.subarray(0, 12), question, model.subarray(rootQuestionEnd)]));
}

/** TXT and the like are opaque to us, and dns-packet has opinions about them: make them private types. */
function withOpaqueTypes(bytes: Buffer, ttlOffsets: readonly number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const at of ttlOffsets) if (copy.readUInt16BE(at - 4) > 33) copy.writeUInt16BE(65_280, at - 4);
  return copy;
}
