// The clock of this release: what a reading of the system clock is worth, and who hears of a change.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClockStatus } from '../../../src/clock/clock.ts';
import { CEILING_MS, FLOOR_SLACK_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { judgeSystemClock, SystemClock } from '../../../src/clock/system-clock.ts';

const DAY_MS = 86_400_000;

/** A machine whose system clock and monotonic clock a test sets. */
function machine(epochMs: number) {
  const reading = { epochMs, monotonicMs: 1_000 };
  const clock = new SystemClock({
    readSystemClock: () => reading.epochMs,
    readMonotonic: () => reading.monotonicMs,
  });
  return { reading, clock };
}

describe('what the system clock is worth', () => {
  it.each([
    ['at 1970', 0, 'untrusted'],
    ['one millisecond below the floor less its slack', HARD_FLOOR_MS - FLOOR_SLACK_MS - 1, 'untrusted'],
    ['at the floor less its slack', HARD_FLOOR_MS - FLOOR_SLACK_MS, 'provisional'],
    ['a year after the release', HARD_FLOOR_MS + 365 * DAY_MS, 'provisional'],
    ['at the ceiling', CEILING_MS, 'provisional'],
    ['one millisecond above the ceiling', CEILING_MS + 1, 'untrusted'],
    ['beyond what a calendar holds', 9e15, 'untrusted'],
  ] as const)('%s it is %s and %s', (_where, epochMs, state) => {
    const judged = judgeSystemClock(epochMs);
    expect(judged.state).toBe(state);
    expect(judged.basis).toBe(state === 'provisional' ? 'system-clock' : null);
  });

  it('is plausible exactly between the floor less its slack and the ceiling', () => {
    fc.assert(
      fc.property(fc.integer({ min: -8e15, max: 8e15 }), (epochMs) => {
        const plausible = epochMs >= HARD_FLOOR_MS - FLOOR_SLACK_MS && epochMs <= CEILING_MS;
        expect(judgeSystemClock(epochMs).state).toBe(plausible ? 'provisional' : 'untrusted');
      }),
    );
  });

  it('says the day it read and the day of the release when it refuses', () => {
    expect(judgeSystemClock(Date.UTC(2019, 1, 14)).reason).toBe(
      `the system clock says 2019-02-14, before this release was made (${new Date(HARD_FLOOR_MS).toISOString().slice(0, 10)})`,
    );
    expect(judgeSystemClock(9e15).reason).toContain('no date at all');
  });
});

describe('the system clock as a Clock', () => {
  it('gives the date as the machine has it and promises nothing about its error', () => {
    const { clock, reading } = machine(HARD_FLOOR_MS);
    reading.epochMs += 5;
    expect(clock.now()).toEqual({ epochMs: HARD_FLOOR_MS + 5, uncertaintyMs: Number.POSITIVE_INFINITY });
  });

  it('takes durations from the monotonic clock, which a jump of the date does not move', () => {
    const { clock, reading } = machine(HARD_FLOOR_MS);
    reading.epochMs = 0;
    expect(clock.monotonic()).toBe(1_000);
  });

  it('keeps its state between judgements and changes it at the next one, with the instant', () => {
    const { clock, reading } = machine(0);
    expect(clock.status).toMatchObject({ state: 'untrusted', basis: null, sinceMs: 1_000 });
    reading.epochMs = HARD_FLOOR_MS + DAY_MS;
    reading.monotonicMs = 2_500;
    expect(clock.status.state).toBe('untrusted');
    clock.judge();
    expect(clock.status).toMatchObject({ state: 'provisional', basis: 'system-clock', sinceMs: 2_500 });
  });

  it('tells listeners of changes only, and not once they have left', () => {
    const { clock, reading } = machine(HARD_FLOOR_MS);
    const heard: ClockStatus[] = [];
    const leave = clock.onStateChange((status) => heard.push(status));
    clock.judge();
    reading.epochMs = 0;
    clock.judge();
    clock.judge();
    expect(heard.map(({ state }) => state)).toEqual(['untrusted']);
    leave();
    reading.epochMs = HARD_FLOOR_MS;
    clock.judge();
    expect(heard).toHaveLength(1);
  });

  it('notices by itself, while it is watched, that a person has repaired the date', async () => {
    const { clock, reading } = machine(0);
    const watch = clock.watch();
    const repaired = new Promise<ClockStatus>((resolve) => clock.onStateChange(resolve));
    reading.epochMs = HARD_FLOOR_MS + DAY_MS;
    expect((await repaired).state).toBe('provisional');
    watch.cancel();
  });

  it('runs a timer once, a repeated one again, and a cancelled one never', async () => {
    const clock = new SystemClock();
    const ran: string[] = [];
    clock.after(1, () => ran.push('cancelled')).cancel();
    await new Promise<void>((resolve) => clock.after(1, resolve));
    await new Promise<void>((resolve) => {
      const timer = clock.every(1, () => {
        ran.push('again');
        if (ran.length < 3) return;
        timer.cancel();
        resolve();
      });
    });
    expect(ran).toEqual(['again', 'again', 'again']);
  });
});
