// Child processes of the end-to-end tests: real servers that run beside us, and real clients that run once.
// Whatever is started here is ended by its own pid, at the latest when the test process goes.

import { type ChildProcess, spawn } from 'node:child_process';
import { atExit } from './at-exit.ts';

const STOP_GRACE_MS = 8_000;
const RUN_TIMEOUT_MS = 30_000;
const LINE_TIMEOUT_MS = 20_000;
/** Enough for any log of a test, and an end to a child that never stops talking. */
const MAX_LINES = 200_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Running {
  readonly pid: number;
  /** Every line of stdout and stderr so far, in order of arrival. */
  readonly lines: readonly string[];
  readonly ended: Promise<Ended>;
  readonly hasEnded: boolean;
  /** Resolves with the first line, old or new, that fits; rejects with the output when none comes. */
  waitForLine(pattern: RegExp | ((line: string) => boolean), timeoutMs?: number): Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL where that is not obeyed. */
  stop(): Promise<Ended>;
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** In a process group of its own, which then gets the signals, as Ctrl+C at a terminal does. */
  readonly ownGroup?: boolean;
}

/** Daemons live in sbin, which an ordinary user's PATH leaves out. */
export const SYSTEM_PATH = `${process.env.PATH}:/usr/sbin:/sbin`;

const alive = new Map<ChildProcess, boolean>();
atExit(() => {
  for (const [child, isGroup] of alive) send(child, 'SIGKILL', isGroup);
});

export function start(command: string, args: readonly string[], options: StartOptions = {}): Running {
  const child = spawn(command, args, {
    ...withPath(options),
    detached: options.ownGroup === true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const signal = (name: NodeJS.Signals) => send(child, name, options.ownGroup === true);
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  alive.set(child, options.ownGroup === true);
  for (const stream of [child.stdout, child.stderr]) {
    eachLine(stream, (line) => {
      if (lines.length < MAX_LINES) lines.push(line);
      for (const watcher of watchers) watcher();
    });
  }
  let hasEnded = false;
  const ended = new Promise<Ended>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      hasEnded = true;
      alive.delete(child);
      for (const watcher of watchers) watcher();
      resolve({ code, signal });
    };
    child.once('error', (error) => {
      lines.push(`${command}: ${error.message}`);
      end(null, null);
    });
    child.once('close', end);
  });
  return {
    pid: child.pid ?? 0,
    lines,
    ended,
    get hasEnded() {
      return hasEnded;
    },
    waitForLine(pattern, timeoutMs = LINE_TIMEOUT_MS) {
      const fits = typeof pattern === 'function' ? pattern : (line: string) => pattern.test(line);
      let next = 0;
      return new Promise((resolve, reject) => {
        const finish = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const fail = (why: string) => {
          finish();
          reject(
            new Error(`${command}: ${why} before a line like ${pattern}\n${lines.slice(-40).join('\n')}`),
          );
        };
        const look = () => {
          for (; next < lines.length; next++) {
            if (!fits(lines[next]!)) continue;
            finish();
            resolve(lines[next]!);
            return;
          }
          if (hasEnded) fail('it ended');
        };
        const timer = setTimeout(() => fail(`${timeoutMs} ms went by`), timeoutMs);
        watchers.add(look);
        look();
      });
    },
    signal,
    async stop() {
      signal('SIGTERM');
      const timer = setTimeout(() => signal('SIGKILL'), STOP_GRACE_MS);
      const result = await ended;
      clearTimeout(timer);
      return result;
    },
  };
}

export interface Outcome extends Ended {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end; never rejects, so that a test sees the code and both outputs. */
export function run(
  command: string,
  args: readonly string[],
  options: StartOptions & { readonly timeoutMs?: number; readonly input?: string } = {},
): Promise<Outcome> {
  const { timeoutMs = RUN_TIMEOUT_MS, input, ...rest } = options;
  const child = spawn(command, args, {
    ...withPath(rest),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => {}); // it has ended without reading
  child.stdin?.end(input);
  alive.set(child, false);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += chunk));
  child.stderr?.on('data', (chunk) => (stderr += chunk));
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      clearTimeout(timer);
      alive.delete(child);
      resolve({ code, signal, stdout, stderr });
    };
    child.once('error', (error) => {
      stderr += error.message;
      end(null, null);
    });
    child.once('close', end);
  });
}

/** Does nothing to a process that has ended. */
function send(child: ChildProcess, signal: NodeJS.Signals, toGroup: boolean): void {
  if (!toGroup || child.pid === undefined || child.exitCode !== null) {
    child.kill(signal);
    return;
  }
  try {
    process.kill(-child.pid, signal);
  } catch {
    child.kill(signal);
  }
}

function withPath(options: StartOptions): StartOptions {
  return { ...options, env: { ...(options.env ?? process.env), PATH: options.env?.PATH ?? SYSTEM_PATH } };
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop()!;
    for (const part of parts) take(part);
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}
