// The last queries in memory: a bounded ring, and nothing of before it was switched on or after it was switched off.

import { describe, expect, it } from 'vitest';
import { type AnsweredQuery, LOGGED_QUERIES_MAX, QueryLog } from '../../../src/observe/query-log.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const query = (parts: Partial<AnsweredQuery> = {}): AnsweredQuery => ({
  client: '192.168.1.7',
  transport: 'udp',
  name: 'www.example.',
  type: 'A',
  rcode: 'NOERROR',
  ms: 0.1,
  answeredBy: 'cache',
  detail: 'kept answer',
  ...parts,
});

function opened(mode: 'anonymised' | 'full' = 'full') {
  const clock = new SimulatedClock();
  const log = new QueryLog(clock);
  log.become(mode);
  return { clock, log };
}

describe('the ring', () => {
  it('has the latest first, each with a number and its moment', () => {
    const { clock, log } = opened();
    log.session!.note(query({ name: 'a.' }));
    clock.advance(1500);
    log.session!.note(query({ name: 'b.' }));
    expect(log.session!.queries).toMatchObject([
      { id: 2, name: 'b.', atMs: clock.monotonic() },
      { id: 1, name: 'a.', atMs: clock.monotonic() - 1500 },
    ]);
  });

  it('drops the earliest when it is full', () => {
    const { log } = opened();
    for (let at = 1; at <= LOGGED_QUERIES_MAX + 300; at += 1) log.session!.note(query());
    const ids = log.session!.queries.map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: LOGGED_QUERIES_MAX }, (_, at) => LOGGED_QUERIES_MAX + 300 - at));
  });

  it('keeps the beginning of a detail that is too long', () => {
    const { log } = opened();
    log.session!.note(query({ detail: 'x'.repeat(4000) }));
    expect(log.session!.queries[0]!.detail).toHaveLength(500);
  });
});

describe('the tops', () => {
  it('count names and clients, and no name where there is none', () => {
    const { log } = opened();
    for (const name of ['a.', 'b.', 'b.', '']) log.session!.note(query({ name, client: `::${name.length}` }));
    expect(log.session!.topNames(5)).toEqual([
      { key: 'b.', count: 2 },
      { key: 'a.', count: 1 },
    ]);
    expect(log.session!.topClients(1)).toEqual([{ key: '::2', count: 3 }]);
  });
});

describe('switching', () => {
  it('is off at first, and then there is nothing', () => {
    const log = new QueryLog(new SimulatedClock());
    expect([log.mode, log.session]).toEqual(['off', null]);
    log.become('off');
    expect(log.session).toBeNull();
  });

  it('off forgets all of it at once, and on begins with nothing', () => {
    const { clock, log } = opened();
    const first = log.session!;
    first.note(query());
    log.become('off');
    expect(log.session).toBeNull();
    clock.advance(1000);
    log.become('full');
    expect(log.session).not.toBe(first);
    expect(log.session).toMatchObject({ mode: 'full', sinceMs: clock.monotonic(), queries: [] });
    expect([log.session!.topNames(9), log.session!.topClients(9)]).toEqual([[], []]);
  });

  it.each([
    ['full', 'anonymised'],
    ['anonymised', 'full'],
  ] as const)('from %s to %s forgets as well: no address is left beside networks', (from, to) => {
    const { log } = opened(from);
    log.session!.note(query());
    log.become(to);
    expect(log.session).toMatchObject({ mode: to, queries: [] });
  });

  it('to what it is already forgets nothing', () => {
    const { log } = opened();
    log.session!.note(query());
    log.become('full');
    expect(log.session!.queries).toHaveLength(1);
  });

  it('begins no number anew', () => {
    const { log } = opened();
    log.session!.note(query());
    log.become('anonymised');
    log.session!.note(query());
    expect(log.session!.queries[0]!.id).toBe(2);
  });
});
