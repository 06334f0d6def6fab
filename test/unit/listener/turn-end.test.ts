// The end of a turn is told to all who asked for it, also when a bug of ours throws on the way.

import { afterEach, expect, it, vi } from 'vitest';
import { TurnEnd } from '../../../src/listener/turn-end.ts';

afterEach(() => vi.unstubAllGlobals());

it('is told to those behind one that throws, in the next turn', () => {
  const scheduled: (() => void)[] = [];
  vi.stubGlobal('setImmediate', (callback: () => void) => scheduled.push(callback));
  const turnEnd = new TurnEnd();
  const thrown = new Error('a bug');
  const told: string[] = [];
  turnEnd.later({ endTurn: () => told.push('a') });
  turnEnd.later({
    endTurn() {
      throw thrown;
    },
  });
  turnEnd.later({ endTurn: () => told.push('b') });
  turnEnd.later({ endTurn: () => told.push('c') });
  expect(scheduled.shift()!).toThrow(thrown);
  expect(told).toEqual(['a']);
  scheduled.shift()!();
  expect(told).toEqual(['a', 'b', 'c']);
  expect(scheduled).toEqual([]);
});
