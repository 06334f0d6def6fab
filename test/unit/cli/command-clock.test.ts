// A command that lives for a moment takes the system clock, or says that it cannot be right.

import { afterEach, expect, it, vi } from 'vitest';
import { commandClock } from '../../../src/cli/command-clock.ts';
import { CEILING_MS, FLOOR_SLACK_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';

afterEach(() => {
  vi.useRealTimers();
});

it.each([
  ['a plausible date', HARD_FLOOR_MS + 1_000_000],
  ['the last date that may still be a restored one', HARD_FLOOR_MS - FLOOR_SLACK_MS],
  ['the last date before the ceiling', CEILING_MS],
])('%s is gone by, and certificates are judged at it', (_, epochMs) => {
  vi.useFakeTimers({ now: epochMs, toFake: ['Date'] });
  const clock = commandClock();
  expect(clock.status).toMatchObject({ state: 'provisional', basis: 'system-clock' });
  expect(clock.now().epochMs).toBeGreaterThanOrEqual(epochMs);
  expect(clock.now().epochMs).toBeLessThan(epochMs + 60_000);
  expect(clock.now().uncertaintyMs).toBe(Number.POSITIVE_INFINITY);
});

it.each([
  ['1970', 5000, /the system clock says 1970-01-01, before this release was made/],
  ['a day before the floor and more', HARD_FLOOR_MS - FLOOR_SLACK_MS - 1, /before this release was made/],
  ['beyond the ceiling', CEILING_MS + 1, /more than 20 years after this release was made/],
])('%s is no date to judge by, and the reason says so', (_, epochMs, reason) => {
  vi.useFakeTimers({ now: epochMs, toFake: ['Date'] });
  expect(commandClock().status).toMatchObject({
    state: 'untrusted',
    basis: null,
    reason: expect.stringMatching(reason),
  });
});
