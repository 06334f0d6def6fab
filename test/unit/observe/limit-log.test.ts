// A limit that is reached is told of, and does not fill the log.

import { expect, it } from 'vitest';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const KEY = 'limits.connections';
const MINUTE_MS = 60_000;

function open() {
  const [log, clock] = [new RecordedLog(), new SimulatedClock()];
  return { log, clock, limitLog: new LimitLog(log, clock) };
}

it('tells of the first time at once, with what to do', () => {
  const { log, limitLog } = open();
  limitLog.reached(KEY, { client: '10.0.0.1' });
  expect(log.lines).toEqual([
    {
      line: 'warn a limit is reached',
      fields: { limit: KEY, times: 1, client: '10.0.0.1', hint: expect.stringMatching(/raise it/) },
    },
  ]);
});

it('is quiet for a minute, and then says how often it was meanwhile', () => {
  const { log, clock, limitLog } = open();
  for (let time = 0; time < 1000; time += 1) limitLog.reached(KEY, {});
  clock.advance(MINUTE_MS - 1);
  limitLog.reached(KEY, {});
  expect(log.lines).toHaveLength(1);
  clock.advance(1);
  limitLog.reached(KEY, {});
  expect(log.lines.map(({ fields }) => fields.times)).toEqual([1, 1001]);
});

it('keeps limits apart, and counts each since the start', () => {
  const { log, limitLog } = open();
  limitLog.reached(KEY, {});
  limitLog.reached('limits.pending_queries', {});
  limitLog.reached(KEY, {});
  expect(log.lines).toHaveLength(2);
  expect(Object.fromEntries(limitLog.times)).toEqual({ [KEY]: 2, 'limits.pending_queries': 1 });
});

it('lets the hint be another one', () => {
  const { log, limitLog } = open();
  limitLog.reached(KEY, { hint: 'go home' });
  expect(log.lines[0]!.fields.hint).toBe('go home');
});
