// What a command of the command line is, and the few things that all of them share: exit codes, output, options.
// It knows no command; command-line.ts finds the one that was asked for.

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { suggest } from '../config/suggest.ts';

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
  /** It may be given several times. */
  readonly multiple?: boolean;
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
    const surplus = parsed.positionals[maxOperands];
    if (surplus === undefined) return parsed;
    const isFile = 'config' in options && /^[\w.~/-]*(\/|\.ya?ml$)[\w.~/-]*$/.test(surplus);
    throw new UsageError(`"${surplus}" is one word too many${isFile ? `; write --config ${surplus}` : ''}`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(optionProblem(args, options) ?? (error as Error).message);
  }
}

/** What is wrong with the first wrong option, in our words; null when it is none of the usual. */
function optionProblem(
  args: readonly string[],
  options: Readonly<Record<string, OptionForm>>,
): string | null {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const form = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (form === undefined) return unknownOption(args[token.index]!, Object.keys(options));
    const isTaken = token.inlineValue !== true && /^-./.test(token.value ?? '');
    if (form.type === 'string' && (token.value === undefined || isTaken))
      return `${token.rawName} needs a value behind it`;
    if (form.type === 'boolean' && token.value !== undefined) return `${token.rawName} takes no value`;
  }
  return null;
}

/** `written` may be "--confg=x", or "-config" with a hyphen too few. */
function unknownOption(written: string, names: readonly string[]): string {
  const [option = ''] = written.split('=', 1);
  const near = suggest(option.replace(/^-+/, ''), names);
  return `unknown option ${option}${near === undefined ? '' : `; did you mean --${near}?`}`;
}
