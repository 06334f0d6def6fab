// A machine whose clock is set and which falls asleep, and what the detector makes of it.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Jump, JumpDetector } from '../../../src/timesync/jumps.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';
import { TRUTH_MS } from '../../support/time-sources.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 8766 * HOUR_MS;

let machine: SimulatedMachine;
let jumps: JumpDetector;
beforeEach(() => {
  machine = new SimulatedMachine(TRUTH_MS);
  jumps = new JumpDetector(machine);
});

function after(change: () => void): Jump | null {
  machine.advance(250);
  change();
  return jumps.look();
}

describe('a jump', () => {
  it('is not made by time that passes', () => {
    expect(after(() => machine.advance(YEAR_MS))).toBeNull();
  });

  it('is a step by its length, forwards and backwards, told once', () => {
    expect(after(() => machine.step(YEAR_MS))).toEqual({ stepMs: YEAR_MS, suspendedMs: 0 });
    expect(after(() => {})).toBeNull();
    expect(after(() => machine.step(-3 * HOUR_MS))).toEqual({ stepMs: -3 * HOUR_MS, suspendedMs: 0 });
    expect(after(() => {})).toBeNull();
  });

  it('is a suspend by its length, which is not a step of the system clock', () => {
    expect(after(() => machine.suspend(8 * HOUR_MS))).toEqual({ stepMs: 0, suspendedMs: 8 * HOUR_MS });
    expect(after(() => {})).toBeNull();
  });

  it('is both where the clock was set during the sleep', () => {
    const both = () => {
      machine.suspend(HOUR_MS);
      machine.step(-YEAR_MS);
    };
    expect(after(both)).toEqual({ stepMs: -YEAR_MS, suspendedMs: HOUR_MS });
  });

  it('is not what steers a clock, for however long it does', () => {
    for (let look = 0; look < 100; look += 1) expect(after(() => machine.step(900))).toBeNull();
  });

  it('is short sleeps too, once they come to more than a second', () => {
    expect(after(() => machine.suspend(600))).toBeNull();
    expect(after(() => machine.suspend(600))).toEqual({ stepMs: 0, suspendedMs: 1200 });
    expect(after(() => machine.suspend(600))).toBeNull();
  });

  it('adds up: of all sleeps no more than a second is missed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5000 })), (sleeps) => {
        const slept = new SimulatedMachine(TRUTH_MS);
        const detector = new JumpDetector(slept);
        let noticedMs = 0;
        for (const ms of sleeps) {
          slept.suspend(ms);
          noticedMs += detector.look()?.suspendedMs ?? 0;
        }
        const missedMs = sleeps.reduce((sum, ms) => sum + ms, 0) - noticedMs;
        expect(missedMs).toBeGreaterThanOrEqual(0);
        expect(missedMs).toBeLessThanOrEqual(1000);
      }),
    );
  });
});
