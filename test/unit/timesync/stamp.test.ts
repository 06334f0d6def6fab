// The stamp file: what is written is read again, and nothing else is ever read out of it.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { forgetStamp, readStamp, stampFile, writeStamp } from '../../../src/timesync/stamp.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NOON_MS = Date.UTC(2026, 11, 24, 12, 0, 0, 123);

let stateDir: string;
beforeEach(() => {
  stateDir = temporaryDirectory('stamp');
});

describe('a stamp', () => {
  it('is read as it was written, to the millisecond', async () => {
    await writeStamp(stateDir, NOON_MS + 0.75);
    expect(readStamp(stateDir)).toEqual({ epochMs: NOON_MS, problem: null });
  });

  it('is text that a person can read', async () => {
    await writeStamp(stateDir, NOON_MS);
    expect(readFileSync(stampFile(stateDir), 'latin1')).toMatch(
      /^noonmark clock stamp 1\n2026-12-24T12:00:00\.123Z\nsha256 [0-9a-f]{64}\n$/,
    );
  });

  it('is for its owner alone, in a directory that is made where there is none', async () => {
    const deep = join(stateDir, 'a', 'b');
    await writeStamp(deep, NOON_MS);
    expect(statSync(deep).mode & 0o777).toBe(0o700);
    expect(statSync(stampFile(deep)).mode & 0o777).toBe(0o600);
  });

  it('takes the place of the last one, and leaves no draft', async () => {
    await writeStamp(stateDir, NOON_MS);
    await writeStamp(stateDir, NOON_MS - 1);
    expect(readStamp(stateDir).epochMs).toBe(NOON_MS - 1);
    expect(readdirSync(stateDir)).toEqual(['clock-stamp']);
  });

  it('is forgotten with its file; there may be none', async () => {
    await writeStamp(stateDir, NOON_MS);
    expect(await forgetStamp(stateDir)).toBe(true);
    expect(readdirSync(stateDir)).toEqual([]);
    expect(await forgetStamp(stateDir)).toBe(false);
  });
});

describe('no stamp', () => {
  it('is no problem, whether the directory is there or not', () => {
    for (const where of [stateDir, join(stateDir, 'none'), join(stampFile(stateDir), 'below')])
      expect(readStamp(where)).toEqual({ epochMs: null, problem: null });
  });

  it('below a file is no problem either', () => {
    writeFileSync(join(stateDir, 'file'), '');
    expect(readStamp(join(stateDir, 'file'))).toEqual({ epochMs: null, problem: null });
  });
});

describe('a file that is not a whole stamp of ours', () => {
  const problem = expect.stringContaining('clock-stamp is torn or not ours; it is ignored');

  it('is a problem in words and no time, wherever it was cut off', async () => {
    await writeStamp(stateDir, NOON_MS);
    const whole = readFileSync(stampFile(stateDir));
    for (let length = 0; length < whole.length; length += 1) {
      writeFileSync(stampFile(stateDir), whole.subarray(0, length));
      expect(readStamp(stateDir)).toEqual({ epochMs: null, problem });
    }
  });

  it('is one whichever octet was changed, and to whatever', async () => {
    await writeStamp(stateDir, NOON_MS);
    const whole = readFileSync(stampFile(stateDir));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(whole);
        changed[at]! ^= change;
        writeFileSync(stampFile(stateDir), changed);
        expect(readStamp(stateDir)).toEqual({ epochMs: null, problem });
      }),
    );
  });

  it('is one also where its checksum is right and its date is none', () => {
    const text = 'noonmark clock stamp 1\n2026-13-45T12:00:00.123Z\n';
    const sum = createHash('sha256').update(text).digest('hex');
    writeFileSync(stampFile(stateDir), `${text}sha256 ${sum}\n`);
    expect(readStamp(stateDir)).toEqual({ epochMs: null, problem });
  });

  it('that cannot be read is a problem with its reason', () => {
    mkdirSync(stampFile(stateDir));
    expect(readStamp(stateDir)).toEqual({
      epochMs: null,
      problem: expect.stringMatching(/clock-stamp cannot be read \(EISDIR\)/),
    });
  });
});
