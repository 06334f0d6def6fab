// Counting by client and second: apart, in as much memory as ever.

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

it('lets nobody suffer for a hundred thousand forged addresses but who shares a counter with some', () => {
  const rate = new ClientRate();
  for (let at = 0; at < 100_000; at += 1) rate.count(`2001:db8::${at.toString(16)}`, 0);
  const counts = Array.from({ length: 250 }, (_, at) => rate.count(`192.168.1.${at}`, 0));
  expect(Math.max(...counts)).toBeLessThan(100); // evenly spread they are six each
});

it('spreads the devices of a house over counters of their own', () => {
  const rate = new ClientRate();
  const counts = Array.from({ length: 250 }, (_, at) => rate.count(`192.168.1.${at}`, 0));
  expect(counts.filter((count) => count > 1).length).toBeLessThan(25); // two of them meet now and then
});

it('has no count of this host itself', () => {
  const rate = new ClientRate();
  expect([rate.count('127.0.0.1', 0), rate.count('::1', 0), rate.count('127.0.0.2', 0)]).toEqual([0, 0, 1]);
});

it('counts together with another one on the same memory, and each knows when a second is over', () => {
  const rate = new ClientRate();
  const other = new ClientRate(rate.memory);
  expect([rate.count('10.0.0.1', 0), other.count('10.0.0.1', 1), rate.count('10.0.0.1', 2)]).toEqual([
    1, 2, 3,
  ]);
  expect([other.count('10.0.0.1', 1000), rate.count('10.0.0.1', 1001)]).toEqual([1, 2]);
});
