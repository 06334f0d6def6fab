// A list as octets in pieces: however it is cut, the same names come out.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { nameKey } from '../../../src/dns/names.ts';
import { ListReader } from '../../../src/lists/list-reader.ts';
import { AskedName } from '../../../src/lists/name-table.ts';

async function read(...pieces: readonly (string | Uint8Array)[]) {
  const reader = new ListReader();
  for (const piece of pieces) await reader.push(Buffer.from(piece as string));
  const { table, unread, firstUnread } = await reader.finish();
  const has = (name: string) => table.marksAt(new AskedName().set(nameKey(name)), 0) !== 0;
  return { entries: table.entries, unread, firstUnread, has };
}

const TEXT =
  '\ufeff! list\r\n0.0.0.0 a.example\r\nb.example\n||bücher.example^\nnonsense here\n\nlast.example';

test('a byte order mark, CRLF, UTF-8 and a last line without an end are read', async () => {
  const list = await read(TEXT);
  expect([list.entries, list.unread]).toEqual([4, 1]);
  for (const name of ['a.example', 'b.example', 'xn--bcher-kva.example', 'last.example']) {
    expect(list.has(name)).toBe(true);
  }
});

test('wherever the octets are cut, the list is the same', async () => {
  const octets = Buffer.from(TEXT);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(octets.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), octets.length];
      const pieces = edges.slice(1).map((end, index) => octets.subarray(edges[index], end));
      const list = await read(...pieces);
      expect([list.entries, list.unread, list.firstUnread]).toEqual([4, 1, 5]);
    }),
  );
});

test('random octets are read without a crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (octets) => {
      const outcome = await read(octets).catch((error: Error) => error.message);
      expect(['object', 'string']).toContain(typeof outcome);
    }),
  );
});

test('a line without end is one unread line, and what follows it is read', async () => {
  const piece = 'x'.repeat(3000);
  const list = await read('a.example\n', piece, piece, piece, `${piece}\nb.example\nwhat is this\n`);
  expect([list.entries, list.unread, list.firstUnread]).toEqual([2, 2, 2]);
  expect(await read('a.example\n', piece, piece, '\nwhat is this\n')).toMatchObject({
    unread: 2,
    firstUnread: 2,
  });
});

test('one large piece is read in slices, so that others have their turns in between', async () => {
  const reader = new ListReader();
  let turns = 0;
  let isRead = false;
  const count = () => {
    turns += 1;
    if (!isRead) setImmediate(count);
  };
  setImmediate(count);
  await reader.push(Buffer.from('0.0.0.0 ads.example\n'.repeat(50_000)));
  isRead = true;
  expect(turns).toBeGreaterThan(50);
});

describe('a page in place of a list', () => {
  it.each(['<!DOCTYPE html>\na.example\n', ' \n<html>', '\ufeff<?xml version="1.0"?>'])(
    '%j is refused',
    async (page) => {
      await expect(read(page)).rejects.toThrow('page of HTML');
    },
  );
});

test('an empty list has no names', async () => {
  expect(await read()).toMatchObject({ entries: 0, unread: 0, firstUnread: 0 });
  expect((await read('a')).unread).toBe(1);
});
