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
    log,
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

test('its date is left open while the clock is untrusted', async () => {
  const file = fileIn();
  writeFileSync(file, 'a.example\n');
  const log = new RecordedLog();
  const clock = new SimulatedClock({ state: 'untrusted' });
  const list = new List(
    { name: 'ads', allows: false, source: { kind: 'file', file }, everyMs: 3_600_000 },
    log,
  );
  feeds.push(new FileFeed({ file, list, clock }));
  await eventually(() => list.report.entries === 1);
  expect(list.report.updatedAtMs).toBeNull();
});
