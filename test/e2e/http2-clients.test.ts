// Clients of HTTP/2 that do more with it than a browser: nghttp, with padding, trailers, windows and tables of any size, and
// h2load, with many streams on many connections. curl, kdig and Chromium have their own stories.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeQuery } from '../support/dns-message.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const QUERY = makeQuery(INTERNAL_NAME, 'A', { id: 0 });
const PATH = `/dns-query?dns=${QUERY.toString('base64url')}`;
const TYPE = ['-H', 'content-type: application/dns-message'];
const LOADED = 2_000;

describe.skipIf(!havePeers('nghttp', 'h2load'))('Clients of HTTP/2', () => {
  let noonmark: Noonmark;
  let queryFile: string;

  beforeAll(async () => {
    noonmark = await startNoonmark();
    queryFile = join(temporaryDirectory('http2-clients'), 'query');
    writeFileSync(queryFile, QUERY);
  });

  afterAll(() => noonmark?.stop());

  const at = (path: string) => `https://127.0.0.1:${noonmark.ports.doh}${path}`;

  test.each([
    ['as it is', []],
    ['with padding', ['--padding=200']],
    ['with small windows', ['--window-bits=6', '--connection-window-bits=16']],
    ['with no table', ['--header-table-size=0', '--encoder-header-table-size=0']],
    ['with a table that is resized', ['--header-table-size=0', '--header-table-size=8192']],
    ['without priorities', ['--no-dep']],
  ])('nghttp %s gets the answer to a GET', async (_what, options) => {
    const written = at(`/dns-query?name=${INTERNAL_NAME}&type=A`); // as text
    const { stdout, stderr, code } = await run('nghttp', ['--no-verify-peer', ...options, written]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout).Answer).toMatchObject([{ data: INTERNAL_ADDRESS }]);
  });

  test.each([
    ['as it is', []],
    ['with padding', ['--padding=255']],
    ['with trailers', ['--trailer', 'x-end: here']],
    ['that expects to be told to go on', ['--expect-continue']],
  ])('nghttp %s gets the answer to a POST', async (_what, options) => {
    const args = ['--no-verify-peer', '-v', '-n', ...TYPE, '-d', queryFile, ...options, at('/dns-query')];
    const { stdout, code } = await run('nghttp', args);
    expect(code).toBe(0);
    expect(stdout).toContain(':status: 200');
    expect(stdout).toContain('content-type: application/dns-message');
    expect(stdout).toMatch(/recv DATA frame <length=\d+, flags=0x01/);
    expect(stdout).not.toMatch(/recv RST_STREAM/);
  });

  test.each([
    ['GET', [], PATH],
    ['POST', [...TYPE, '-d'], '/dns-query'],
  ])(
    'h2load has every %s answered, over ten connections with thirty streams each',
    async (_method, args, path) => {
      const asked = args.length > 0 ? [...args, queryFile] : [];
      const { stdout } = await run('h2load', [`-n${LOADED}`, '-c10', '-m30', ...asked, at(path)]);
      expect(stdout).toContain(`${LOADED} succeeded, 0 failed, 0 errored`);
      expect(stdout).toContain(`status codes: ${LOADED} 2xx`);
    },
  );
});
