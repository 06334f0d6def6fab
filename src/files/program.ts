// A program of the owner's, run once: without a shell, in a process group of its own, with an end. Whoever does not come
// back in time is killed with all that it started, and of what it says little is kept. What it is called with, what its
// exit means and who is told is the caller's.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Timer } from '../clock/clock.ts';

/** What it has written is here at once, unless something that it started holds on to its output. */
const LAST_WORDS_WITHIN_MS = 1_000;
/** Kept of either output, from its end. */
const OUTPUT_OCTETS_MAX = 4_096;
const SHOWN_CHARACTERS_MAX = 200;

/** What the codes of a program that cannot be started mean. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program, or no such interpreter as its first line names',
  EACCES: 'it may not be run by this user; make it executable with chmod +x',
  ENOEXEC: 'it is no program for this machine',
};

export interface ProgramCall {
  /** Absolute path. */
  readonly program: string;
  readonly arguments?: readonly string[];
  /** All that it finds in its environment; default: what we have in ours. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What it reads from its standard input; default: nothing. */
  readonly input?: string;
  readonly withinMs: number;
  readonly clock: Clock;
}

export interface ProgramOutcome {
  /** Behind the name of the program; null: it has done its work. */
  readonly problem: string | null;
  /** The last line of its stderr, or where that is empty and it was successful, of its stdout; as it came. */
  readonly words: string;
}

/** @throws the signal's reason */
export async function runProgram(call: ProgramCall, signal: AbortSignal): Promise<ProgramOutcome> {
  signal.throwIfAborted();
  return new Run(call).outcome(signal);
}

class Run {
  readonly #call: ProgramCall;
  readonly #outcome = Promise.withResolvers<ProgramOutcome>();
  readonly #timers: Timer[] = [];
  readonly #out = new Tail();
  readonly #err = new Tail();
  #isOver = false;

  constructor(call: ProgramCall) {
    this.#call = call;
  }

  async outcome(signal: AbortSignal): Promise<ProgramOutcome> {
    const { clock, withinMs } = this.#call;
    const child = this.#start();
    if ('problem' in child) return child;
    const abandon = () => {
      killGroup(child);
      this.#outcome.reject(signal.reason);
    };
    signal.addEventListener('abort', abandon, { once: true });
    const isLate = () => {
      killGroup(child);
      this.#end(`did not end within ${withinMs / 1000} s and was killed`);
    };
    this.#timers.push(clock.after(withinMs, isLate));
    try {
      return await this.#outcome.promise;
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', abandon);
      for (const timer of this.#timers) timer.cancel();
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
  }

  #start(): ChildProcess | ProgramOutcome {
    const { program, arguments: args = [], environment, input } = this.#call;
    try {
      // A group of its own, so that all of it can be killed.
      const child = spawn(program, args, {
        detached: true,
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
        ...(environment === undefined ? {} : { env: environment }),
      });
      child.stdin?.on('error', () => {}).end(input); // who does not read it is none the worse
      child.stdout?.on('data', (octets: Buffer) => this.#out.add(octets)).on('error', () => {});
      child.stderr?.on('data', (octets: Buffer) => this.#err.add(octets)).on('error', () => {});
      child.on('error', (error) => this.#end(notStarted(error)));
      child.on('exit', (code, killedBy) => {
        if (this.#isOver) return;
        const end = () => this.#end(problemOf(code, killedBy));
        child.on('close', end);
        this.#timers.push(this.#call.clock.after(LAST_WORDS_WITHIN_MS, end));
      });
      return child;
    } catch (error) {
      return { problem: notStarted(error), words: '' };
    }
  }

  #end(problem: string | null): void {
    const words = this.#err.lastLine || (problem === null ? this.#out.lastLine : '');
    this.#outcome.resolve({ problem, words });
  }
}

/** The end of an output, as far as it is kept. */
class Tail {
  #octets: Buffer = Buffer.alloc(0);

  add(octets: Buffer): void {
    this.#octets = Buffer.concat([this.#octets, octets.subarray(-OUTPUT_OCTETS_MAX)]).subarray(
      -OUTPUT_OCTETS_MAX,
    );
  }

  /** Of those that are not empty. */
  get lastLine(): string {
    const line = this.#octets
      .toString('utf8')
      .trimEnd()
      .split(/\r\n|[\r\n]/)
      .at(-1)!;
    return line.trim().slice(0, SHOWN_CHARACTERS_MAX);
  }
}

function problemOf(code: number | null, killedBy: NodeJS.Signals | null): string | null {
  if (killedBy !== null) return `was ended by ${killedBy}`;
  return code === 0 ? null : `failed with the exit code ${code}`;
}

function notStarted(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return `cannot be started: ${WORDS[code] ?? message}`;
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  try {
    const hasEnded = exitCode !== null || signalCode !== null; // its number may belong to somebody else now
    if (pid !== undefined && !hasEnded) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}
