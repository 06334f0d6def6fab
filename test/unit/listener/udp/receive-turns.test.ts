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

function socket(name: string, batches: number): Receiving {
  let left = batches;
  return {
    takeBatch() {
      taken.push(name);
      left -= 1;
      return left > 0;
    },
  };
}

function turn(): void {
  for (const callback of scheduled.splice(0)) callback();
}

it('takes from all in turn, four batches at most, and goes on in the next', () => {
  for (const ready of [socket('a', 5), socket('b', 1), socket('c', 2)]) turns.ready(ready);
  expect(scheduled).toHaveLength(1);
  turn();
  expect(taken.join('')).toBe('abca');
  turn();
  expect(taken.join('')).toBe('abcacaaa');
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

it('takes at once what the loop says is there, four batches at most, and then whoever waits first', () => {
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
  expect(taken.join('')).toBe('aaaaabab');
});

it('takes from the next one what the first has left of the four', () => {
  const [a, b] = [socket('a', 2), socket('b', 6)];
  turns.readyNow(a);
  turns.readyNow(b);
  expect(taken.join('')).toBe('aabb');
  turn();
  turn();
  expect(taken.join('')).toBe('aabbbbbb');
});

it('takes no more than four of many sockets in a turn, and knows the next by the first of them', () => {
  const all = [...'abcdef'].map((name) => socket(name, 1));
  for (const one of all) turns.readyNow(one);
  expect(taken.join('')).toBe('abcd');
  turn();
  expect(taken.join('')).toBe('abcd');
  turn();
  expect(taken.join('')).toBe('abcdef');
  for (let round = 0; round < 9; round += 1) turns.readyNow(all[0]!);
  expect(taken.join('')).toBe('abcdefaaaaaaaaa');
  expect(scheduled).toEqual([]);
});
