// Counting by client and second: apart, and never more than so many.

import { expect, it } from 'vitest';
import { ClientRate } from '../../../src/resolver/client-rate.ts';

it('counts each client for itself, from nothing every second', () => {
  const rate = new ClientRate();
  expect([rate.count('10.0.0.1', 0), rate.count('10.0.0.1', 1), rate.count('10.0.0.2', 2)]).toEqual([
    1, 2, 1,
  ]);
  expect(rate.count('10.0.0.1', 999)).toBe(3);
  expect(rate.count('10.0.0.1', 1000)).toBe(1);
});

it('begins its second with the first to come, however long nobody came', () => {
  const rate = new ClientRate();
  rate.count('10.0.0.1', 5_700);
  expect(rate.count('10.0.0.1', 6_699)).toBe(2);
  expect(rate.count('10.0.0.1', 6_700)).toBe(1);
});

it('counts those beyond ten thousand as one, and the known ones as before', () => {
  const rate = new ClientRate();
  for (let at = 0; at < 10_000; at += 1) rate.count(`client ${at}`, 0);
  expect([rate.count('one more', 0), rate.count('and another', 0)]).toEqual([1, 2]);
  expect(rate.count('client 0', 0)).toBe(2);
});

it('has no count of this host itself', () => {
  const rate = new ClientRate();
  expect([rate.count('127.0.0.1', 0), rate.count('::1', 0), rate.count('127.0.0.2', 0)]).toEqual([0, 0, 1]);
});
