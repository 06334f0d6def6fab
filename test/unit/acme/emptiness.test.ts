// A certs_dir that is empty at each start, over many starts.

import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { judgeEmptiness } from '../../../src/acme/emptiness.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-12-01T12:00:00Z');
const NO_WAIT = { waitUntilMs: null, warning: null };

describe('a certs_dir that is empty', () => {
  let stateDir: string;
  const file = () => join(stateDir, 'acme-empty.json');
  const judge = (nowMs: number, isEmpty = true) => judgeEmptiness({ stateDir, isEmpty, nowMs });
  beforeEach(() => {
    stateDir = join(temporaryDirectory('empty'), 'state');
  });

  it('for the first time is a first start', async () => {
    expect(await judge(NOW)).toEqual(NO_WAIT);
    expect((statSync(file()).mode & 0o777).toString(8)).toBe('600');
  });

  it.each([
    ['an hour', HOUR, true],
    ['24 hours', 24 * HOUR, true],
    ['more than 24 hours', 24 * HOUR + 1, false],
    ['minus an hour, at a date set back,', -HOUR, true],
    ['minus two days', -48 * HOUR, false],
  ])('again after %s waits: %s ms, %s', async (_what, afterMs, waits) => {
    await judge(NOW);
    const now = NOW + afterMs;
    const { waitUntilMs, warning } = await judge(now);
    expect(waitUntilMs).toBe(waits ? now + HOUR : null);
    if (!waits) return expect(warning).toBeNull();
    const until = new Date(now + HOUR).toISOString().slice(0, 19);
    expect(warning).toMatch(/found empty 2 times within 24 hours/);
    expect(warning).toContain(`before ${until}Z`);
  });

  it('at each start of a container in a loop always waits, and its record stays small', async () => {
    for (let start = 0; start < 30; start += 1) {
      const now = NOW + start * 600_000;
      const { waitUntilMs } = await judge(now);
      expect(waitUntilMs, `start ${start}`).toBe(start === 0 ? null : now + HOUR);
    }
    expect(JSON.parse(readFileSync(file(), 'utf8')).foundEmptyAtMs).toHaveLength(20);
  });

  it('is not counted when it is not empty', async () => {
    await judge(NOW);
    expect(await judge(NOW + HOUR, false)).toEqual(NO_WAIT);
    expect(await judge(NOW + 25 * HOUR)).toEqual(NO_WAIT);
  });

  it.each([
    ['torn', () => writeFileSync(file(), '{"foundEmptyAtMs":[17')],
    ['something else', () => writeFileSync(file(), 'null')],
    ['of dates that are none', () => writeFileSync(file(), `{"foundEmptyAtMs":["${NOW}", null, {}]}`)],
    ['enormous', () => writeFileSync(file(), Buffer.alloc(5000))],
  ])('is found for the first time when the record is %s, which is written anew', async (_what, damage) => {
    await judge(NOW);
    damage();
    expect(await judge(NOW + 1)).toEqual(NO_WAIT);
    expect(await judge(NOW + 2)).toMatchObject({ waitUntilMs: NOW + 2 + HOUR });
  });

  it('is counted all the same where everybody may read the record, as on a share without modes', async () => {
    await judge(NOW);
    chmodSync(file(), 0o644);
    expect(await judge(NOW + 1)).toMatchObject({ waitUntilMs: NOW + 1 + HOUR });
  });

  it('is told when it cannot be taken down', async () => {
    mkdirSync(`${file()}.new`, { recursive: true });
    expect(await judge(NOW)).toEqual({
      waitUntilMs: null,
      warning: expect.stringMatching(/acme-empty\.json cannot be written \(/),
    });
  });
});
