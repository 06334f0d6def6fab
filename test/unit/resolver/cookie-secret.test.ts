// The secret of cookies on disk: kept, and made anew where it is torn, open to others or no file at all.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openCookieSecret } from '../../../src/resolver/cookie-secret.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

let directory: string;
let file: string;
let log: RecordedLog;
const open = () => openCookieSecret(directory, log);

beforeEach(() => {
  directory = join(temporaryDirectory('cookie'), 'state');
  file = join(directory, 'cookie-secret');
  log = new RecordedLog();
});

describe('the secret of cookies', () => {
  it('is made at the first start, for its owner alone, and stays', () => {
    const secret = open();
    expect(secret).toHaveLength(16);
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(lstatSync(directory).mode & 0o777).toBe(0o700);
    expect(open()).toEqual(secret);
    expect(log.lines).toEqual([]);
    expect(existsSync(`${file}.new`)).toBe(false);
  });

  it.each<[string, string, () => void]>([
    ['torn', '4 octets', () => writeFileSync(file, 'half', { mode: 0o600 })],
    ['empty', '0 octets', () => writeFileSync(file, '', { mode: 0o600 })],
    ['too long', '10000000 octets', () => writeFileSync(file, Buffer.alloc(10_000_000), { mode: 0o600 })],
    ['readable by the group', 'others', () => writeMode(0o640)],
    ['readable by all', 'others', () => writeMode(0o604)],
    ['writable by all', 'others', () => writeMode(0o602)],
    ['a link to elsewhere', 'no plain file', () => symlinkSync('/dev/zero', file)],
  ])('that is %s is made anew and replaced, with one line in the log', (_, reason, prepare) => {
    mkdirSync(directory);
    prepare();
    const secret = open();
    expect(log.lines.map(({ line }) => line)).toEqual([expect.stringMatching(`is made anew: .*${reason}`)]);
    expect(Buffer.from(secret)).not.toEqual(Buffer.alloc(16, 7));
    expect(readFileSync(file)).toEqual(Buffer.from(secret));
    expect(lstatSync(file)).toMatchObject({ mode: 0o100600, size: 16 });
  });

  it('is replaced though something stands where its draft is written', () => {
    mkdirSync(directory);
    symlinkSync('/dev/full', `${file}.new`);
    const secret = open();
    expect(readFileSync(file)).toEqual(Buffer.from(secret));
  });

  it('lives in memory where it cannot be kept, and the log says so', () => {
    mkdirSync(join(directory, 'cookie-secret', 'not empty'), { recursive: true });
    expect(open()).toHaveLength(16);
    writeFileSync(join(directory, 'a file'), '');
    expect(openCookieSecret(join(directory, 'a file'), log)).toHaveLength(16);
    expect(log.lines.filter(({ line }) => line.includes('cannot be kept'))).toHaveLength(2);
  });

  it('never stands in the log', () => {
    mkdirSync(directory);
    writeMode(0o644);
    const said = () => JSON.stringify(log.lines);
    expect(said()).not.toContain(Buffer.from(open()).toString('hex'));
    expect(said()).not.toContain('07070707');
  });
});

function writeMode(mode: number): void {
  writeFileSync(file, Buffer.alloc(16, 7));
  chmodSync(file, mode);
}
