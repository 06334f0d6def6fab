// The running server's clock: carried on by monotonic time alone, and heard when what was built on it changes.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClockStatus } from '../../../src/clock/clock.ts';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { agedBase, type Reading, TrueClock } from '../../../src/clock/true-clock.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';
import { TRUTH_MS } from '../../support/time-sources.ts';

const HOUR_MS = 3_600_000;

let machine: SimulatedMachine;
let clock: TrueClock;
let heard: ClockStatus[];
beforeEach(() => {
  machine = new SimulatedMachine(0);
  clock = new TrueClock(machine);
  heard = [];
  clock.onStateChange((status) => heard.push(status));
});

const reading = (changes: Partial<Reading> = {}, epochMs = TRUTH_MS): Reading => ({
  state: 'synchronized',
  basis: null,
  reason: 'a test says so',
  base: { epochMs, uncertaintyMs: 10, atMs: machine.monotonic() },
  ...changes,
});

describe('the date', () => {
  it('before anybody has spoken is untrusted, at the floor, and knows nothing', () => {
    expect(clock.status).toMatchObject({ state: 'untrusted', basis: null, sinceMs: 0 });
    expect(clock.now()).toMatchObject({ epochMs: HARD_FLOOR_MS, uncertaintyMs: Number.POSITIVE_INFINITY });
  });

  it('is carried on by monotonic time, grows uncertain by 300 ppm, and does not notice the system clock', () => {
    clock.set(reading());
    machine.advance(HOUR_MS);
    machine.step(-40 * 365 * 24 * HOUR_MS);
    expect(clock.now()).toMatchObject({ epochMs: TRUTH_MS + HOUR_MS, uncertaintyMs: 10 + 1080 });
  });

  it('never goes backwards between two settings', () => {
    clock.set(reading());
    fc.assert(
      fc.property(fc.nat(HOUR_MS), fc.integer(), (passedMs, steppedMs) => {
        const before = clock.now();
        machine.advance(passedMs);
        machine.step(steppedMs);
        const now = clock.now();
        expect(now.epochMs - before.epochMs).toBeCloseTo(passedMs, 3);
        expect(now.uncertaintyMs).toBeGreaterThanOrEqual(before.uncertaintyMs);
      }),
    );
  });

  it('of a base from the past is as uncertain as one from the future', () => {
    const base = { epochMs: TRUTH_MS, uncertaintyMs: 10, atMs: HOUR_MS };
    expect(agedBase(base, 0)).toEqual({ epochMs: TRUTH_MS - HOUR_MS, uncertaintyMs: 10 + 1080, atMs: 0 });
  });
});

describe('a listener', () => {
  it('hears of each change of state and of basis, and of nothing that stays', () => {
    clock.set(reading());
    clock.set(reading({ state: 'holdover', reason: 'silence' }));
    clock.set(reading({ state: 'holdover', reason: 'still silence' }));
    clock.set(reading({ state: 'provisional', basis: 'system-clock' }));
    clock.set(reading({ state: 'provisional', basis: 'stamp' }));
    expect(heard.map(({ state, basis }) => [state, basis])).toEqual([
      ['synchronized', null],
      ['holdover', null],
      ['provisional', 'system-clock'],
      ['provisional', 'stamp'],
    ]);
  });

  it('hears of a jump of over a second within a state, either way, and not of less', () => {
    clock.set(reading());
    clock.set(reading({}, TRUTH_MS + 1000));
    expect(heard).toHaveLength(1);
    clock.set(reading({}, TRUTH_MS + 2001));
    clock.set(reading({}, TRUTH_MS + 1000));
    expect(heard).toHaveLength(3);
  });

  it('hears of no jump between two untrusted dates, for nothing was built on them', () => {
    clock.set(reading({ state: 'untrusted' }));
    clock.set(reading({ state: 'untrusted' }, TRUTH_MS + HOUR_MS));
    expect(heard).toEqual([]);
  });

  it('finds the new date and the new state already there', () => {
    let seen: unknown;
    clock.onStateChange(() => {
      seen = [clock.status.state, clock.now().epochMs];
    });
    clock.set(reading());
    expect(seen).toEqual(['synchronized', TRUTH_MS]);
  });

  it('is left alone once it has stopped listening, also from within', () => {
    const stop = clock.onStateChange(() => {
      stop();
      heard.push(clock.status);
    });
    clock.set(reading());
    clock.set(reading({ state: 'holdover' }));
    expect(heard).toHaveLength(3);
  });

  it('that fails keeps no other from hearing, and its failure is not hidden', () => {
    const failing = new TrueClock(machine);
    const told: string[] = [];
    failing.onStateChange(() => {
      throw new Error('broken');
    });
    failing.onStateChange(({ state }) => told.push(state));
    expect(() => failing.set(reading())).toThrow('broken');
    expect(told).toEqual(['synchronized']);
  });
});

describe('the status', () => {
  it('says since when its state and basis stand, whatever reasons come', () => {
    clock.set(reading());
    machine.advance(HOUR_MS);
    clock.set(reading({ reason: 'another' }));
    expect(clock.status).toMatchObject({ sinceMs: 0, reason: 'another' });
    clock.set(reading({ state: 'holdover' }));
    expect(clock.status.sinceMs).toBe(HOUR_MS);
  });

  it('has a floor that is the release until the keeper knows better', () => {
    expect(clock.floorMs).toBe(HARD_FLOOR_MS);
    clock.raiseFloor(TRUTH_MS);
    expect(clock.floorMs).toBe(TRUTH_MS);
  });
});

describe('its timers', () => {
  it('are those of the machine', () => {
    const done: string[] = [];
    clock.after(1000, () => done.push('once'));
    const every = clock.every(400, () => done.push('again'));
    machine.advance(1000);
    every.cancel();
    machine.advance(1000);
    expect(done).toEqual(['again', 'again', 'once']);
    expect(clock.monotonic()).toBe(2000);
  });
});
