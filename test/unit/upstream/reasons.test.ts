// What people see of a reason, and what a log is told, when something fails in several ways by turns.

import { describe, expect, it } from 'vitest';
import { StandingReason, ToldReasons } from '../../../src/upstream/reasons.ts';

const TRY_MS = 3000;
const STANDS_MS = 60_000;
const AGAIN_AFTER_MS = 600_000;
const REASONS_MAX = 32;

describe('the reason that people see', () => {
  it('stands while it comes by turns with another', () => {
    const reason = new StandingReason();
    for (let nowMs = 0; nowMs < 10 * STANDS_MS; nowMs += 2 * TRY_MS) {
      reason.hear('no way leads there', nowMs);
      reason.hear('no answer', nowMs + TRY_MS);
      expect(reason.text).toBe('no way leads there');
    }
  });

  it('gives way once it has not been heard for a while', () => {
    const reason = new StandingReason();
    reason.hear('refused', 0);
    reason.hear('silent', STANDS_MS - 1);
    expect(reason.text).toBe('refused');
    reason.hear('silent', STANDS_MS);
    expect(reason.text).toBe('silent');
  });

  it('gives way at once to one that tells more, and not to one that tells less', () => {
    const reason = new StandingReason();
    reason.hear('silent', 0, 1);
    reason.hear('it is somebody else', 1, 2);
    reason.hear('silent', 2, 1);
    expect(reason.text).toBe('it is somebody else');
  });

  it('is none when all is well, and the next one counts at once', () => {
    const reason = new StandingReason();
    expect(reason.text).toBeNull();
    reason.hear('refused', 0, 2);
    reason.forget();
    expect(reason.text).toBeNull();
    reason.hear('silent', 1, 1);
    expect(reason.text).toBe('silent');
  });
});

describe('a log', () => {
  it('is told each of several reasons once, however long they come by turns', () => {
    const told = new ToldReasons();
    expect([told.isNews('a', 0), told.isNews('b', TRY_MS)]).toEqual([true, true]);
    for (let nowMs = 0; nowMs < 10 * AGAIN_AFTER_MS; nowMs += TRY_MS)
      expect([told.isNews('a', nowMs), told.isNews('b', nowMs)]).toEqual([false, false]);
  });

  it('is told that it is over, once, and nothing where nothing was told', () => {
    const told = new ToldReasons();
    expect(told.over(0)).toBe(false);
    told.isNews('a', 1);
    expect([told.over(2), told.over(3)]).toEqual([true, false]);
  });

  it('is told a reason anew after it was over, but not each time of what comes and goes', () => {
    const told = new ToldReasons();
    told.isNews('a', 0);
    told.over(1);
    expect(told.isNews('a', AGAIN_AFTER_MS - 1)).toBe(false);
    expect(told.over(AGAIN_AFTER_MS - 1)).toBe(false);
    expect(told.isNews('a', AGAIN_AFTER_MS)).toBe(true);
    expect(told.isNews('a', 2 * AGAIN_AFTER_MS)).toBe(false); // it has not worked since
  });

  it('is told so many reasons and no more', () => {
    const told = new ToldReasons();
    const news = Array.from({ length: 2 * REASONS_MAX }, (_, at) => told.isNews(`reason ${at}`, at));
    expect(news.filter(Boolean)).toHaveLength(REASONS_MAX);
  });
});
