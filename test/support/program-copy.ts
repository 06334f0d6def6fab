// A copy of the program, as another place to run it from: without a bundle until one is written there, and free to be edited.
// Its packages are those of the repository.

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { NODE, REPOSITORY } from './noonmark.ts';
import { run } from './running.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const RECORDER = join(REPOSITORY, 'test/support/loaded-modules.mjs');
const PROGRAM = ['src', 'config', 'package.json', 'package-lock.json'];

export interface ProgramCopy {
  readonly root: string;
  readonly mainFile: string;
  /** Keeps compiled code with the copy. */
  readonly env: NodeJS.ProcessEnv;
  /** What has it write down which modules it loads. */
  recording(record: string): NodeJS.ProcessEnv;
  /** Those, in their order: "src/app/app.ts", "node_modules/…", "NativeModule fs". */
  loaded(record: string): string[];
  /** Writes the bundle there; resolves to what that said. */
  bundle(): Promise<string>;
}

/** @param without packages that are not installed there */
export function copyProgram({ without = [] as readonly string[] } = {}): ProgramCopy {
  const root = temporaryDirectory('program');
  for (const path of PROGRAM)
    cpSync(join(REPOSITORY, path), join(root, path), { recursive: true, verbatimSymlinks: true });
  const packages = join(REPOSITORY, 'node_modules');
  mkdirSync(join(root, 'node_modules'));
  for (const name of readdirSync(packages))
    if (!without.includes(name)) symlinkSync(join(packages, name), join(root, 'node_modules', name));
  const env = { NODE_COMPILE_CACHE: join(root, 'compile-cache') };
  return {
    ...{ root, env, mainFile: join(root, 'src/main.ts') },
    recording: (record) => ({ LOADED_MODULES: record, NODE_OPTIONS: `--import=${RECORDER}` }),
    loaded: (record) =>
      readFileSync(record, 'utf8')
        .split('\n')
        .map((line) => line.replace(`file://${root}/`, '').replace(`file://${REPOSITORY}/`, '')),
    async bundle() {
      const { code, stdout, stderr } = await run(NODE, [join(root, 'src/bundle/write-bundle.js')]);
      if (code !== 0) throw new Error(`it ended with ${code}: ${stdout}${stderr}`);
      return stdout + stderr;
    },
  };
}
