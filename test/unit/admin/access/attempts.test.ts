// Who may try a password, and when.

import { beforeEach, describe, expect, it } from 'vitest';
import { Attempts, clientKey, waitAfter } from '../../../../src/admin/access/attempts.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const CLIENT = '192.168.1.66';
const DAY_MS = 24 * 3_600_000;
let clock: SimulatedClock;
let attempts: Attempts;
beforeEach(() => {
  clock = new SimulatedClock();
  attempts = new Attempts(clock);
});

function fail(times: number, client = CLIENT): void {
  for (let tries = 0; tries < times; tries += 1) expect(attempts.begin(client)).toBe(0);
}

describe('a client', () => {
  it('has five tries, and then waits twice as long each time, a quarter of an hour at most', () => {
    expect([4, 5, 6, 7, 8, 9, 10, 11, 100].map((failures) => waitAfter(failures) / 1000)).toEqual([
      0, 30, 60, 120, 240, 480, 900, 900, 900,
    ]);
    fail(5);
    for (const seconds of [30, 60, 120, 240, 480, 900, 900]) {
      expect(attempts.begin(CLIENT)).toBe(seconds * 1000);
      clock.advance(seconds * 1000 - 1);
      expect(attempts.begin(CLIENT)).toBe(1); // asking again makes it no longer
      clock.advance(1);
      expect(attempts.begin(CLIENT)).toBe(0);
    }
  });

  it('that has many tries under way at once has no more of them', () => {
    const waits = Array.from({ length: 20 }, () => attempts.begin(CLIENT));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });

  it('does not make others wait', () => {
    fail(5);
    expect(attempts.begin('192.168.1.67')).toBe(0);
  });

  it('begins anew after the right password, after a day, and with another password', () => {
    fail(5);
    clock.advance(30_000);
    fail(1);
    attempts.succeeded(CLIENT);
    fail(5);
    expect(attempts.begin(CLIENT)).toBeGreaterThan(0);
    clock.advance(DAY_MS);
    fail(5);
    expect(attempts.begin(CLIENT)).toBeGreaterThan(0);
    attempts.forget();
    fail(5);
  });

  it('is not charged for a try that was not made', () => {
    fail(5);
    attempts.withdraw(CLIENT);
    fail(1);
    expect(attempts.begin(CLIENT)).toBeGreaterThan(0);
    attempts.withdraw('192.168.1.67'); // nobody knows of him
  });

  it('is not moved by a system clock that jumps', () => {
    fail(5);
    clock.setSystemClock(clock.now().epochMs + 10 * DAY_MS);
    expect(attempts.begin(CLIENT)).toBe(30_000);
  });
});

describe('a client is', () => {
  it.each([
    ['192.168.1.2', '192.168.1.2'],
    ['::ffff:192.168.1.2', '192.168.1.2'],
    ['2001:db8:0:1::2', '2001:db8:0:1::/64'],
    ['2001:db8:0:1:ffff::9', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ])('%s as %s', (address, key) => expect(clientKey(address)).toBe(key));

  it('with IPv6 his whole /64', () => {
    for (let host = 1; host <= 5; host += 1) fail(1, `2001:db8::${host}`);
    expect(attempts.begin('2001:db8::6')).toBe(30_000);
    expect(attempts.begin('2001:db8:0:1::6')).toBe(0);
  });
});

describe('all clients together', () => {
  const address = (at: number) => `10.0.${at >> 8}.${at & 255}`;
  const tries = (count: number, from = 0) =>
    Array.from({ length: count }, (_, at) => attempts.begin(address(from + at)));

  it('have thirty tries at once, and one more every ten seconds', () => {
    expect(tries(40).filter((wait) => wait === 0)).toHaveLength(30);
    expect(attempts.begin(address(50))).toBe(10_000);
    clock.advance(10_000);
    expect(attempts.begin(address(50))).toBe(0);
    expect(attempts.begin(address(51))).toBe(10_000);
  });

  it('have a try back for each right password', () => {
    tries(30);
    attempts.succeeded(address(3));
    expect(attempts.begin(address(90))).toBe(0);
    expect(attempts.begin(address(91))).toBeGreaterThan(0);
  });

  it('take a bounded room, whoever they are', () => {
    for (let at = 0; at < 6000; at += 1) {
      clock.advance(10_000);
      attempts.begin(address(at));
    }
    expect(attempts.clients).toBe(4096);
  });
});
