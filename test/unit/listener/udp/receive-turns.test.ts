// Turns of the event loop by hand: whose batch is taken when, and that nobody is forgotten.

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ReceiveTurns, type Receiving } from '../../../../src/listener/udp/receive-turns.ts';

let turns: ReceiveTurns;
let taken: string[];
let scheduled: (() => void)[];

beforeEach(() => {
  turns = new ReceiveTurns();
  taken = [];
  scheduled = [];
  vi.stubGlobal('setImmediate', (callback: () => void) => scheduled.push(callback));
});
afterEach(() => vi.unstubAllGlobals());

/** A quarter of what may be taken in a turn. */
const BATCH = 64;

/** With so many batches that others come behind, the last excepted. */
function socket(name: string, batches: number, datagrams = BATCH): Receiving {
  let left = batches;
  return {
    takeBatch() {
      taken.push(name);
      left -= 1;
      return left > 0 ? datagrams : 0;
    },
  };
}

function turn(): void {
  for (const callback of scheduled.splice(0)) callback();
}

it('takes from all in turn, 256 datagrams at most, and goes on in the next', () => {
  for (const ready of [socket('a', 6), socket('b', 2), socket('c', 2)]) turns.ready(ready);
  expect(scheduled).toHaveLength(1);
  turn();
  expect(taken.join('')).toBe('abca');
  turn();
  expect(taken.join('')).toBe('abcabcaaaa');
  expect(scheduled).toEqual([]);
});

it('takes from nobody twice who says so twice', () => {
  const one = socket('a', 1);
  turns.ready(one);
  turns.ready(one);
  turn();
  expect(taken).toEqual(['a']);
  turns.ready(one);
  expect(scheduled).toHaveLength(1);
});

it('goes on although taking a batch has thrown', () => {
  const thrown = new Error('a bug');
  const buggy: Receiving = {
    takeBatch() {
      throw thrown;
    },
  };
  turns.ready(buggy);
  turns.ready(socket('b', 1));
  expect(turn).toThrow(thrown);
  turn();
  expect(taken).toEqual(['b']);
  turns.ready(buggy);
  expect(scheduled).toHaveLength(1);
});

it('takes at once what the loop says is there, 256 datagrams at most, and then whoever waits first', () => {
  const [a, b] = [socket('a', 9), socket('b', 2)];
  turns.readyNow(a);
  expect(taken.join('')).toBe('aaaa');
  turns.readyNow(b); // nothing is left for it in this turn
  expect(taken.join('')).toBe('aaaa');
  turn();
  expect(taken.join('')).toBe('aaaa');
  turns.readyNow(a); // another turn, and somebody waits already
  turns.readyNow(b);
  expect(taken.join('')).toBe('aaaa');
  turn();
  expect(taken.join('')).toBe('aaaaababa');
});

it('takes from the next one what the first has left of them', () => {
  const [a, b] = [socket('a', 3), socket('b', 6)];
  turns.readyNow(a);
  turns.readyNow(b);
  expect(taken.join('')).toBe('aaabb');
  turn();
  turn();
  expect(taken.join('')).toBe('aaabbbbbb');
});

it('takes no more of many sockets in a turn, and knows the next by the first of them', () => {
  const all = [...'abcdef'].map((name) => socket(name, 2));
  for (const one of all) turns.readyNow(one);
  expect(taken.join('')).toBe('aabbccd');
  turn();
  expect(taken.join('')).toBe('aabbccd');
  turn();
  expect(taken.join('')).toBe('aabbccddefef');
  for (let round = 0; round < 500; round += 1) turns.readyNow(all[0]!);
  expect(taken).toHaveLength('aabbccddefef'.length + 500);
  expect(scheduled).toEqual([]);
});

it('counts one that came alone, too', () => {
  const all = Array.from({ length: 300 }, () => socket('a', 1));
  for (const one of all) turns.readyNow(one);
  expect(taken).toHaveLength(256);
  turn();
  turn();
  expect(taken).toHaveLength(300);
});
