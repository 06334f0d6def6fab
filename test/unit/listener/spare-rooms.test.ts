// Rooms for answers: large enough, never two at a time for one, and bounded in number and in size.

import { expect, it } from 'vitest';
import { SpareRooms } from '../../../src/listener/spare-rooms.ts';

it('gives a room again that was given back, and no room twice', () => {
  const rooms = new SpareRooms();
  const [one, other] = [rooms.take(100), rooms.take(700)];
  expect(other).not.toBe(one);
  expect(other.length).toBeGreaterThanOrEqual(700);
  rooms.giveBack(one);
  expect(rooms.take(500)).toBe(one);
  expect(rooms.take(500)).not.toBe(one);
});

it('makes a large one for a large answer, and does not keep it', () => {
  const rooms = new SpareRooms();
  const large = rooms.take(65_537);
  expect(large.length).toBe(65_537);
  rooms.giveBack(large);
  expect(rooms.take(65_537)).not.toBe(large);
  expect(rooms.take(10)).not.toBe(large);
});

it('keeps 64 at most', () => {
  const rooms = new SpareRooms();
  const given = Array.from({ length: 100 }, () => rooms.take(10));
  for (const room of given) rooms.giveBack(room);
  const again = Array.from({ length: 100 }, () => rooms.take(10));
  expect(again.filter((room) => given.includes(room)).length).toBe(64);
});
