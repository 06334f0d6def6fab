// Networks that come and go, and who may ask meanwhile.

import { expect, test } from 'vitest';
import { HostAccess } from '../../../src/app/host-access.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const NEIGHBOUR = '2001:db8:1::7';
const NETWORK = '2001:db8:1::1/64';

function access(onLink: string[]) {
  const clock = new SimulatedClock();
  let [looks, changes] = [0, 0];
  const host = new HostAccess({
    ranges: ['local'],
    clock,
    onChange() {
      changes += 1;
    },
    prefixes() {
      looks += 1;
      return [...onLink];
    },
  });
  return { host, clock, seen: () => ({ looks, changes }) };
}

test('a network that has come since the last look is found before a client of it is refused', () => {
  const onLink: string[] = [];
  const { host, clock, seen } = access(onLink);
  clock.advance(1000);
  expect(host.allows(NEIGHBOUR)).toBe(false);
  onLink.push(NETWORK);
  clock.advance(100);
  expect([host.allows(NEIGHBOUR), seen().changes]).toEqual([true, 1]);
});

test('a network that has gone is one no more, from the next look on', () => {
  const onLink = [NETWORK];
  const { host, seen } = access(onLink);
  expect(host.allows(NEIGHBOUR)).toBe(true);
  onLink.pop();
  host.look();
  expect([host.allows(NEIGHBOUR), seen().changes]).toEqual([false, 1]);
});

test('a flood of strangers costs fifty looks a second', () => {
  const { host, clock, seen } = access([NETWORK]);
  const before = seen().looks;
  for (let query = 0; query < 1000; query += 1) {
    clock.advance(1);
    expect(host.allows('203.0.113.9')).toBe(false);
  }
  expect(seen().looks - before).toBeLessThanOrEqual(50);
  expect(seen().changes).toBe(0);
});
