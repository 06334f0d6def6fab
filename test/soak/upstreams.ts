// The soak's two upstreams, each a process that can be told to misbehave, or be killed and started again at its port.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { atExit } from '../support/at-exit.ts';
import type { Fault } from '../support/peers/hostile-upstream.ts';
import type { IssuedCertificate } from '../support/pki.ts';

/** Those of the hostile upstream whose answers, where it gives any, are not its own. */
export type SoakBehaviour =
  | 'answers'
  | 'sends strays first'
  | 'adds records of others'
  | 'says SERVFAIL'
  | Exclude<Fault, 'closes after each answer'>;

export const FAULTS = [
  'sends strays first',
  'never answers',
  'adds records of others',
  'resets',
  'says SERVFAIL',
  'closes without an answer',
  'sends half a message and stalls',
  'sends garbage',
  'stalls the handshake',
  'sends a length and nothing else',
  'sends half a message and closes',
  'refuses the handshake',
] as const satisfies readonly SoakBehaviour[];

export interface SoakUpstream extends AsyncDisposable {
  readonly port: number;
  behave(behaviour: SoakBehaviour): void;
  /** Kills it, and resolves once its successor listens. */
  restart(): Promise<void>;
}

const children = new Set<ChildProcess>();
atExit(() => {
  for (const child of children) child.kill('SIGKILL');
});

export async function startSoakUpstream(
  { certificateFile, keyFile }: IssuedCertificate,
  port: number,
): Promise<SoakUpstream> {
  const start = () => forkBeside('upstream-process.ts', [certificateFile, keyFile, String(port)]);
  let child = await start();
  return {
    port,
    behave: (behaviour) => void (child.connected && child.send(behaviour)),
    async restart() {
      await end(child);
      child = await start();
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}

/** A process of this folder; resolves with its first message. */
export async function forkBeside(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, file), args, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const gone = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended before it was ready`)));
  await Promise.race([once(child, 'message'), gone]);
  gone.catch(() => {}); // it ends later, as it should
  return child;
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
