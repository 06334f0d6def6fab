// One suite for every store of the history: what is put is what is got, bounds hold, dates are filled in for one life alone.
// What only SQLite has (a file, damage) is in test/unit/history/sqlite-store.test.ts.

import * as sqlite from 'node:sqlite';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KeptIncident } from '../../src/history/kept-incident.ts';
import type { Moment } from '../../src/history/life-time.ts';
import { valuesBy } from '../../src/history/point.ts';
import { SqliteHistory } from '../../src/history/sqlite-store.ts';
import { type HistoryStore, MAX_INCIDENTS, MemoryHistory, SPANS } from '../../src/history/store.ts';

const HOSTILE = `<script>alert(1)</script>\u202e'; DROP TABLE incidents; -- ${'x'.repeat(255)}`;

const at = (ms: number, more: Partial<Moment> = {}): Moment => ({
  ...{ life: 2, ms, dateMs: null, isSure: false },
  ...more,
});

const incident = (id: number, more: Partial<KeptIncident> = {}): KeptIncident => ({
  ...{
    id,
    kind: 'upstream',
    subject: 'tls://dns.example',
    what: 'w',
    evidence: 'e',
    doThis: 'd',
    returns: 0,
  },
  ...{ started: at(id), ended: at(id + 0.5) },
  ...more,
});

const point = (key: number, perSecond: number | null = key) => ({
  key,
  values: valuesBy((field, at) => (field === 'perSecond' ? perSecond : at % 2 === 0 ? null : -at / 3)),
});

describe.each<[string, () => HistoryStore]>([
  ['in memory', () => new MemoryHistory()],
  ['of SQLite', () => new SqliteHistory(sqlite, null)],
  ['of SQLite, by way of a file', () => new SqliteHistory(sqlite, new SqliteHistory(sqlite, null).image)],
])('A history %s', (_, make) => {
  let store: HistoryStore;
  beforeEach(() => {
    store = make();
  });

  it('begins with nothing', () => {
    expect(store.life).toBeNull();
    expect(store.lastId).toBe(0);
    expect(store.first).toBeNull();
    expect(store.lastOver).toBeNull();
    expect(store.incidents({ limit: 10 })).toEqual([]);
    expect(store.points('minutes', -1e9, 1e9)).toEqual([]);
    expect(store.lastKey('tens')).toBeNull();
  });

  it.each([
    { number: 7, version: '0.4.0', seen: at(12.5, { life: 7 }), isOver: false },
    { number: 8, version: HOSTILE, seen: at(0, { life: 8, dateMs: 1.7e12, isSure: true }), isOver: true },
  ])('keeps the last life %#', (life) => {
    store.recordLife({ ...life, number: 1, version: 'older' });
    store.recordLife(life);
    expect(store.life).toEqual(life);
  });

  it('gives incidents back as they were put, the latest first', () => {
    const all = [
      incident(1),
      incident(2, { ended: null, returns: 4 }),
      incident(3, { subject: HOSTILE, what: HOSTILE, evidence: HOSTILE, doThis: '' }),
      incident(40, { started: at(1, { dateMs: 1.7e12, isSure: true }), ended: at(5, { life: 3 }) }),
    ];
    for (const one of all) store.put(one);
    expect(store.incidents({ limit: 10 })).toEqual(all.toReversed());
    expect(store.lastId).toBe(40);
    expect(store.first).toEqual(all[0]);
  });

  it('knows which trouble was over last, by lives and not by dates; a moment is none, nor is what lasts', () => {
    const over = (ms: number, life: number, dateMs: number | null) => ({ ended: at(ms, { life, dateMs }) });
    store.put(incident(1, { kind: 'start', ...over(900, 3, 9e12) }));
    store.put(incident(2, { ended: null }));
    expect(store.lastOver).toBeNull();
    store.put(incident(3, over(50, 2, 1000)));
    store.put(incident(4, over(40, 2, 2000)));
    expect(store.lastOver?.id).toBe(3);
    store.put(incident(5, over(1, 3, null)));
    expect(store.lastOver?.id).toBe(5);
  });

  it('puts what became of one in its place', () => {
    store.put(incident(1, { ended: null }));
    store.put(incident(2));
    store.put(incident(1, { evidence: 'more', returns: 2 }));
    expect(store.incidents({ limit: 10 })).toEqual([
      incident(2),
      incident(1, { evidence: 'more', returns: 2 }),
    ]);
  });

  it('gives so many, those before an id, and those that last', () => {
    for (let id = 1; id <= 9; id += 1) store.put(incident(id, id % 3 === 0 ? { ended: null } : {}));
    const ids = (asked: Parameters<HistoryStore['incidents']>[0]) =>
      store.incidents(asked).map(({ id }) => id);
    expect(ids({ limit: 2 })).toEqual([9, 8]);
    expect(ids({ limit: 2, before: 8 })).toEqual([7, 6]);
    expect(ids({ limit: 5, isOpen: true })).toEqual([9, 6, 3]);
    expect(ids({ limit: 5, isOpen: true, before: 6 })).toEqual([3]);
    expect(ids({ limit: 5, before: 1 })).toEqual([]);
  });

  it('forgets the oldest that are over, and none that lasts, beyond its bound', () => {
    store.put(incident(1, { ended: null }));
    for (let id = 2; id <= MAX_INCIDENTS + 2; id += 1) store.put(incident(id));
    const ids = store.incidents({ limit: MAX_INCIDENTS + 10 }).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_INCIDENTS);
    expect(ids.slice(-2)).toEqual([4, 1]);
    expect(store.first?.id).toBe(1);
  });

  it('forgets the oldest of all where all last', () => {
    for (let id = 1; id <= MAX_INCIDENTS + 1; id += 1) store.put(incident(id, { ended: null }));
    const ids = store.incidents({ limit: MAX_INCIDENTS + 10 }).map(({ id }) => id);
    expect([ids.length, ids.at(-1)]).toEqual([MAX_INCIDENTS, 2]);
  });

  it('dates what is not sure, of one life alone', () => {
    const sure = at(7, { dateMs: 1000, isSure: true });
    store.put(incident(1, { started: at(100, { life: 1 }), ended: at(5) }));
    store.put(incident(2, { started: at(9, { dateMs: 55 }), ended: null }));
    store.put(incident(3, { started: sure, ended: sure }));
    store.date(2, 1_000_000, false);
    expect(
      store.incidents({ limit: 9 }).map(({ started, ended }) => [started.dateMs, ended?.dateMs]),
    ).toEqual([
      [1000, 1000],
      [1_000_009, undefined],
      [null, 1_000_005],
    ]);
    store.date(2, 2_000_000, true);
    store.date(2, 3_000_000, true);
    expect(store.incidents({ limit: 9 }).map(({ started, ended }) => [started, ended])).toEqual([
      [sure, sure],
      [at(9, { dateMs: 2_000_009, isSure: true }), null],
      [at(100, { life: 1 }), at(5, { dateMs: 2_000_005, isSure: true })],
    ]);
  });

  it.each(['minutes', 'tens'] as const)(
    'keeps %s in their order, and writes over those a series ago',
    (span) => {
      const { points: length } = SPANS[span];
      for (const key of [5, 3, 4, length + 3]) store.putPoint(span, point(key));
      expect(store.points(span, 0, 2 * length)).toEqual([point(4), point(5), point(length + 3)]);
      expect(store.points(span, 5, length)).toEqual([point(5)]);
      expect(store.lastKey(span)).toBe(length + 3);
      for (let key = 0; key < 2 * length; key += 1) store.putPoint(span, point(key, null));
      expect(store.points(span, 0, 4 * length)).toHaveLength(length);
    },
  );
});
