// How many threads there are beside the main one.

import { expect, it } from 'vitest';
import { threadCount } from '../../../src/app/threaded-udp.ts';

it('is what the owner says, on however many cores', () => {
  expect([threadCount(0, 64), threadCount(3, 1), threadCount(8, 2)]).toEqual([0, 3, 8]);
});

it('is none on few cores, and two where there are enough', () => {
  expect([1, 2, 3, 4, 64].map((cores) => threadCount('auto', cores))).toEqual([0, 0, 0, 2, 2]);
});
