// The scenarios of a rehearsal, and the machine on which they are played.

import { describe, expect, it } from 'vitest';
import { RehearsalMachine } from '../../../src/cli/rehearsal-machine.ts';
import { SCENARIOS } from '../../../src/cli/rehearsal-scenarios.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';

const TRUE_MS = Date.parse('2027-03-01T12:00:00Z');

describe('a scenario', () => {
  it.each([
    ['right', '2027-03-01', true, 0],
    ['1970', '1970-01-01', true, 0],
    ['1970-no-stamp', '1970-01-01', false, 0],
    ['year-behind', '2026-03-01', true, 0],
    ['2045', '2045-01-01', true, 0],
    ['set-back', '2027-03-01', true, -10_800_000],
  ])('%s wakes on %s', (id, day, hasStamp, stepMs) => {
    const scenario = SCENARIOS.find((one) => one.id === id)!;
    expect(new Date(scenario.wakesAt(TRUE_MS)).toISOString().slice(0, 10)).toBe(day);
    expect(scenario).toMatchObject({ hasStamp, stepMs });
  });

  it('is the control first: the others are nothing without it', () => {
    expect(SCENARIOS.map(({ id }) => id)).toEqual([
      'right',
      '1970',
      '1970-no-stamp',
      'year-behind',
      '2045',
      'set-back',
    ]);
  });
});

describe('the machine of a rehearsal', () => {
  it('has a system clock of its own, which runs on by the real monotonic time and can be set', () => {
    const real = new SimulatedMachine(TRUE_MS);
    real.advance(5000);
    const machine = new RehearsalMachine(0, real);
    real.advance(300);
    expect(machine.systemClock()).toBe(300);
    machine.step(-1000);
    real.advance(200);
    expect(machine.systemClock()).toBe(-500);
    expect([machine.monotonic(), machine.uptime()]).toEqual([real.monotonic(), real.uptime()]);
    expect(real.systemClock()).toBe(TRUE_MS + 5500);
  });

  it('does not notice when the real system clock is set', () => {
    const real = new SimulatedMachine(TRUE_MS);
    const machine = new RehearsalMachine(7, real);
    real.setSystemClock(0);
    expect(machine.systemClock()).toBe(7);
  });
});
