// The README's first command as a stranger types it: a fresh clone, the machine's own Node, `npm ci && npm start`.
// It needs the npm registry and so belongs to `npm run test:full`; `npm ci && npm test` is what CI itself is.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshNetwork, shellEnvironment } from '../support/fresh-network.ts';
import { REPOSITORY } from '../support/noonmark.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const INSTALL_TIMEOUT_MS = 300_000;
const PINNED_NODE = /^v26\./;

describe.skipIf(!isRoot || !havePeers('ip', 'unshare', 'dig'))('A fresh clone', () => {
  test('is set up by npm ci without install scripts, and npm start then runs on the pinned Node', async () => {
    const clone = temporaryDirectory('fresh');
    const listed = await run('git', ['ls-files', '-co', '--exclude-standard'], { cwd: REPOSITORY });
    for (const file of listed.stdout.trim().split('\n'))
      cpSync(join(REPOSITORY, file), join(clone, file), { verbatimSymlinks: true });
    const installed = await run('npm', ['ci'], {
      cwd: clone,
      env: shellEnvironment(),
      timeoutMs: INSTALL_TIMEOUT_MS,
    });
    expect(installed.code, installed.stderr).toBe(0);
    const version = await run(join(clone, 'node_modules/.bin/node'), ['--version']);
    expect(version.stdout).toMatch(PINNED_NODE);

    await using network = freshNetwork('npm start', clone);
    await network.server.waitForLine(/names of the world:/i);
    const answer = await network.inside('dig', '@127.0.0.1', '-p', '5300', '+short', 'nas.home.arpa');
    expect(answer.stdout.trim()).toBe('192.168.1.20');
  });
});
