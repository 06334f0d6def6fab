// A list in a file of the owner's: read at once, read again when it has changed, and kept when it goes wrong.

import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
import { FileFeed } from '../../../src/lists/file-feed.ts';
import { List } from '../../../src/lists/list.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const feeds: FileFeed[] = [];
afterEach(() => {
  for (const feed of feeds.splice(0)) feed.close();
});

function fed(file: string) {
  const log = new RecordedLog();
  const clock = new SimulatedClock();
  const list = new List(
    { name: 'ads', allows: false, source: { kind: 'file', file }, everyMs: 3_600_000 },
    { clock, log },
  );
  const feed = new FileFeed({ file, list, clock });
  feeds.push(feed);
  return { list, log, clock, feed };
}

const fileIn = () => join(temporaryDirectory('list-file'), 'ads.txt');

test('it is read, and read again after a change that has held still', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const { list, feed } = fed(file);
  await eventually(() => list.report.entries === 1);
  await feed.look();
  const table = list.table;
  await feed.look();
  expect(list.table, 'unchanged, so not read again').toBe(table);
  writeFileSync(`${file}.new`, 'a.example\nb.example\n');
  renameSync(`${file}.new`, file);
  await feed.look();
  expect(list.report.entries, 'it may still be written').toBe(1);
  await feed.look();
  expect(list.report.entries).toBe(2);
});

test('one that is not there yet is read when it comes; one that goes or turns bad is kept and told of once', async () => {
  const file = fileIn();
  const { list, log, feed } = fed(file);
  await eventually(() => list.report.problem === 'there is no such file');
  writeFileSync(file, 'a.example\n');
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ entries: 1, problem: null });
  rmSync(file);
  for (let look = 0; look < 4; look += 1) await feed.look();
  expect(list.report).toMatchObject({ entries: 1, problem: 'there is no such file' });
  mkdirSync(file);
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ entries: 1, problem: 'it is not a plain file' });
  const warnings = log.lines.filter(({ line }) => line.startsWith('warn')).map(({ line }) => line);
  expect(warnings).toEqual([
    'warn list "ads": there is no such file; it blocks nothing yet',
    'warn list "ads": there is no such file; what was read before stays in use',
    'warn list "ads": it is not a plain file; what was read before stays in use',
  ]);
});

test('it is read at once for whoever says that it is ready, one reading at a time', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const { list, log, feed } = fed(file);
  for (let time = 0; time < 10; time += 1) feed.refetch();
  await eventually(() => list.report.entries === 1);
  writeFileSync(file, 'a.example\nb.example\n');
  await eventually(() => {
    feed.refetch();
    return list.report.entries === 2;
  });
  const readings = () => log.lines.filter(({ line }) => line === 'info list read').length;
  const before = readings();
  for (let time = 0; time < 10; time += 1) feed.refetch();
  await eventually(() => readings() > before);
  expect(readings()).toBe(before + 1);
});

test('it polls by the clock, and not after it is closed', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const { list, clock, feed } = fed(file);
  await eventually(() => list.report.entries === 1);
  writeFileSync(file, 'a.example\nb.example\n');
  await eventually(() => {
    clock.advance(LOOK_EVERY_MS);
    return list.report.entries === 2;
  });
  feed.close();
  expect(clock.pendingTimers).toBe(0);
});

test('one without a name is taken, for it may have been emptied on purpose, and told of', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const { list, log, feed } = fed(file);
  await eventually(() => list.report.entries === 1);
  writeFileSync(file, '# nothing\nwhat is this\n');
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ entries: 0, unread: 1, problem: 'it holds no name' });
  expect(log.lines.at(-2)).toMatchObject({
    line: 'info list read',
    fields: { names: 0, unread: 1, firstUnreadLine: 2 },
  });
  expect(log.lines.at(-1)!.line).toBe('warn list "ads": it holds no name; it blocks nothing yet');
  writeFileSync(file, 'a.example\nb.example\n');
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ entries: 2, problem: null });
  expect(log.lines.at(-1)!.fields).toEqual({ list: 'ads', names: 2, unread: 0 });
});

test('it is in disorder since the first thing that went wrong, and no longer once it is read', async () => {
  const file = fileIn();
  const { list, clock, feed } = fed(file);
  await eventually(() => list.report.problem === 'there is no such file');
  clock.advance(700);
  expect(list.report.problemForMs).toBe(700);
  mkdirSync(file);
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ problem: 'it is not a plain file', problemForMs: 700 });
  rmSync(file, { recursive: true });
  writeFileSync(file, 'a.example\n');
  await feed.look();
  await feed.look();
  expect(list.report).toMatchObject({ problem: null, problemForMs: null });
  clock.advance(50);
  rmSync(file);
  await feed.look();
  await feed.look();
  clock.advance(7);
  expect(list.report.problemForMs).toBe(7);
});

test('its date is left open while the clock is untrusted', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const log = new RecordedLog();
  const clock = new SimulatedClock({ state: 'untrusted' });
  const list = new List(
    { name: 'ads', allows: false, source: { kind: 'file', file }, everyMs: 3_600_000 },
    { clock, log },
  );
  feeds.push(new FileFeed({ file, list, clock }));
  await eventually(() => list.report.entries === 1);
  expect(list.report.updatedAtMs).toBeNull();
});
