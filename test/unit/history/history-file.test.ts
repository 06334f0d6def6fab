// The history on the disk: written as a whole, for this user alone; whatever is wrong with the disk costs a log line.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HistoryFile } from '../../../src/history/history-file.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const isRoot = process.getuid?.() === 0;

let stateDir: string;
let clock: SimulatedClock;
let log: RecordedLog;
let file: HistoryFile;
beforeEach(() => {
  stateDir = join(temporaryDirectory('history'), 'state');
  mkdirSync(stateDir);
  clock = new SimulatedClock();
  log = new RecordedLog();
  file = new HistoryFile({ stateDir, clock, log });
});

const written = () => readFileSync(file.path, 'utf8');
const warnings = () => log.lines.map(({ line }) => line).filter((line) => line.startsWith('warn'));

/** An image that says how often it was asked for. */
function keepCounting(): () => number {
  let times = 0;
  file.keep(() => {
    times += 1;
    return Buffer.from(`image ${times}`);
  });
  return () => times;
}

describe('reading', () => {
  it('finds nothing where there is nothing', async () => {
    expect(await file.read()).toBeNull();
    expect(log.lines).toEqual([]);
  });

  it('finds what there is', async () => {
    writeFileSync(file.path, 'the history');
    expect(Buffer.from((await file.read())!).toString()).toBe('the history');
  });

  it.each<[string, (path: string) => void, RegExp]>([
    ['a directory', (path) => mkdirSync(path), /is a directory;/],
    [
      'one that would fill the memory',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 40);
      },
      /is longer than 8388608 octets;/,
    ],
  ])('sets %s aside', async (_, prepare, words) => {
    prepare(file.path);
    expect(await file.read()).toBeNull();
    expect(warnings()).toEqual([expect.stringMatching(words)]);
    expect(warnings()[0]).toContain(`it is now ${file.path}.broken`);
    expect([existsSync(file.path), existsSync(`${file.path}.broken`)]).toEqual([false, true]);
  });

  it.skipIf(isRoot)('leaves one alone that this user may not read', async () => {
    writeFileSync(file.path, 'x');
    chmodSync(file.path, 0);
    expect(await file.read()).toBe('unread');
    expect(warnings()).toEqual([expect.stringMatching(/EACCES/)]);
  });

  it.each(['EMFILE', 'EIO'])('leaves alone what may be good and could not be read for %s', async (code) => {
    writeFileSync(file.path, 'the history');
    const readWhole = () => Promise.reject(Object.assign(new Error('a disk'), { code }));
    file = new HistoryFile({ stateDir, clock, log, readWhole });
    expect(await file.read()).toBe('unread');
    expect(file.problem).toMatch(new RegExp(`cannot be read \\(${code}\\); the history is in memory alone`));
    expect(warnings()).toEqual([`warn ${file.problem}`]);
    await file.close();
    expect([written(), existsSync(`${file.path}.broken`)]).toEqual(['the history', false]);
  });

  it.each([
    ['fails', Object.assign(new Error('a disk'), { code: 'EIO' })],
    ['would set it aside', Object.assign(new Error('a directory'), { code: 'EISDIR' })],
  ])('heeds nothing that comes when it has given up: that %s', async (_, error) => {
    writeFileSync(file.path, 'the history');
    const late = Promise.withResolvers<Uint8Array>();
    file = new HistoryFile({ stateDir, clock, log, readWhole: () => late.promise });
    const read = file.read();
    clock.advance(10 * SECOND_MS);
    expect(await read).toBe('unread');
    const before = file.problem;
    late.reject(error);
    await new Promise((resolve) => setImmediate(resolve));
    expect([file.problem, warnings().length]).toEqual([before, 1]);
    expect([written(), existsSync(`${file.path}.broken`)]).toEqual(['the history', false]);
  });

  it('does not wait for the other end of a pipe', async () => {
    execFileSync('mkfifo', [file.path]);
    expect((await file.read())?.length ?? 0).toBe(0);
  });

  it('has an end although the disk does not answer, and leaves what stands there alone', async () => {
    writeFileSync(file.path, 'the history');
    file = new HistoryFile({ stateDir, clock, log, readWhole: () => new Promise(() => {}) });
    const read = file.read();
    clock.advance(10 * SECOND_MS);
    expect(await read).toBe('unread');
    expect(warnings()).toEqual([
      expect.stringMatching(/\(the disk does not answer\); .* until the next start, and what stands there/),
    ]);
    expect(file.problem).toMatch(/does not answer/);
    await file.close();
    expect(written()).toBe('the history');
  });

  it('keeps one file aside, the last', async () => {
    for (const content of ['first', 'second']) {
      writeFileSync(file.path, content);
      await file.setAside('is damaged');
    }
    expect(readFileSync(`${file.path}.broken`, 'utf8')).toBe('second');
  });
});

describe('writing', () => {
  it('comes every ten minutes, in a file for this user alone', async () => {
    keepCounting();
    clock.advance(10 * MINUTE_MS - 1);
    expect(existsSync(file.path)).toBe(false);
    clock.advance(1);
    await eventually(() => existsSync(file.path));
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    await eventually(() => clock.pendingTimers === 1);
    clock.advance(10 * MINUTE_MS);
    await eventually(() => written() === 'image 2');
  });

  it('comes soon after an incident, and not again at once', async () => {
    const times = keepCounting();
    file.soon();
    file.soon();
    clock.advance(2 * SECOND_MS);
    await eventually(() => existsSync(file.path) && clock.pendingTimers === 1);
    file.soon();
    clock.advance(29 * SECOND_MS);
    expect(times()).toBe(1);
    clock.advance(SECOND_MS);
    await eventually(() => written() === 'image 2');
  });

  it('comes at the end', async () => {
    keepCounting();
    await file.close();
    expect(written()).toBe('image 1');
    expect(clock.pendingTimers).toBe(0);
    file.soon();
    expect(clock.pendingTimers).toBe(0);
  });

  it('never comes where there is nothing to keep', async () => {
    file.soon();
    await file.close();
    expect(existsSync(file.path)).toBe(false);
  });
});

describe('a disk', () => {
  it.skipIf(!isRoot)('that is full keeps the old file; one line, and it is tried again', async () => {
    const disk = mountSmallDisk(stateDir, 64);
    writeFileSync(file.path, 'older');
    disk.fill();
    file.keep(() => Buffer.alloc(32_768, 'x'));
    file.soon();
    clock.advance(2 * SECOND_MS);
    await eventually(() => file.problem !== null);
    expect(warnings()).toEqual([
      expect.stringMatching(/history.sqlite cannot be written \(ENOSPC\); .*make room/),
    ]);
    expect(written()).toBe('older');
    await eventually(() => clock.pendingTimers === 1);
    clock.advance(MINUTE_MS);
    await eventually(() => clock.pendingTimers === 1);
    expect(warnings()).toHaveLength(1);
    truncateSync(join(stateDir, 'filler'), 0);
    clock.advance(MINUTE_MS);
    await eventually(() => file.problem === null);
    expect(statSync(file.path).size).toBe(32_768);
    expect(log.lines.at(-1)?.line).toBe('info the history is written again');
    disk.unmount();
  });

  it.skipIf(!isRoot)('that can only be read says so', async () => {
    const disk = mountSmallDisk(stateDir, 64);
    disk.makeReadOnly();
    keepCounting();
    await file.close();
    expect(warnings()).toEqual([expect.stringMatching(/\(EROFS\); the disk can only be read/)]);
    disk.unmount();
  });

  it('that is not there says so', async () => {
    writeFileSync(join(stateDir, 'state'), 'a file in its place');
    file = new HistoryFile({ stateDir: join(stateDir, 'state'), clock, log });
    expect(await file.read()).toBeNull();
    keepCounting();
    await file.close();
    expect(warnings()).toEqual([
      expect.stringMatching(/cannot be written \((?:ENOTDIR|EEXIST)\); make state_dir writable/),
    ]);
  });

  it('that another server writes to as well: the file is whole, and that of one of them', async () => {
    const other = new HistoryFile({ stateDir, clock, log });
    file.keep(() => Buffer.alloc(500_000, 'a'));
    other.keep(() => Buffer.alloc(400_000, 'b'));
    await Promise.all([file.close(), other.close()]);
    expect([`${'a'.repeat(9)} 500000`, `${'b'.repeat(9)} 400000`]).toContain(
      `${written().slice(0, 9)} ${written().length}`,
    );
  });
});
