// Many that wait for an instant each, under one timer: who is called when, and that the timer goes with the last of them.

import { describe, expect, it } from 'vitest';
import { DueList, type Waiting } from '../../../src/upstream/due-list.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

/** They are looked at no more often than this. */
const PAUSE_MS = 5;

function stage() {
  const clock = new SimulatedClock();
  const list = new DueList(clock);
  const called: string[] = [];
  /** One that is over when it is due, and says when that was. */
  const wait = (name: string, dueAtMs: number): Waiting => {
    const one = {
      dueAtMs,
      slot: -1,
      due(nowMs: number) {
        called.push(`${name} ${nowMs}`);
        list.delete(one);
      },
    };
    list.add(one, clock.monotonic());
    return one;
  };
  return { clock, list, called, wait };
}

describe('each is called', () => {
  it('at its own instant, in whatever order they came', () => {
    const { clock, called, wait } = stage();
    wait('late', 300);
    wait('early', 100);
    wait('middle', 200);
    clock.advance(99);
    expect(called).toEqual([]);
    clock.advance(1000);
    expect(called).toEqual(['early 100', 'middle 200', 'late 300']);
  });

  it('a little later where another was called a moment ago: all are looked at so many times a second', () => {
    const { clock, called, wait } = stage();
    for (let at = 0; at < 100; at += 1) wait(String(at), 100 + at / 100);
    clock.advance(99);
    clock.advance(1);
    expect(called).toEqual(['0 100']);
    clock.advance(PAUSE_MS);
    expect(called).toHaveLength(100);
    expect(called.at(-1)).toBe(`99 ${100 + PAUSE_MS}`);
  });

  it('at an instant that has come nearer, once the list is told', () => {
    const { clock, list, called, wait } = stage();
    const one = wait('moved', 500) as Waiting & { dueAtMs: number };
    one.dueAtMs = 50;
    list.add(one, clock.monotonic());
    clock.advance(50);
    expect(called).toEqual(['moved 50']);
  });

  it('not before an instant that has moved away', () => {
    const { clock, called, wait } = stage();
    const one = wait('moved', 50) as Waiting & { dueAtMs: number };
    one.dueAtMs = 500;
    clock.advance(499);
    expect(called).toEqual([]);
    clock.advance(1);
    expect(called).toEqual(['moved 500']);
  });

  it('though it came while another was called', () => {
    const { clock, list, called, wait } = stage();
    const first: Waiting = {
      dueAtMs: 100,
      slot: -1,
      due() {
        list.delete(first);
        wait('second', 150);
      },
    };
    list.add(first, 0);
    clock.advance(1000);
    expect(called).toEqual(['second 150']);
  });
});

describe('nothing stays', () => {
  it('of one that was deleted, and others keep their places', () => {
    const { clock, list, called, wait } = stage();
    const [a, , c] = [wait('a', 100), wait('b', 100), wait('c', 100)];
    list.delete(a);
    list.delete(a);
    list.delete(c);
    wait('d', 100);
    clock.advance(100);
    expect(called.toSorted()).toEqual(['b 100', 'd 100']);
  });

  it('of the timer when the last one goes', () => {
    const { clock, list, wait } = stage();
    const both = [wait('a', 100), wait('b', 200)];
    expect(clock.pendingTimers).toBe(1);
    for (const one of both) list.delete(one);
    expect(clock.pendingTimers).toBe(0);
  });
});
