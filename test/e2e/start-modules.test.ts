// What a start loads, and when: a name of the house is answered before anything is loaded that it does not need, and some
// things are loaded by nobody who does not ask for them. Loading is what a start consists of, and what a small board's
// memory goes to; figures are in docs/performance.md.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { copyProgram } from '../support/program-copy.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** With this file, or the chunk that it is in, begins what comes after the first answer. */
const AFTER_ANSWERS = 'src/app/for-people.ts';
/** What is read of packages before the first answer: the configuration takes yaml and zod, UDP in batches takes koffi (and its binary, @koromix). */
const PACKAGES_BEFORE = ['@koromix', 'ipaddr.js', 'koffi', 'lru-cache', 'yaml', 'zod'];

/** Folders and files that no answer to a name of the house needs. */
const LATER =
  /^src\/(acme\/(?!ledger|storage-id)|history|notify|status|devices|web|admin\/(?!admin-limits)|listener\/(doh|http)|tls\/local-ca)/;
/** What is loaded when somebody asks for it, which nobody does in a house at rest. */
const NEVER = ['acme-client', 'undici', 'tsyringe', 'reflect-metadata', '@peculiar'];

describe.each(['sources', 'bundle'])('a start out of the %s', (kind) => {
  let noonmark: Noonmark;
  /** In their order; those of one chunk come together. */
  let together: readonly (readonly string[])[];
  let loaded: readonly string[];

  beforeAll(async () => {
    const program = copyProgram();
    const { mainFile } = program;
    if (kind === 'bundle') await program.bundle();
    const directory = temporaryDirectory('start');
    const house = join(directory, 'house');
    await using first = await startNoonmark({ directory: house, mainFile, env: program.env }); // makes the local CA, once
    const { ports } = first;
    await first.process.stop();
    const record = join(directory, 'modules');
    const env = { ...program.env, ...program.recording(record) };
    noonmark = await startNoonmark({ directory: first.directory, ports, mainFile, env });
    expect((await noonmark.ask('nas.home.arpa')).rcode).toBe('NOERROR');
    await noonmark.process.stop();
    together = program.loaded(record).map((path) => modulesOf(join(program.root, path)) ?? [path]);
    loaded = together.flat();
  });

  afterAll(() => noonmark?.stop());

  test('loads nothing before the first answer that a name of the house does not need', () => {
    const after = together.findIndex((modules) => modules.includes(AFTER_ANSWERS));
    const before = together.slice(0, after).flat();
    expect(before, 'what a start loads was not recorded').toContain('src/listener/udp.ts');
    expect(
      before.filter((path) => LATER.test(path)),
      'whoever imports these makes every house wait after a power cut: load them in App.start, when plain DNS is answered',
    ).toEqual([]);
    const packages = new Set(before.flatMap((path) => packageOf(path) ?? []));
    expect([...packages].sort(), 'load it when it is needed').toEqual(PACKAGES_BEFORE);
  });

  test('loads nothing at all that nobody has asked for', () => {
    expect(
      loaded.filter((path) => NEVER.includes(packageOf(path) ?? '')),
      'some MB each that every house would keep for good: load it when it is asked for',
    ).toEqual([]);
  });

  test('does without the parts of Node that are large: the stripper of types, fetch and the streams of browsers', () => {
    expect(loaded).toContain('NativeModule http');
    expect(
      loaded.filter((name) =>
        /^NativeModule internal\/(deps\/(amaro|undici)|webstreams\/compression)/.test(name),
      ),
      'the stripper: src/main.js enables the compile cache before anything in TypeScript; fetch: src/listener/node-http.ts',
    ).toEqual([]);
  });
});

/** What a chunk of a bundle is made of: above each module is a comment that names it. Null: not a chunk. */
function modulesOf(file: string): string[] | null {
  if (!/\/dist\/[ab]\/[^/]+\.js$/.test(file)) return null;
  return [...readFileSync(file, 'utf8').matchAll(/^\/\/ (?:\.\.\/.*)?((?:src|node_modules)\/.*)$/gm)].map(
    ([, path]) => path!,
  );
}

/** "@peculiar" of "node_modules/@peculiar/x509/…". */
function packageOf(path: string): string | undefined {
  return /^node_modules\/([^/]+)\//.exec(path)?.[1];
}
