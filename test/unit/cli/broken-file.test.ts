// The commands that ask the running server, while somebody has broken the configuration under it: they find it all the
// same, in the state directory that the file names, and say what is wrong with the file in one line.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cache } from '../../../src/cli/cache.ts';
import { EXIT } from '../../../src/cli/command.ts';
import { explain } from '../../../src/cli/explain.ts';
import { health } from '../../../src/cli/health.ts';
import { query } from '../../../src/cli/query.ts';
import { status } from '../../../src/cli/status.ts';
import { time } from '../../../src/cli/time.ts';
import { stampFile, writeStamp } from '../../../src/timesync/stamp.ts';
import { explained } from '../../support/explained.ts';
import { synchronized } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { newPlace, type Place, run, serveSubject } from './control-runs.ts';

const COMMANDS = [
  ['status', status, []],
  ['explain', explain, []],
  ['time', time, []],
  ['time --forget-stamp', time, ['--forget-stamp']],
  ['cache flush', cache, ['flush', '--all']],
  ['query --explain', query, ['--explain', 'a.example']],
] as const;

/** What stands in the file, by the state directory; each is wrong in line 1, and in one more place. */
const BROKEN = {
  'with keys that nobody knows': (dir: string) => `upstreems: []\nlistne: {}\nstate_dir: ${dir}\n`,
  'that is no YAML': (dir: string) => `listen: [\nstate_dir: "${dir}"\nzones: {{\n`,
};
const served = { status: () => synchronized, explainName: async () => explained() };

afterEach(() => vi.restoreAllMocks());

function brokenPlace(write: (dir: string) => string): Place {
  const place = newPlace();
  writeFileSync(place.configFile, write(place.stateDir));
  return place;
}

describe.each(Object.entries(BROKEN))('of a file %s', (_what, write) => {
  it.each(COMMANDS)(
    '`%s` asks the server, and says the first mistake in one line',
    async (_name, command, args) => {
      const place = brokenPlace(write);
      await serveSubject(place, served);
      const { code, out, err } = await run(command, [...args, '--config', place.configFile]);
      expect([code, err]).toEqual([
        EXIT.OK,
        expect.stringMatching(/^warning: .*noonmark\.yaml:1: [^\n]*\n$/),
      ]);
      expect(err).toContain('(and 1 more); the server that runs was asked all the same');
      expect(out).not.toBe('');
    },
  );

  it('the health of the server is what it is', async () => {
    const place = brokenPlace(write);
    await serveSubject(place, served);
    expect(await run(health, ['--config', place.configFile])).toEqual({
      code: EXIT.OK,
      out: 'ok\n',
      err: '',
    });
  });

  it('every mistake is said where no server answers, and the exit code is that of a bad configuration', async () => {
    const { configFile } = brokenPlace(write);
    const { code, err } = await run(status, ['--config', configFile]);
    expect(code).toBe(EXIT.CONFIG);
    expect(err).toMatch(/noonmark\.yaml:1: .*\n.*noonmark\.yaml:[23]: .*\nno server answers at /);
  });

  it('a stamp is not deleted where no server answers: it may be another one', async () => {
    const { configFile, stateDir } = brokenPlace(write);
    await writeStamp(stateDir, Date.parse('2026-11-03T12:00:00Z'));
    expect((await run(time, ['--forget-stamp', '--config', configFile])).code).toBe(EXIT.CONFIG);
    expect(existsSync(stampFile(stateDir))).toBe(true);
  });
});

it('where the file names no state directory, that of the working directory is meant', async () => {
  const place = brokenPlace(() => 'listen: [\n');
  const workingDirectory = temporaryDirectory('broken-file');
  vi.spyOn(process, 'cwd').mockReturnValue(workingDirectory);
  mkdirSync(join(workingDirectory, 'state'));
  await serveSubject({ ...place, stateDir: join(workingDirectory, 'state') }, served);
  expect((await run(status, ['--config', place.configFile])).code).toBe(EXIT.OK);
});

it('a relative one is beside the file', async () => {
  const place = brokenPlace(() => 'listen: [\nstate_dir: var # here\n');
  await serveSubject({ ...place, stateDir: join(dirname(place.configFile), 'var') }, served);
  expect((await run(status, ['--config', place.configFile])).code).toBe(EXIT.OK);
});

it('a file that is not there names no server', async () => {
  const file = join(dirname(newPlace().configFile), 'none.yaml');
  const { code, err } = await run(status, ['--config', file]);
  expect([code, err]).toEqual([EXIT.CONFIG, expect.stringContaining('there is no such file')]);
});
