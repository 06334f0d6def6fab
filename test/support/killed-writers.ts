// "kill -9 while state is written: it always starts again", as often as a suite has time for: a process that writes all the
// time (state-writer.ts) is killed at a random moment, and a real server has to start on what is left and answer from it.

import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { pause } from './eventually.ts';
import { freePorts } from './free-ports.ts';
import { NODE, REPOSITORY, startNoonmark } from './noonmark.ts';
import { start } from './running.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const WRITER = join(REPOSITORY, 'test/support/state-writer.ts');
const NAMES = 2000;
/** Several rounds of writing. */
const MAX_LIFE_MS = 150;

export async function killWriters(times: number): Promise<void> {
  const stateDir = join(temporaryDirectory('killed'), 'state');
  mkdirSync(stateDir);
  const [deadPort] = await freePorts(1);
  const config = { upstreams: [{ url: `tls://127.0.0.1:${deadPort}` }], state_dir: stateDir };
  const configFile = join(stateDir, '../noonmark.yaml');
  writeFileSync(configFile, stringify({ ...config, time: { sources: [] } }));
  for (let time = 1; time <= times; time += 1) {
    const writer = start(NODE, [WRITER, configFile, String(NAMES)], { cwd: REPOSITORY });
    await writer.waitForLine(/^writing$/);
    await pause(randomInt(MAX_LIFE_MS));
    writer.signal('SIGKILL');
    await writer.ended;
    await using noonmark = await startNoonmark({ config });
    const restored = await noonmark.process.waitForLine(/answers of before the restart/);
    expect(JSON.parse(restored), `kill ${time}`).toMatchObject({ answers: NAMES });
    const name = `k${randomInt(NAMES)}.kept.example`;
    expect((await noonmark.ask(name)).answers, `kill ${time}`).toEqual(['A 192.0.2.77']);
    expect(await noonmark.stop()).toEqual({ code: 0, signal: null });
    const complaints = noonmark.process.lines.filter((line) => /"level":"(warn|error)"/.test(line));
    expect(
      complaints.filter((line) => /state|stamp|cache|history/.test(line)),
      `kill ${time}`,
    ).toEqual([]);
  }
}
