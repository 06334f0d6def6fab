// Packing loses nothing: what comes out of the cache is what went in, with an age.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import {
  FIRST_DATE_MS,
  isPacked,
  packAnswer,
  timesOf,
  unpackAnswer,
  withMoment,
} from '../../../src/dns/packed-answer.ts';
import { aRecord, ask, cnameRecord, extendedError, replyTo, soaRecord } from '../../support/messages.ts';

const parts = fc.nat(9).chain((answers) =>
  fc.record({
    flags: fc.nat(0xffff),
    rcode: fc.nat(0xfff),
    answers: fc.constant(answers),
    authorities: fc.constant(1),
    additionals: fc.constant(0),
    body: fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets).toString('latin1')),
    ttlOffsets: fc.array(fc.nat(0xffff), { minLength: answers + 1, maxLength: answers + 1 }),
    lifetimeSeconds: fc.integer({ min: 1, max: 86_400 }),
    ageSeconds: fc.constant(0),
    errors: fc.array(fc.record({ code: fc.nat(30), text: fc.string({ unit: 'binary', maxLength: 40 }) }), {
      maxLength: 3,
    }),
  }),
);

it('gives back every part of any answer', () => {
  fc.assert(
    fc.property(
      parts,
      fc.double({ min: 0, max: FIRST_DATE_MS, maxExcluded: true, noNaN: true }),
      (made, nowMs) => {
        expect(unpackAnswer(packAnswer(Answer.of(made), nowMs), nowMs)).toEqual(Answer.of(made));
      },
    ),
  );
});

it('ages by whole seconds and ends with its lifetime', () => {
  const answer = Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 });
  const packed = packAnswer(answer, 5_000.7);
  expect([5_000, 5_999, 6_000, 14_999].map((nowMs) => unpackAnswer(packed, nowMs)?.ageSeconds)).toEqual([
    0, 0, 1, 9,
  ]);
  expect(unpackAnswer(packed, 15_000)).toBeNull();
});

it('is no age when the moment lies before the fetch', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 5_000);
  expect(unpackAnswer(packed, 0)?.ageSeconds).toBe(0);
});

it('comes out past its lifetime for as long as the caller wants, with its whole age', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 5_000);
  expect(unpackAnswer(packed, 15_000, 100)).toMatchObject({ ageSeconds: 10, lifetimeSeconds: 10 });
  expect(unpackAnswer(packed, 114_999, 100)).toMatchObject({ ageSeconds: 109 });
  expect(unpackAnswer(packed, 115_000, 100)).toBeNull();
});

describe('a date as the moment', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), FIRST_DATE_MS + 5000);

  it('is past its lifetime as long as nobody says how old that is', () => {
    expect(unpackAnswer(packed, 0)).toBeNull();
    expect(unpackAnswer(packed, 0, 100)).toMatchObject({ ageSeconds: 10 });
  });

  it('is as old as the caller says', () => {
    const age = (fetchedAtMs: number, lifetimeSeconds: number, nowMs: number) =>
      fetchedAtMs - FIRST_DATE_MS + lifetimeSeconds * 100 + nowMs;
    expect(unpackAnswer(packed, 1000, 0, age)).toMatchObject({ ageSeconds: 7 });
    expect(unpackAnswer(packed, 1000, 100, () => Number.POSITIVE_INFINITY)).toBeNull();
  });

  it('can be put into any packed answer and read again', () => {
    const redated = withMoment(packed, FIRST_DATE_MS + 1.5);
    expect(timesOf(redated)).toEqual({ momentMs: FIRST_DATE_MS + 1, lifetimeSeconds: 10 });
    expect(withMoment(redated, FIRST_DATE_MS + 5000)).toBe(packed);
    expect(timesOf(withMoment(packed, -1)).momentMs).toBe(0);
  });
});

describe('a string from outside', () => {
  const query = ask('www.example');
  const question = Buffer.from(query.question).toString('latin1');
  const replies = [
    replyTo(query.bytes, { answers: [cnameRecord('www.example', 'a.example', 9), aRecord('a.example')] }),
    replyTo(query.bytes, { rcode: 3, authorities: [soaRecord('example')] }),
    replyTo(query.bytes, {
      answers: [aRecord('www.example')],
      edns: { options: [extendedError(6, 'bogus')] },
    }),
  ].map((reply) => packAnswer(Answer.fromMessage(reply)!, 1000));

  it.each(replies.map((packed, at) => [at, packed] as const))(
    'that packAnswer made is one: %i',
    (_, packed) => {
      expect(isPacked(packed, question)).toBe(true);
      expect(isPacked(packed, `${question}x`)).toBe(false);
    },
  );

  it.each([
    ['nothing', () => ''],
    ['cut off', (packed: string) => packed.slice(0, -1)],
    ['with more behind it', (packed: string) => `${packed}x`],
    ['with a lifetime of 0', (packed: string) => `${packed.slice(0, 6)}\0\0\0\0${packed.slice(10)}`],
    ['kept for years', (packed: string) => `${packed.slice(0, 6)}\x7f\0\0\0${packed.slice(10)}`],
    ['a failure', (packed: string) => `${packed.slice(0, 11)}\x02\0\x02${packed.slice(14)}`],
    [
      'with other flags than a client may see',
      (packed: string) => `${packed.slice(0, 10)}\x80${packed.slice(11)}`,
    ],
    ['with a TTL where none is', (packed: string) => `${packed.slice(0, 23)}\x01${packed.slice(24)}`],
    ['too long for any message', (packed: string) => packed + 'x'.repeat(70_000)],
  ])('that is %s is none', (_, change) => {
    expect(isPacked(change(replies[0]!), question)).toBe(false);
  });

  it.each(['[{"code":"3","text":""}]', '[null]', '{"code":3}', '[{', '[{"code":70000,"text":""}]'])(
    'with the errors %s is none',
    (errors) => {
      const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 0);
      const length = String.fromCharCode(0, errors.length);
      expect(isPacked(packed, question)).toBe(true);
      expect(isPacked(packed.slice(0, 20) + length + errors, question)).toBe(false);
    },
  );

  it('that is one never makes unpackAnswer stumble, whatever octets were changed', () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...replies), fc.array(change, { maxLength: 4 }), (packed, changes) => {
        const octets = Buffer.from(packed, 'latin1');
        for (const [at, octet] of changes) octets[at % octets.length] = octet;
        const changed = octets.toString('latin1');
        if (isPacked(changed, question)) expect(unpackAnswer(changed, 1000, 1e9)).not.toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});
