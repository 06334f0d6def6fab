// What a command of the command line is, and the few things that all of them share: exit codes, output, options.
// It knows no command; main.ts finds the one that was asked for.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** sysexits(3), as far as they are used here. */
export const EXIT = { OK: 0, FAILED: 1, USAGE: 64, UNAVAILABLE: 69, NO_ADDRESS: 75, CONFIG: 78 } as const;

/** The configuration that is meant when none is named. */
export const QUICKSTART = fileURLToPath(new URL('../../config/quickstart.yaml', import.meta.url));

export interface Command {
  /** The whole page for --help. */
  readonly help: string;
  /** Resolves with the exit code. */
  run(args: readonly string[]): Promise<number>;
}

/** The command line does not make sense; the message says what does. Exit code 64. */
export class UsageError extends Error {
  readonly code = 'usage';
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

interface OptionForm {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
}

/**
 * Options and operands of one command. --help is answered before this is called.
 * @throws UsageError
 */
export function readArgs<Options extends Readonly<Record<string, OptionForm>>>(
  args: readonly string[],
  options: Options,
  maxOperands = 0,
) {
  try {
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
    if (parsed.positionals.length > maxOperands) {
      throw new Error(`"${parsed.positionals[maxOperands]}" is one word too many`);
    }
    return parsed;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
