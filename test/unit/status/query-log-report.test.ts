// What is shown of the query log: the entries that somebody wishes to see, dated by our own clock.

import { describe, expect, it } from 'vitest';
import { ANY_QUERY } from '../../../src/admin/query-wish.ts';
import type { AnsweredQuery, QueryLogMode } from '../../../src/observe/query-log.ts';
import { type QueryWish, queryLogReport } from '../../../src/status/query-log-report.ts';
import { queryLogWith } from '../../support/query-logs.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const QUERIES: readonly Partial<AnsweredQuery>[] = [
  { name: 'a.example.', client: '192.168.1.7' },
  { name: 'b.example.', client: '192.168.1.70', type: 'AAAA', rcode: 'NXDOMAIN', answeredBy: 'upstream' },
  { name: 'example.com.', client: '192.168.2.7', answeredBy: 'filter' },
  { name: 'a.example.org.', client: '2001:db8::7', answeredBy: 'stale' },
  { name: '', type: '', client: 'fe80::7%eth0', rcode: 'dropped', answeredBy: 'guard' },
];

function shown(wish: Partial<QueryWish>, mode: QueryLogMode = 'full', queries = QUERIES) {
  const clock = new SimulatedClock();
  return queryLogReport(queryLogWith(clock, mode, ...queries), { ...ANY_QUERY, ...wish }, clock);
}
const idsOf = (wish: Partial<QueryWish>, mode?: QueryLogMode, queries = QUERIES) =>
  shown(wish, mode, queries).entries.map(({ id }) => id);
const client = (address: string, length: number | null = null) => ({ client: { address, length } });

describe('the entries', () => {
  it.each<[string, Partial<QueryWish>, number[]]>([
    ['all, the latest first', {}, [5, 4, 3, 2, 1]],
    ['of a client', client('192.168.1.7'), [1]],
    ['of a client with a scope', client('fe80::7%eth0'), [5]],
    ['of a network', client('192.168.0.0', 16), [3, 2, 1]],
    ['of a network of the other family', client('2001:db8::', 32), [4]],
    ['with a part of the name', { name: 'example' }, [4, 3, 2, 1]],
    ['with an end of the name', { name: 'example.' }, [2, 1]],
    ['of a type', { type: 'AAAA' }, [2]],
    ['with a response code', { rcode: 'dropped' }, [5]],
    ['answered by somebody', { answeredBy: 'stale' }, [4]],
    ['after one', { afterId: 3 }, [5, 4]],
    ['of all that, none', { type: 'AAAA', answeredBy: 'cache' }, []],
  ])('%s', (_what, wish, ids) => {
    expect(idsOf(wish)).toEqual(ids);
  });

  it('are so many and no more, and it is said how many fit', () => {
    const report = shown({ name: 'example', limit: 2 });
    expect(report.entries.map(({ id }) => id)).toEqual([4, 3]);
    expect(report).toMatchObject({ kept: 5, keptMax: 1000, fitting: 4 });
  });

  it('of a client in an anonymised log are those of its network', () => {
    const networks = [
      { client: '192.168.1.0/24' },
      { client: '2001:db8:1::/48' },
      { client: '192.168.2.0/24' },
    ];
    expect(idsOf(client('192.168.1.7'), 'anonymised', networks)).toEqual([1]);
    expect(idsOf(client('2001:db8:1:2::3'), 'anonymised', networks)).toEqual([2]);
    expect(idsOf(client('192.168.2.0', 24), 'anonymised', networks)).toEqual([3]);
    expect(idsOf(client('192.168.0.0', 16), 'anonymised', networks)).toEqual([3, 1]);
  });

  it('have the moment by what our clock says now, and none while that says nothing', () => {
    const clock = new SimulatedClock({ state: 'untrusted' });
    const log = queryLogWith(clock, 'full', {});
    clock.advance(2500);
    const entry = () => queryLogReport(log, ANY_QUERY, clock);
    expect(entry()).toMatchObject({ since: null, sinceMs: 2500, entries: [{ at: null, agoMs: 2500 }] });
    clock.setState('synchronized');
    const at = new Date(clock.now().epochMs - 2500).toISOString();
    expect(entry()).toMatchObject({ since: at, entries: [{ at, agoMs: 2500 }] });
  });
});

describe('what comes most often', () => {
  it('is ten names and ten clients at most, whatever is wished', () => {
    const many = Array.from({ length: 40 }, (_, at) => ({ name: `n${at}.`, client: `10.0.0.${at}` }));
    const { top } = shown({ name: 'none of them' }, 'full', [...many, { name: 'n7.', client: '10.0.0.9' }]);
    expect([top.names.length, top.clients.length]).toEqual([10, 10]);
    expect([top.names[0], top.clients[0]]).toEqual([
      { name: 'n7.', count: 2 },
      { client: '10.0.0.9', count: 2 },
    ]);
  });
});

it('is nothing while the log is off', () => {
  expect(shown({}, 'off')).toEqual({
    ...{ log: 'off', since: null, sinceMs: null, kept: 0, keptMax: 1000, fitting: 0, entries: [] },
    top: { names: [], clients: [], isExact: true },
  });
});
