// What every measurement stands on: a directory, a CA, two certificates, the files of queries, and the upstream that runs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../test/support/free-ports.ts';
import { createPki } from '../test/support/pki.ts';
import type { World } from './peers/peer.ts';
import { QueryFiles } from './query-files.ts';
import { startUpstream, UPSTREAM_NAME } from './upstream.ts';

export interface OpenWorld extends AsyncDisposable {
  readonly world: World;
  readonly files: QueryFiles;
}

export async function openWorld(): Promise<OpenWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'noonmark-bench-'));
  const pki = createPki(directory);
  const [plain, dot, doh] = (await freePorts(3)) as [number, number, number];
  const upstreamPorts = { plain, dot, doh };
  const running = await startUpstream(directory, pki.issue({ names: [UPSTREAM_NAME] }), upstreamPorts);
  const certificate = pki.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
  return {
    world: { directory, rootFile: pki.rootFile, certificate, upstream: upstreamPorts },
    files: new QueryFiles(directory),
    async [Symbol.asyncDispose]() {
      await running.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
