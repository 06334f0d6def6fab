// A command in a network of its own that has loopback and nothing else, as a person would start it in a shell:
// "no network" is meant, and fixed ports are free. Other commands can be run beside it, inside the same network.
// Needs root.

import { type Outcome, type Running, run, SYSTEM_PATH, start } from './running.ts';

export interface FreshNetwork extends AsyncDisposable {
  readonly server: Running;
  /** Runs a command in the same network and directory. */
  inside(...command: string[]): Promise<Outcome>;
}

/** Starts a shell line in `directory`. */
export function freshNetwork(line: string, directory: string): FreshNetwork {
  const inShell = `ip link set lo up && exec ${line}`;
  const options = { cwd: directory, env: shellEnvironment(), ownGroup: true };
  const server = start('unshare', ['-n', 'sh', '-c', inShell], options);
  return {
    server,
    inside: (...command) => run('nsenter', ['-n', '-t', String(server.pid), ...command], { cwd: directory }),
    [Symbol.asyncDispose]: async () => void (await server.stop()),
  };
}

/** A person's shell: without what npm put in front of the PATH for this test run, or told its own children. */
export function shellEnvironment(): NodeJS.ProcessEnv {
  const path = SYSTEM_PATH.split(':').filter((directory) => !directory.includes('node_modules'));
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_|VITEST)/.test(name));
  return { ...Object.fromEntries(kept), PATH: path.join(':') };
}
