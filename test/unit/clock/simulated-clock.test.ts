// The clock that all unit tests stand on is tested itself.

import { describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../support/simulated-clock.ts';

describe('the simulated clock', () => {
  it('stands still until it is advanced, and then moves monotonic time and the date together', () => {
    const clock = new SimulatedClock({ epochMs: 1_000 });
    expect([clock.monotonic(), clock.now().epochMs]).toEqual([0, 1_000]);
    clock.advance(250);
    expect([clock.monotonic(), clock.now().epochMs]).toEqual([250, 1_250]);
  });

  it('runs due timers in order of their instants, each at its own instant', () => {
    const clock = new SimulatedClock();
    const ran: string[] = [];
    clock.after(30, () => ran.push(`late at ${clock.monotonic()}`));
    clock.after(10, () => ran.push(`early at ${clock.monotonic()}`));
    clock.after(10, () => ran.push(`early too at ${clock.monotonic()}`));
    clock.after(31, () => ran.push('not yet'));
    clock.advance(30);
    expect(ran).toEqual(['early at 10', 'early too at 10', 'late at 30']);
  });

  it('repeats a timer at every period until it is cancelled', () => {
    const clock = new SimulatedClock();
    const at: number[] = [];
    const timer = clock.every(10, () => at.push(clock.monotonic()));
    clock.advance(35);
    timer.cancel();
    clock.advance(100);
    expect(at).toEqual([10, 20, 30]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('runs a timer that another timer started when it falls due within the same stretch', () => {
    const clock = new SimulatedClock();
    const at: number[] = [];
    clock.after(10, () => clock.after(5, () => at.push(clock.monotonic())));
    clock.advance(15);
    expect(at).toEqual([15]);
  });

  it('does not run a timer that was cancelled by an earlier one', () => {
    const clock = new SimulatedClock();
    let ran = false;
    const second = clock.after(10, () => {
      ran = true;
    });
    clock.after(5, () => second.cancel());
    clock.advance(20);
    expect(ran).toBe(false);
  });

  it('reports timers without end instead of hanging', () => {
    const clock = new SimulatedClock();
    const again = (): void => {
      clock.after(0, again);
    };
    again();
    expect(() => clock.advance(1)).toThrow(/more than 1000000 timers/);
  });

  it('lets the date jump without monotonic time or timers noticing', () => {
    const clock = new SimulatedClock();
    let ran = false;
    clock.after(10, () => {
      ran = true;
    });
    clock.advance(5);
    clock.setSystemClock(Date.UTC(1970, 0, 1));
    expect(clock.now().epochMs).toBe(0);
    expect(clock.monotonic()).toBe(5);
    expect(ran).toBe(false);
    clock.advance(5);
    expect(ran).toBe(true);
    expect(clock.now().epochMs).toBe(5);
  });

  it('tells its listeners about a change of state or basis, once each, until they leave', () => {
    const clock = new SimulatedClock({ state: 'untrusted' });
    const heard: string[] = [];
    const leave = clock.onStateChange((status) =>
      heard.push(`${status.state}/${status.basis}@${status.sinceMs}`),
    );
    clock.advance(7);
    clock.setState('provisional', 'stamp');
    clock.setState('provisional', 'stamp');
    clock.setState('provisional');
    leave();
    clock.setState('synchronized');
    expect(heard).toEqual(['provisional/stamp@7', 'provisional/system-clock@7']);
    expect(clock.status).toMatchObject({ state: 'synchronized', basis: null });
  });
});
