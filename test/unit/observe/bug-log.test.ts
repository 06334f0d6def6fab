// A bug of ours is told of with its stack, and does not fill the log, however often it is met.

import { expect, it } from 'vitest';
import { BugLog } from '../../../src/observe/bug-log.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const MINUTE_MS = 60_000;

it('has five lines a minute, and then says how many were left out', () => {
  const [log, clock] = [new RecordedLog(), new SimulatedClock()];
  const bugs = new BugLog(log, clock);
  for (let time = 0; time < 1000; time += 1) bugs.tell(new Error('too few'));
  clock.advance(MINUTE_MS - 1);
  bugs.tell('too few');
  expect(log.lines).toHaveLength(5);
  expect(log.lines[0]).toEqual({
    line: 'error a bug in Noonmark: please report this line',
    fields: { stack: expect.stringMatching(/^Error: too few\n.*bug-log\.test/) },
  });
  clock.advance(1);
  bugs.tell('another');
  bugs.tell('another');
  expect(log.lines.slice(5).map(({ fields }) => fields)).toEqual([
    { stack: 'another', leftOut: 996 },
    { stack: 'another' },
  ]);
});
