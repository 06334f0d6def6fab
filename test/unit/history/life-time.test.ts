// Time within one life: it goes on while the machine sleeps, and dates are worked out from what our own clock knows.

import { describe, expect, it, vi } from 'vitest';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { dated, LifeTime, type Moment } from '../../../src/history/life-time.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';

const TRUTH_MS = Date.parse('2026-12-24T18:00:00Z');
const HOUR_MS = 3_600_000;

describe('a moment', () => {
  it('has no date while the time is not known, and never that of the system clock', () => {
    const clock = new SimulatedClock({ epochMs: 5000, state: 'untrusted' });
    const time = new LifeTime(clock, null);
    clock.advance(7000);
    expect(time.beganAtMs).toBeNull();
    expect(time.at(time.nowMs)).toEqual({ life: 1, ms: 7000, dateMs: null, isSure: false });
  });

  it.each([
    ['synchronized', true],
    ['holdover', true],
    ['provisional', false],
  ] as const)('has the date of our own clock when that is %s', (state, isSure) => {
    const clock = new SimulatedClock({ epochMs: TRUTH_MS, state });
    const time = new LifeTime(clock, null);
    time.life = 9;
    clock.advance(10_000);
    expect(time.beganAtMs).toBe(TRUTH_MS);
    expect(time.at(4000)).toEqual({ life: 9, ms: 4000, dateMs: TRUTH_MS + 4000, isSure });
  });
});

describe('a machine that sleeps', () => {
  const machine = new SimulatedMachine(TRUTH_MS);
  const clock = new TrueClock(machine);
  const set = (epochMs: number) =>
    clock.set({
      ...{ state: 'synchronized', basis: null, reason: 'x' },
      base: { epochMs, uncertaintyMs: 1, atMs: clock.monotonic() },
    });
  set(TRUTH_MS);
  const time = new LifeTime(clock, machine);

  it('does not stop its life', () => {
    machine.advance(1000);
    machine.suspend(8 * HOUR_MS);
    expect(time.nowMs).toBe(1000 + 8 * HOUR_MS);
    expect(time.msOf(machine.monotonic())).toBe(time.nowMs);
  });

  it('makes no date sure before the keeper has added the sleep', () => {
    expect(time.isSure).toBe(false);
    set(TRUTH_MS + 8 * HOUR_MS + 1000);
    machine.advance(2000);
    expect(time.isSure).toBe(true);
    expect(time.beganAtMs).toBe(TRUTH_MS);
  });
});

it('asks the machine once a look, however often it is asked itself', () => {
  const machine = new SimulatedMachine(TRUTH_MS);
  const uptime = vi.spyOn(machine, 'uptime');
  const time = new LifeTime(new TrueClock(machine), machine);
  for (let look = 1; look <= 3; look += 1) {
    machine.advance(1000);
    for (let times = 0; times < 6; times += 1) time.at(time.nowMs);
    expect(uptime).toHaveBeenCalledTimes(1 + look);
  }
});

describe('dated later', () => {
  const moment: Moment = { life: 2, ms: 50, dateMs: null, isSure: false };
  const by = { life: 2, beganAtMs: TRUTH_MS, isSure: true };

  it('by the beginning of its life', () => {
    expect(dated(moment, by)).toEqual({ life: 2, ms: 50, dateMs: TRUTH_MS + 50, isSure: true });
    expect(dated({ ...moment, dateMs: 3 }, { ...by, isSure: false })).toMatchObject({
      dateMs: TRUTH_MS + 50,
    });
  });

  it('and never by that of another, or once it is sure', () => {
    expect(dated({ ...moment, life: 1 }, by)).toEqual({ ...moment, life: 1 });
    expect(dated({ ...moment, dateMs: 3, isSure: true }, by)).toMatchObject({ dateMs: 3 });
  });
});
