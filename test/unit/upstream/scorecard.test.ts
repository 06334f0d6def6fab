// What one upstream's behaviour is worth: the order of scores, the decay of penalties, the wait before a second try.

import { describe, expect, it } from 'vitest';
import { Scorecard } from '../../../src/upstream/scorecard.ts';

const HALF_LIFE_MS = 10_000;
const MINUTE_MS = 60_000;

function cardOf(...rttsMs: readonly number[]): Scorecard {
  const card = new Scorecard();
  for (const rttMs of rttsMs) card.answered(rttMs);
  return card;
}

describe('the score', () => {
  it('prefers the faster of two', () => {
    expect(cardOf(10, 12, 11).score(0)).toBeLessThan(cardOf(40, 38, 41).score(0));
  });

  it('takes an upstream that was never heard for one of 50 ms', () => {
    expect(new Scorecard().score(0)).toBe(50);
    expect(new Scorecard().rttMs).toBeNull();
  });

  it('smooths the round trip with the gain of RFC 6298', () => {
    expect(cardOf(80).rttMs).toBe(80);
    expect(cardOf(80, 160).rttMs).toBe(90);
  });

  it('puts one that is often late behind a slower one that is not', () => {
    const late = cardOf(20);
    for (let index = 0; index < 10; index += 1) late.late();
    expect(late.score(0)).toBeGreaterThan(cardOf(100).score(0));
  });

  it('forgets lateness answer by answer', () => {
    const card = cardOf(20);
    for (let index = 0; index < 10; index += 1) card.late();
    const worstScore = card.score(0);
    for (let index = 0; index < 30; index += 1) card.answered(20);
    expect(card.score(0)).toBeLessThan(worstScore / 5);
    expect(card.score(0)).toBeCloseTo(20, 0);
  });
});

describe('the penalty', () => {
  it('stands at once, and halves every ten seconds', () => {
    const card = cardOf(20);
    card.late();
    const unpenalisedScore = card.score(0);
    const failed = cardOf(20);
    failed.failed(0);
    const penalty = (atMs: number) => (failed.score(atMs) - unpenalisedScore) * 0.8;
    expect(penalty(0)).toBeCloseTo(500);
    expect(penalty(HALF_LIFE_MS)).toBeCloseTo(250);
    expect(penalty(2 * HALF_LIFE_MS)).toBeCloseTo(125);
  });

  it('grows with repeated failure, up to a minute and no further', () => {
    const card = cardOf(20);
    card.failed(0);
    const once = card.score(0);
    card.failed(0);
    expect(card.score(0)).toBeGreaterThan(1.9 * once);
    for (let index = 0; index < 100; index += 1) card.failed(0);
    expect(card.score(0)).toBeCloseTo((20 + MINUTE_MS) / 0.05);
  });

  it('stays a penalty however old it is, until an answer clears it', () => {
    const card = cardOf(20);
    expect(card.isPenalised).toBe(false);
    card.failed(0);
    expect(card.isPenalised).toBe(true);
    card.answered(20);
    expect(card.isPenalised).toBe(false);
    expect(card.score(0)).toBeLessThan(30);
  });

  it('is forgiven together with lateness, while the round trip is kept', () => {
    const card = cardOf(20);
    card.failed(0);
    card.late();
    card.forgive();
    expect(card.isPenalised).toBe(false);
    expect(card.score(0)).toBe(20);
  });
});

describe('the wait before a second try', () => {
  it('is 250 ms for an upstream that was never heard', () => {
    expect(new Scorecard().hedgeAfterMs).toBe(250);
  });

  it('lies a little above the round trips of a steady upstream', () => {
    const steady = cardOf(...Array<number>(50).fill(100));
    expect(steady.hedgeAfterMs).toBeGreaterThanOrEqual(100);
    expect(steady.hedgeAfterMs).toBeLessThan(102);
  });

  it('is longer for one whose round trips vary', () => {
    const varying = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? 60 : 140));
    expect(cardOf(...varying).hedgeAfterMs).toBeGreaterThan(150);
  });

  it('is never under 20 ms and never over 400 ms', () => {
    expect(cardOf(0.2, 0.2, 0.2).hedgeAfterMs).toBe(20);
    expect(cardOf(2000).hedgeAfterMs).toBe(400);
  });
});
