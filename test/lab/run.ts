// `npm run lab`: every story, then the servers of other makers through three of them, then the tables of docs/time.md.
// The tables are only ever written here, and only when every story went as it must. A quarter of an hour.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installPeers } from '../install-peers.ts';
import { describeMachine } from '../support/machine-figures.ts';
import { canPlay } from './can-play.ts';
import { type Compared, compare } from './comparison.ts';
import { readFigures } from './figures.ts';
import { OTHER_SERVERS, type OtherServer, versionOf } from './other-servers.ts';
import { writeTables } from './table.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const PAGE = join(REPOSITORY, 'docs/time.md');

process.exitCode = await main();

async function main(): Promise<number> {
  if (installPeers().length > 0 || !canPlay) return 1;
  const directory = mkdtempSync(join(tmpdir(), 'noonmark-lab-'));
  const file = join(directory, 'figures');
  try {
    if (!playStories(file)) {
      console.log('A story did not go as it must; docs/time.md stays as it is.');
      return 1;
    }
    const compared: Compared[] = [];
    const versions = {} as Record<OtherServer, string>;
    for (const server of OTHER_SERVERS) {
      versions[server] = await versionOf(server);
      console.log(`stories 1, 4 and 5 with ${versions[server]}`);
      compared.push(...(await compare(server)));
    }
    writeTables(PAGE, { machine: describeMachine(), figures: readFigures(file), compared, versions });
    console.log('docs/time.md has the new tables.');
    return 0;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function playStories(figuresFile: string): boolean {
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    'lab',
  ];
  const env = { ...process.env, NOONMARK_FULL: '1', NOONMARK_LAB_FIGURES: figuresFile };
  return spawnSync(process.execPath, args, { cwd: REPOSITORY, env, stdio: 'inherit' }).status === 0;
}
