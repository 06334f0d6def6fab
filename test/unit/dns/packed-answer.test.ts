// Packing loses nothing: what comes out of the cache is what went in, with an age.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer, recordsIn } from '../../../src/dns/answer.ts';
import {
  type AgeOfDated,
  ageAt,
  FIRST_DATE_MS,
  isPacked,
  lendAnswer,
  lifetimeAt,
  momentAt,
  packAnswer,
  setMoment,
} from '../../../src/dns/packed-answer.ts';
import { wholeText } from '../../support/arbitrary-texts.ts';
import { aRecord, ask, cnameRecord, extendedError, replyTo, soaRecord } from '../../support/messages.ts';

/** As a table has them: somewhere among other octets. */
const BEFORE = 11;

/** What comes out of a cache: null where it is past its lifetime by more than that. */
function unpacked(packed: Buffer, nowMs: number, staleSeconds = 0, ageOfDated?: AgeOfDated): Answer | null {
  const octets = Buffer.concat([Buffer.alloc(BEFORE, 0xaa), packed, Buffer.alloc(BEFORE, 0xaa)]);
  const ageSeconds = ageAt(octets, BEFORE, nowMs, ageOfDated);
  if (ageSeconds >= lifetimeAt(octets, BEFORE) + staleSeconds) return null;
  const lent = Answer.toBeLent();
  lendAnswer(lent, octets, BEFORE, packed.length, ageSeconds);
  return lent.kept();
}

const records = (count: number) =>
  fc
    .tuple(
      fc.uint8Array({ minLength: 1, maxLength: 600 }),
      fc.array(fc.nat(0xffff), { minLength: count, maxLength: count }),
    )
    .map(([body, ttlOffsets]) => recordsIn(body, ttlOffsets));

const parts = fc.nat(9).chain((answers) =>
  fc.record({
    flags: fc.nat(0xffff),
    rcode: fc.nat(0xfff),
    answers: fc.constant(answers),
    authorities: fc.constant(1),
    additionals: fc.constant(0),
    records: records(answers + 1),
    lifetimeSeconds: fc.integer({ min: 1, max: 86_400 }),
    ageSeconds: fc.constant(0),
    errors: fc.array(fc.record({ code: fc.nat(30), text: wholeText() }), {
      maxLength: 3,
    }),
  }),
);

it('gives back every part of any answer', () => {
  fc.assert(
    fc.property(
      parts,
      fc.double({ min: 0, max: FIRST_DATE_MS, maxExcluded: true, noNaN: true }),
      ({ records, ...others }, nowMs) => {
        const made = Answer.of({ ...others, ...records });
        expect(unpacked(packAnswer(made, nowMs), nowMs)).toEqual(made);
      },
    ),
  );
});

it('ages by whole seconds and ends with its lifetime', () => {
  const answer = Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 });
  const packed = packAnswer(answer, 5_000.7);
  expect([5_000, 5_999, 6_000, 14_999].map((nowMs) => unpacked(packed, nowMs)?.ageSeconds)).toEqual([
    0, 0, 1, 9,
  ]);
  expect(unpacked(packed, 15_000)).toBeNull();
});

it('is no age when the moment lies before the fetch', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 5_000);
  expect(unpacked(packed, 0)?.ageSeconds).toBe(0);
});

it('comes out past its lifetime for as long as the caller wants, with its whole age', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 5_000);
  expect(unpacked(packed, 15_000, 100)).toMatchObject({ ageSeconds: 10, lifetimeSeconds: 10 });
  expect(unpacked(packed, 114_999, 100)).toMatchObject({ ageSeconds: 109 });
  expect(unpacked(packed, 115_000, 100)).toBeNull();
});

describe('a date as the moment', () => {
  const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), FIRST_DATE_MS + 5000);

  it('is past its lifetime as long as nobody says how old that is', () => {
    expect(unpacked(packed, 0)).toBeNull();
    expect(unpacked(packed, 0, 100)).toMatchObject({ ageSeconds: 10 });
  });

  it('is as old as the caller says', () => {
    const age = (fetchedAtMs: number, lifetimeSeconds: number, nowMs: number) =>
      fetchedAtMs - FIRST_DATE_MS + lifetimeSeconds * 100 + nowMs;
    expect(unpacked(packed, 1000, 0, age)).toMatchObject({ ageSeconds: 7 });
    expect(unpacked(packed, 1000, 100, () => Number.POSITIVE_INFINITY)).toBeNull();
  });

  it('can be put into any packed answer and read again', () => {
    const redated = Buffer.from(packed);
    setMoment(redated, FIRST_DATE_MS + 1.5);
    expect([momentAt(redated, 0), lifetimeAt(redated, 0)]).toEqual([FIRST_DATE_MS + 1, 10]);
    setMoment(redated, FIRST_DATE_MS + 5000);
    expect(redated).toEqual(packed);
    setMoment(redated, -1);
    expect(momentAt(redated, 0)).toBe(0);
  });
});

/** A change of octets, written as one of characters. */
const changing = (change: (text: string) => string) => (packed: Buffer) =>
  Buffer.from(change(packed.toString('latin1')), 'latin1');

describe('octets from outside', () => {
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

  it.each<[string, (packed: string) => string]>([
    ['nothing', () => ''],
    ['cut off', (packed) => packed.slice(0, -1)],
    ['with more behind it', (packed) => `${packed}x`],
    ['with a lifetime of 0', (packed) => `${packed.slice(0, 6)}\0\0\0\0${packed.slice(10)}`],
    ['kept for years', (packed) => `${packed.slice(0, 6)}\x7f\0\0\0${packed.slice(10)}`],
    ['a failure', (packed) => `${packed.slice(0, 11)}\x02\0\x02${packed.slice(14)}`],
    ['with other flags than a client may see', (packed) => `${packed.slice(0, 10)}\x80${packed.slice(11)}`],
    ['with a TTL where none is', (packed) => `${packed.slice(0, 23)}\x01${packed.slice(24)}`],
    ['too long for any message', (packed) => packed + 'x'.repeat(70_000)],
  ])('that is %s is none', (_, change) => {
    expect(isPacked(changing(change)(replies[0]!), question)).toBe(false);
  });

  it.each(['[{"code":"3","text":""}]', '[null]', '{"code":3}', '[{', '[{"code":70000,"text":""}]'])(
    'with the errors %s is none',
    (errors) => {
      const packed = packAnswer(Answer.of({ ...Answer.ofRcode(0), lifetimeSeconds: 10 }), 0);
      const octets = Buffer.concat([
        packed.subarray(0, 20),
        Buffer.of(0, errors.length),
        Buffer.from(errors),
      ]);
      expect(isPacked(packed, question)).toBe(true);
      expect(isPacked(octets, question)).toBe(false);
    },
  );

  it('that is one never makes unpackAnswer stumble, whatever octets were changed', () => {
    const change = fc.tuple(fc.nat(200), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom(...replies), fc.array(change, { maxLength: 4 }), (packed, changes) => {
        const changed = Buffer.from(packed);
        for (const [at, octet] of changes) changed[at % changed.length] = octet;
        if (isPacked(changed, question)) expect(unpacked(changed, 1000, 1e9)).not.toBeNull();
      }),
      { numRuns: 2000 },
    );
  });
});
