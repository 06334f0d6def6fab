// TXT records by a program of the owner's, with the contract of lego's "exec" provider in its default mode
// (https://go-acme.github.io/lego/dns/exec/): PROGRAM present|cleanup FQDN. VALUE, and an exit code.
// One at a time, without a shell, with an end: whoever does not come back in time is killed with all that it started.
// What it does, and whether the record can be seen anywhere, is not looked at.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock, Timer } from '../../clock/clock.ts';
import { printable } from '../../config/value-error.ts';
import type { Log } from '../../observe/log.ts';
import { ChallengeProblem } from '../challenge.ts';
import { Turns } from '../turns.ts';
import type { TxtProvider, TxtRecord } from './txt-provider.ts';

/** An update at a slow registrar's API takes half a minute. */
const RUN_WITHIN_MS = 120_000;
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

type Action = 'present' | 'cleanup';

export interface ExecParts {
  /** Absolute path. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class ExecProvider implements TxtProvider {
  readonly name: string;
  readonly #parts: ExecParts;
  /** Such programs rewrite files; two at the same time would undo each other's work. */
  readonly #turns = new Turns();

  constructor(parts: ExecParts) {
    this.#parts = parts;
    this.name = `the program ${parts.program}`;
  }

  add(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#run('present', record, signal));
  }

  remove(record: TxtRecord, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#run('cleanup', record, signal));
  }

  async #run(action: Action, { name, value }: TxtRecord, signal: AbortSignal): Promise<void> {
    const { program, clock, log } = this.#parts;
    const fqdn = `${name}.`;
    signal.throwIfAborted();
    const { problem, words } = await new Run(program, [action, fqdn, value], clock).outcome(signal);
    const said = words === '' ? '' : `: ${words}`;
    if (problem === null) {
      log.debug(`${program} ${action} ${fqdn} is done${said}`);
      return;
    }
    const verb = action === 'present' ? 'put up' : 'taken down';
    throw new ChallengeProblem(
      `the TXT record at ${name} cannot be ${verb}: ${this.name} ${problem}${said}; try it by hand: ${program} ${action} ${fqdn} ${value}`,
    );
  }
}

interface Outcome {
  /** Behind the name of the program; null: it has done its work. */
  readonly problem: string | null;
  /** The last line of its stderr, or where that is empty and it was successful, of its stdout. */
  readonly words: string;
}

class Run {
  readonly #program: string;
  readonly #clock: Clock;
  readonly #arguments: readonly string[];
  readonly #outcome = Promise.withResolvers<Outcome>();
  readonly #timers: Timer[] = [];
  readonly #out = new Tail();
  readonly #err = new Tail();
  #isOver = false;

  constructor(program: string, args: readonly string[], clock: Clock) {
    this.#program = program;
    this.#arguments = args;
    this.#clock = clock;
  }

  /** @throws the signal's reason */
  async outcome(signal: AbortSignal): Promise<Outcome> {
    const child = this.#start();
    if ('problem' in child) return child;
    const abandon = () => {
      killGroup(child);
      this.#outcome.reject(signal.reason);
    };
    signal.addEventListener('abort', abandon, { once: true });
    const isLate = () => {
      killGroup(child);
      this.#end(`did not end within ${RUN_WITHIN_MS / 1000} s and was killed`);
    };
    this.#timers.push(this.#clock.after(RUN_WITHIN_MS, isLate));
    try {
      return await this.#outcome.promise;
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', abandon);
      for (const timer of this.#timers) timer.cancel();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
  }

  #start(): ChildProcess | Outcome {
    try {
      // A group of its own, so that all of it can be killed.
      const child = spawn(this.#program, this.#arguments, {
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout?.on('data', (octets: Buffer) => this.#out.add(octets)).on('error', () => {});
      child.stderr?.on('data', (octets: Buffer) => this.#err.add(octets)).on('error', () => {});
      child.on('error', (error) => this.#end(notStarted(error)));
      child.on('exit', (code, killedBy) => {
        if (this.#isOver) return;
        const end = () => this.#end(problemOf(code, killedBy));
        child.on('close', end);
        this.#timers.push(this.#clock.after(LAST_WORDS_WITHIN_MS, end));
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
    return printable(line.trim().slice(0, SHOWN_CHARACTERS_MAX));
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
