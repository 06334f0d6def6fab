// The stamp over one life of the server: what was found counts, what is written takes its place, and of several
// wishes at once the last one holds.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { CEILING_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { readStamp, stampFile, writeStamp } from '../../../src/timesync/stamp.ts';
import { StampBook } from '../../../src/timesync/stamp-book.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const HOUR_MS = 3_600_000;
const STAMP_MS = HARD_FLOOR_MS + 40 * HOUR_MS;
const START_MS = 5000;

let stateDir: string;
let log: RecordedLog;
beforeEach(() => {
  stateDir = temporaryDirectory('stamp-book');
  log = new RecordedLog();
});

const open = (isKept = true) => new StampBook({ stateDir, log, isKept }, START_MS);
const onDisk = () => readStamp(stateDir).epochMs;

describe('what was found at start', () => {
  it('counts, and is carried on from that instant', async () => {
    await writeStamp(stateDir, STAMP_MS);
    const book = open();
    expect(book.epochMs).toBe(STAMP_MS);
    expect(book.atStart).toEqual({ epochMs: STAMP_MS, uncertaintyMs: 0, atMs: START_MS });
    book.slept(HOUR_MS);
    expect(book.atStart?.epochMs).toBe(STAMP_MS + HOUR_MS);
    expect(book.epochMs).toBe(STAMP_MS);
  });

  it.each([
    ['below the date of this release', HARD_FLOOR_MS - 1, null],
    ['beyond belief', CEILING_MS + 1, /the stamp says 2046-11-\d\d, which is beyond belief/],
  ])('does not count %s', async (_, epochMs, problem) => {
    await writeStamp(stateDir, epochMs);
    const book = open();
    expect([book.epochMs, book.atStart]).toEqual([null, null]);
    expect(book.problem).toEqual(problem === null ? null : expect.stringMatching(problem));
    expect(log.lines).toHaveLength(problem === null ? 0 : 1);
  });

  it('and is torn is told, and heals at the next writing', async () => {
    writeFileSync(stampFile(stateDir), 'noonmark clock st');
    const book = open();
    expect(log.lines).toMatchObject([{ line: 'warn the stamp of an earlier time cannot be used' }]);
    await book.write(STAMP_MS, 6000);
    expect([book.problem, book.epochMs, onDisk()]).toEqual([null, STAMP_MS, STAMP_MS]);
  });
});

describe('writing', () => {
  it('is due at once, then every hour, whether it succeeds or not', async () => {
    const book = open();
    expect(book.isDue(START_MS)).toBe(true);
    await book.write(STAMP_MS, START_MS);
    expect([book.isDue(START_MS + HOUR_MS - 1), book.isDue(START_MS + HOUR_MS)]).toEqual([false, true]);
  });

  it('does not change what counts as found at start', async () => {
    await writeStamp(stateDir, STAMP_MS);
    const book = open();
    await book.write(STAMP_MS + HOUR_MS, START_MS + HOUR_MS);
    expect(book.atStart?.epochMs).toBe(STAMP_MS);
  });

  it('that fails is told once, and told again only when it fails after a success', async () => {
    mkdirSync(stampFile(stateDir)); // a file cannot take the place of a directory, not even for root
    const book = open();
    log.lines.length = 0;
    for (let hour = 1; hour <= 3; hour += 1) await book.write(STAMP_MS, hour * HOUR_MS);
    expect(log.lines).toEqual([
      {
        line: expect.stringMatching(/^warn .*clock-stamp cannot be written \(E\w+\); make state_dir/),
        fields: {},
      },
    ]);
    expect(book.epochMs).toBeNull();
  });

  it('that fails is a problem since the first failure, until it succeeds', async () => {
    mkdirSync(stampFile(stateDir));
    const book = open(); // which cannot read it either
    expect(book.problemAtMs).toBe(START_MS);
    rmSync(stampFile(stateDir), { recursive: true });
    await book.write(STAMP_MS, 2 * HOUR_MS);
    expect(book.problemAtMs).toBeNull();
    rmSync(stampFile(stateDir));
    mkdirSync(stampFile(stateDir));
    for (let hour = 3; hour <= 5; hour += 1) await book.write(STAMP_MS, hour * HOUR_MS);
    expect(book.problemAtMs).toBe(3 * HOUR_MS);
  });
});

describe('several wishes at once', () => {
  it('to write: the last one stands', async () => {
    const book = open();
    await Promise.all([1, 2, 3].map((n) => book.write(STAMP_MS + n, START_MS + n)));
    expect([book.epochMs, onDisk()]).toEqual([STAMP_MS + 3, STAMP_MS + 3]);
    expect([book.problem, readdirSync(stateDir)]).toEqual([null, ['clock-stamp']]);
  });

  it('to write, then to forget: it is forgotten', async () => {
    const book = open();
    await Promise.all([book.write(STAMP_MS, START_MS), book.forget(START_MS)]);
    expect([book.epochMs, onDisk(), book.problem]).toEqual([null, null, null]);
  });

  it('to forget, then to write: it is written', async () => {
    await writeStamp(stateDir, STAMP_MS);
    const book = open();
    await Promise.all([book.forget(START_MS), book.write(STAMP_MS + 1, START_MS)]);
    expect([book.epochMs, onDisk()]).toEqual([STAMP_MS + 1, STAMP_MS + 1]);
  });

  it('are over when it has settled', async () => {
    const book = open();
    void book.write(STAMP_MS, START_MS);
    await book.settled();
    expect(onDisk()).toBe(STAMP_MS);
  });
});

describe('forgetting', () => {
  it('counts at once, and makes the next writing due', async () => {
    await writeStamp(stateDir, STAMP_MS);
    const book = open();
    await book.write(STAMP_MS, START_MS);
    const forgetting = book.forget(START_MS);
    expect([book.epochMs, book.atStart, book.isDue(START_MS)]).toEqual([null, null, true]);
    await forgetting;
    expect(readdirSync(stateDir)).toEqual([]);
  });

  it('what cannot be deleted is said, and counts no more all the same', async () => {
    mkdirSync(join(stampFile(stateDir), 'inside'), { recursive: true });
    const book = open();
    await book.forget(START_MS);
    expect(book.problem).toMatch(
      /clock-stamp counts no more, but cannot be deleted \(\w+\); delete it by hand/,
    );
  });
});

describe('a stamp that is not kept, as in a rehearsal,', () => {
  it('counts, and its file is left alone', async () => {
    await writeStamp(stateDir, STAMP_MS);
    const book = open(false);
    await book.write(STAMP_MS + 1, START_MS);
    expect(book.epochMs).toBe(STAMP_MS);
    await book.forget(START_MS);
    expect([book.epochMs, onDisk()]).toEqual([null, STAMP_MS]);
  });
});
