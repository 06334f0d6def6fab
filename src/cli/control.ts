// Asking the running server, over the control socket in its state directory: what all commands share that do. They
// connect to that one file and to nothing else, and a mistake in the configuration does not keep them from it: that is
// when they are needed.

import { controlSocketPath } from '../admin/control-socket-path.ts';
import { type ConfigProblems, formatProblem } from '../config/problems.ts';
import type { Status } from '../status/status.ts';
import { visible } from '../status/words.ts';
import { exchangeWithAdmin } from './admin-exchange.ts';
import { complain, EXIT, print, readArgs } from './command.ts';
import { statePlaceOrComplain } from './read-config.ts';

/** No running server gave an answer; the message says why and what to do. Exit code 69. */
export class NoServer extends Error {
  readonly code = 'no-server';
  /** No server runs there; otherwise one does, or may. */
  readonly isAbsent: boolean;

  constructor(message: string, isAbsent: boolean) {
    super(message);
    this.isAbsent = isAbsent;
  }
}

/** The options of every command that asks. */
export const CONTROL_OPTIONS = { config: { type: 'string' }, json: { type: 'boolean' } } as const;

/**
 * One request to the running server; resolves with the body of its answer. `silenceMs`: where it may take its time.
 * @throws NoServer
 */
export async function askServer(
  stateDir: string,
  method: 'GET' | 'POST',
  path: string,
  silenceMs?: number,
): Promise<string> {
  const socketPath = controlSocketPath(stateDir);
  const exchange = exchangeWithAdmin({ path: socketPath }, method, path, silenceMs);
  const { status, body } = await exchange.catch((error) => {
    throw noServer(error as NodeJS.ErrnoException, socketPath);
  });
  if (status === 200) return body;
  throw new NoServer(`the server at ${socketPath} answered ${status}: ${visible(body.trim())}`, false);
}

/** What an exchange that failed says of the server. */
function noServer({ code = '', message }: NodeJS.ErrnoException, socketPath: string): NoServer {
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR')
    return new NoServer(
      `no server answers at ${socketPath}: start one, or name its configuration with --config and be in its working directory; one that runs and could not make its socket there says why in its log`,
      true,
    );
  if (code === 'EACCES' || code === 'EPERM')
    return new NoServer(
      `${socketPath} may only be opened by the user that the server runs as; be that user, or root`,
      false,
    );
  return new NoServer(`the server at ${socketPath} gave no answer (${visible(message)}); see its log`, false);
}

/** The state of the running server. @throws NoServer */
export async function askStatus(stateDir: string): Promise<Status> {
  return JSON.parse(await askServer(stateDir, 'GET', '/api/status')) as Status;
}

/** A whole command that does nothing but report: asks, and prints the lines for people or the JSON for machines. */
export async function report(
  args: readonly string[],
  form: { readonly lines: (status: Status) => readonly string[]; readonly json: (status: Status) => unknown },
): Promise<number> {
  const { values } = readArgs(args, CONTROL_OPTIONS);
  return askServerOf(values.config, async (stateDir) => {
    const status = await askStatus(stateDir);
    if (values.json) print(JSON.stringify(form.json(status), null, 2));
    else printLines(form.lines(status));
    return EXIT.OK;
  });
}

/**
 * Runs `ask` with the state directory of the server that `file` configures; resolves with the exit code. Mistakes in the
 * file are one line while that server answers; where none does, they are what keeps the next one from starting.
 */
export async function askServerOf(
  file: string | undefined,
  ask: (stateDir: string, isFileGood: boolean) => Promise<number>,
): Promise<number> {
  const place = statePlaceOrComplain(file);
  if (place === null) return EXIT.CONFIG;
  const { stateDir, mistakes } = place;
  try {
    const code = await ask(stateDir, mistakes === null);
    if (mistakes !== null) complain(mistakesSentence(mistakes));
    return code;
  } catch (error) {
    if (!(error instanceof NoServer)) throw error;
    if (mistakes !== null) complain(mistakes.message);
    complain(error.message);
    return mistakes !== null && error.isAbsent ? EXIT.CONFIG : EXIT.UNAVAILABLE;
  }
}

function mistakesSentence({ file, problems }: ConfigProblems): string {
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return `warning: ${formatProblem(file, problems[0]!)}${more}; the server that runs was asked all the same`;
}

/** What came from the network stays text on a terminal (reliability row 21). */
export function printLines(lines: readonly string[]): void {
  print(lines.map(visible).join('\n'));
}
