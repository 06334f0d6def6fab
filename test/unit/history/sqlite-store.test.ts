// The file of the history, as octets: what is not ours is refused with a reason and never read, whatever is in it.

import * as sqlite from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valuesBy } from '../../../src/history/point.ts';
import { SqliteHistory, UnfitHistory } from '../../../src/history/sqlite-store.ts';
import { SPANS } from '../../../src/history/store.ts';

const moment = { life: 1, ms: 5, dateMs: null, isSure: false };

function filled(): SqliteHistory {
  const store = new SqliteHistory(sqlite, null);
  for (let id = 1; id <= 50; id += 1)
    store.put({
      ...{ id, kind: 'list', subject: 'ads', what: 'w', evidence: 'e'.repeat(100), doThis: 'd', returns: 0 },
      ...{ started: moment, ended: moment },
    });
  for (let key = 0; key < SPANS.minutes.points; key += 1)
    store.putPoint('minutes', { key, values: valuesBy((_, at) => key + at) });
  return store;
}

const foreign = (...statements: string[]): Uint8Array => {
  const database = new sqlite.DatabaseSync(':memory:');
  for (const statement of statements) database.exec(statement);
  return database.serialize();
};

const withStatement = (statement: string): Uint8Array => {
  const database = new sqlite.DatabaseSync(':memory:');
  database.deserialize(filled().image);
  database.exec(statement);
  return database.serialize();
};

it('a file has what was put, and more can be put', () => {
  const again = new SqliteHistory(sqlite, filled().image);
  expect(again.incidents({ limit: 100 })).toHaveLength(50);
  expect(again.points('minutes', 0, 1e6)).toHaveLength(SPANS.minutes.points);
  again.recordLife({ number: 2, version: 'x', seen: moment, isOver: true });
  expect(new SqliteHistory(sqlite, again.image).life?.number).toBe(2);
});

describe('is refused', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^is /],
    ['a text', Buffer.from('hello'.repeat(2000)), /^is damaged \(file is not a database\)$/],
    ['zeros', new Uint8Array(8192), /^is /],
    ['a database of somebody else', foreign('CREATE TABLE songs (name TEXT)'), /^is of another form \(0/],
    [
      'one of a later Noonmark',
      withStatement('PRAGMA user_version = 2'),
      /^is of another form \(2, and this Noonmark has 1\)$/,
    ],
    [
      'one that pretends',
      foreign('CREATE TABLE incidents (id INTEGER PRIMARY KEY)', 'PRAGMA user_version = 1'),
      /not one of Noonmark/,
    ],
    [
      'one with a trigger',
      withStatement('CREATE TRIGGER t AFTER INSERT ON incidents BEGIN DELETE FROM minutes; END'),
      /not one of Noonmark/,
    ],
    ['one with a view', withStatement('CREATE VIEW v AS SELECT 1'), /not one of Noonmark/],
    ['half a file', filled().image.subarray(0, 4096 * 9), /^is damaged/],
  ])('%s', (_, file, reason) => {
    const take = () => new SqliteHistory(sqlite, file);
    expect(take).toThrow(UnfitHistory);
    expect(take).toThrow(reason);
  });

  it('or read as far as it is sound: no damage does more', () => {
    const sound = filled().image;
    const damage = fc.array(
      fc.record({ place: fc.nat({ max: sound.length - 1 }), octet: fc.integer({ min: 0, max: 255 }) }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(damage, (changes) => {
        const file = Uint8Array.from(sound);
        for (const { place, octet } of changes) file[place] = octet;
        try {
          const store = new SqliteHistory(sqlite, file);
          store.incidents({ limit: 1000 });
          store.points('minutes', 0, 1e9);
          store.points('tens', 0, 1e9);
          store.put({ ...store.first!, id: store.lastId + 1 });
          store.close();
        } catch (error) {
          expect(error).toBeInstanceOf(UnfitHistory);
        }
      }),
      { numRuns: 300 },
    );
  });
});
