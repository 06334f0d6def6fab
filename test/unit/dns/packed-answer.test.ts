// Packing loses nothing: what comes out of the cache is what went in, with an age.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { packAnswer, unpackAnswer } from '../../../src/dns/packed-answer.ts';

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
    fc.property(parts, fc.double({ min: 0, max: 1e12, noNaN: true }), (made, nowMs) => {
      expect(unpackAnswer(packAnswer(Answer.of(made), nowMs), nowMs)).toEqual(Answer.of(made));
    }),
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
