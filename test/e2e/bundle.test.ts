// The server runs out of its bundle where there is one of exactly its sources, and else out of these; it answers alike. Which
// one has run is read off the modules that were loaded.

import { appendFileSync, existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadSystemCalls } from '../../src/listener/udp/system-calls.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { getText } from '../support/http-text.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, NODE, startNoonmark, TRANSPORTS } from '../support/noonmark.ts';
import { copyProgram, type ProgramCopy } from '../support/program-copy.ts';
import { run } from '../support/running.ts';

const hasThreads = loadSystemCalls().calls !== null;

/** One life: what it answers over each transport, what its pages are made of, and which files of the program it has loaded. */
async function life(program: ProgramCopy) {
  const record = join(program.root, 'modules');
  writeFileSync(record, '');
  const listenAdmin = await freePort();
  await using noonmark = await startNoonmark({
    ...{ mainFile: program.mainFile, listenAdmin },
    config: { workers: hasThreads ? 2 : 1 },
    env: { ...program.env, ...program.recording(record) },
  });
  const { lines } = noonmark.process;
  if (hasThreads) await eventually(() => lines.some((line) => line.includes('UDP threads are up')));
  const answers = await Promise.all(
    TRANSPORTS.map(async (transport) => (await noonmark.ask(INTERNAL_NAME, 'A', { transport })).answers),
  );
  const assets = await Promise.all(
    ['style.css', 'idiomorph.js'].map(async (file) => (await getText(listenAdmin, `/assets/${file}`)).status),
  );
  expect(lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  await noonmark.process.stop();
  return { answers, assets, loaded: program.loaded(record) };
}

const ALIKE = {
  answers: TRANSPORTS.map(() => [expect.stringContaining(INTERNAL_ADDRESS)]),
  assets: [200, 200],
};
const namesOf = (loaded: readonly string[]) => loaded.map((path) => path.replace(/\.[jt]s$/, ''));

describe('A server', { timeout: 120_000 }, () => {
  const program = copyProgram();

  test('runs its sources where there is no bundle', async () => {
    const { loaded, ...seen } = await life(program);
    expect(seen).toEqual(ALIKE);
    expect(namesOf(loaded)).toEqual(expect.arrayContaining(['src/app/app', 'src/web/page']));
    expect(loaded.filter((path) => path.startsWith('dist/'))).toEqual([]);
  });

  test('runs its bundle once there is one, threads and pages too, and answers alike', async () => {
    expect(await program.bundle()).toBe('Wrote dist/a, so that starts take half as long.\n');
    const { loaded, ...seen } = await life(program);
    expect(seen).toEqual(ALIKE);
    expect(namesOf(loaded)).toEqual(expect.arrayContaining(['dist/a/start', 'dist/a/for-people']));
    const chunk = readFileSync(join(program.root, 'dist/a/start.js'), 'utf8');
    expect(chunk, 'faces of parts of Node take 10 ms of a start').not.toMatch(/^import .* from "node:/m);
    expect(loaded.filter((path) => path.startsWith('src/')).sort()).toEqual([
      'src/bundle/fresh-bundle.js',
      'src/main.js',
      'src/require-node.js',
    ]);
    expect(chunk, 'threads run it too').toContain('new URL("./udp-thread.js", import.meta.url)');
    expect(await program.bundle(), 'it is there').toBe('');
  });

  test('runs its sources again when one of them has been edited, until there is a new bundle', async () => {
    const file = join(program.root, 'src/cli/version.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace('`noonmark $', '`edited $'));
    const version = async () => {
      const { stdout } = await run(NODE, [program.mainFile, 'version']);
      return [stdout.split(' ')[0], /out of (\S+)/.exec(stdout)?.[1]];
    };
    expect(await version()).toEqual(['edited', 'src']);
    expect(await program.bundle(), 'the last one may still be loaded from').toMatch(/^Wrote dist\/b,/);
    expect(existsSync(join(program.root, 'dist/a/start.js'))).toBe(true);
    expect(await version()).toEqual(['edited', 'dist/b']);
    appendFileSync(join(program.root, 'dist/b/version.js'), '\n');
    expect(await version(), 'a chunk is not as it was written').toEqual(['edited', 'src']);
  });
});

describe('Writing a bundle', () => {
  test('ends well and says why there is none, when the bundler is not installed', async () => {
    const program = copyProgram({ without: ['rolldown'] });
    expect(await program.bundle()).toMatch(/^No bundle, .*: the bundler is not installed[^\n]*\n$/);
    expect(existsSync(join(program.root, 'dist'))).toBe(false);
  });

  test.each<[string, (root: string) => void, RegExp]>([
    ['nothing can be written', (root) => writeFileSync(join(root, 'dist'), ''), /EEXIST|ENOTDIR/],
    [
      'a module wants what a bundle cannot give',
      (root) =>
        appendFileSync(join(root, 'src/cli/version.ts'), 'export const here = import.meta.dirname;\n'),
      /src\/cli\/version\.ts has import\.meta\.dirname/,
    ],
    [
      'a source is wrong',
      (root) => appendFileSync(join(root, 'src/cli/version.ts'), '}'),
      /version\.ts|PARSE_ERROR/,
    ],
  ])('ends well and says why there is none, when %s', async (_, spoil, reason) => {
    const program = copyProgram();
    spoil(program.root);
    const said = await program.bundle();
    expect(said).toMatch(/^No bundle, [^\n]*\n$/);
    expect(said).toMatch(reason);
    expect(existsSync(join(program.root, 'dist/bundle.json'))).toBe(false);
  });

  test('ends well and says why there is none, when sources change meanwhile', async () => {
    const program = copyProgram();
    const touching = setInterval(
      () => utimesSync(program.mainFile.replace('main.ts', 'cli/serve.ts'), 1, 1),
      5,
    );
    const said = await program.bundle().finally(() => clearInterval(touching));
    expect(said).toMatch(/^No bundle, .*: src\/cli\/serve\.ts has just been changed\n$/);
    expect(existsSync(join(program.root, 'dist/bundle.json'))).toBe(false);
  });
});
